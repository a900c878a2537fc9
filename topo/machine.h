/* What the operator's own commands made of one machine: addresses, routes, filters, sysctls. A
 * machine of one revision is frozen; the next revision changes a copy. Owned by the arena. */
#ifndef TOPO_MACHINE_H
#define TOPO_MACHINE_H

#include <stdbool.h>

#include "topo/model.h"

/* Of each kind, as many as anybody types; looking for duplicates is a walk. */
#define MACHINE_ITEMS_MAX 10000u

struct machine_addresses {
	struct model_address *items;
	uint32_t count, capacity;
};
struct machine_routes {
	struct model_route *items;
	uint32_t count, capacity;
};
struct machine_filters {
	struct model_filter *items;
	uint32_t count, capacity;
};

struct machine {
	struct machine_addresses addresses;
	struct machine_routes routes;
	struct machine_filters filters;
	bool ip_forward_set, ip_forward;
	struct source_pos ip_forward_pos;
	bool rp_filter_set;
	uint8_t rp_filter;
	/* Written to /etc/sysctl.conf, in force after `sysctl -p`. */
	bool conf_forward_set, conf_forward;
	bool conf_rp_filter_set;
	uint8_t conf_rp_filter;
	bool conf_pending;
	struct source_pos conf_pos;
};

/* A copy with lists of its own, which may be changed in place. */
struct machine machine_copy(struct arena *arena, const struct machine *machine);

#endif
