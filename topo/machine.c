#include "topo/machine.h"

#include "topo/list.h"

struct machine machine_copy(struct arena *arena, const struct machine *machine)
{
	struct machine copy = *machine;
	copy.addresses.capacity = copy.addresses.count;
	copy.addresses.items = arena_grow(arena, machine->addresses.items, copy.addresses.count,
					  copy.addresses.count, sizeof(*copy.addresses.items));
	copy.routes.capacity = copy.routes.count;
	copy.routes.items = arena_grow(arena, machine->routes.items, copy.routes.count,
				       copy.routes.count, sizeof(*copy.routes.items));
	copy.filters.capacity = copy.filters.count;
	copy.filters.items = arena_grow(arena, machine->filters.items, copy.filters.count,
					copy.filters.count, sizeof(*copy.filters.items));
	return copy;
}
