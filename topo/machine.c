#include "topo/machine.h"

struct machine machine_copy(const struct machine *machine)
{
	struct machine copy = *machine;
	copy.addresses.capacity = copy.addresses.count;
	copy.routes.capacity = copy.routes.count;
	copy.filters.capacity = copy.filters.count;
	return copy;
}
