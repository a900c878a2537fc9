/* Lints: a model that holds together and still looks wrong. Warnings, with a code each. */
#ifndef TOPO_LINT_H
#define TOPO_LINT_H

#include "topo/matrix.h"
#include "topo/topo.h"

struct lint {
	struct diag_list *diags;
	const struct model *model;
	const struct model_revision *start;
	struct matrix matrix;          /* of the start */
	struct topo_session *sessions; /* of the start */
	uint32_t session_count;
};

/* lint_bgp.c: reflectors, next hops, policies. */
void lint_next_hop_self(struct lint *lint);
void lint_reflectors(struct lint *lint);
void lint_coverage(struct lint *lint);
void lint_policies(struct lint *lint);
/* lint_path.c: addresses, routes, forwarding, source NAT. */
void lint_addresses(struct lint *lint);
void lint_gateways(struct lint *lint);
void lint_forwarding(struct lint *lint);
void lint_flows(struct lint *lint);
void lint_source_nat(struct lint *lint);
void lint_underlay(struct lint *lint);
void lint_encapsulation(struct lint *lint);
void lint_blocks(struct lint *lint);
/* lint_time.c: what the timeline does to whom. */
void lint_power(struct lint *lint);
void lint_window(struct lint *lint);

#endif
