/* The model while it is being made: what the files of topo/ hand to each other. Only load.c owns
 * one; everything it points to is the arena's, but for the three name indexes. */
#ifndef TOPO_SCENARIO_H
#define TOPO_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "topo/calico/calico.h"
#include "topo/frr/frr.h"
#include "topo/list.h"
#include "topo/machine.h"
#include "topo/model.h"
#include "topo/names.h"
#include "topo/yaml.h"

/* What a node's entry says beyond model_node. */
struct node_draft {
	const struct yaml_node *spec;      /* the mapping; may be null */
	uint32_t pods_wanted;              /* `pods: N` */
	struct source_pos pods_pos;
	struct model_pod *pods;            /* `pods: [..]`, then whatever was assigned */
	uint32_t pod_count;
	struct model_block *blocks;        /* `block:`, then what IPAM chose */
	uint32_t block_count;
};

/* The configuration at one moment of the timeline; the next moment changes a copy. */
struct state {
	struct calico_store store;
	struct machine *machines;          /* by node */
	const struct frr_config **frr;     /* by node; NULL for those that have none */
};

/* A step before its verb was read. */
struct step_draft {
	const char *name;
	int64_t at_ns;
	uint32_t order;                    /* as written */
	const struct yaml_node *map, *verb, *value;
};
struct step_drafts {
	struct step_draft *items;
	uint32_t count, capacity;
};
struct step_list {
	struct model_step *items;
	uint32_t count, capacity;
};
struct revision_list {
	struct model_revision *items;
	uint32_t count, capacity;
};
struct flow_list {
	struct model_flow *items;
	uint32_t count, capacity;
	struct hash_index index;
};
struct source_list {
	const struct source **items;
	uint32_t count, capacity;
};

struct scenario {
	struct diag_list *diags;
	struct arena *arena;               /* the diags' */
	struct model *model;
	const struct yaml_node *document;
	const char *folder;                /* of the .topo, without a slash at the end; "." */
	struct names node_names, link_names, step_names;
	struct model_node *nodes;
	struct node_draft *drafts;
	struct model_link *links;
	struct state state;
	const struct model_pool *pools;    /* those of the start: for hints, and source NAT */
	uint32_t pool_count;
	struct step_drafts step_drafts;    /* in order of time once they are all read */
	struct step_list steps;
	struct revision_list revisions;
	struct flow_list flows;
	struct source_list sources;
	int64_t end_ns;                    /* MODEL_NO_TIME until known */
};

/* Reads a file named in a scenario, relative to its folder. NULL after adding E001. */
const struct source *scenario_read(struct scenario *scenario, const char *name,
				   struct source_pos pos);
const char *scenario_path(struct scenario *scenario, const char *name);
/* The number of a node; MODEL_NONE after adding E405 with the nearest name. */
uint32_t scenario_node(struct scenario *scenario, const struct yaml_node *name);
/* "start", "end", a duration, a step's name, or NAME + duration, NAME - duration. */
bool scenario_time(struct scenario *scenario, const char *text, size_t length,
		   struct source_pos pos, int64_t *out);
/* A prefix without host bits, or an address; E031, E418. */
bool scenario_prefix(struct scenario *scenario, const struct yaml_node *node, const char *what,
		     bool bare_ok, struct ip_prefix *out);
bool scenario_address(struct scenario *scenario, const struct yaml_node *node, const char *what,
		      struct ip_addr *out);
/* One of many as a list: a list's items, or the node alone. */
uint32_t scenario_items(const struct yaml_node *node, const struct yaml_node *const **items,
			const struct yaml_node **one);
/* "a, b and c" for messages. */
const char *scenario_nodes_text(struct scenario *scenario, const uint32_t *nodes, uint32_t count);

/* topology.c: nodes and links, and the sessions' machines as the .topo sets them up. */
void topology_read(struct scenario *scenario, const struct yaml_node *topology);
void topology_configure(struct scenario *scenario); /* config:, exec:, sysctls:; after resources */

/* links.c */
void links_read(struct scenario *scenario, const struct yaml_node *links);
/* delay, jitter, loss, rate, limit of a mapping over *out; the keys themselves are known to it. */
void links_impairment(struct scenario *scenario, const struct yaml_node *map,
		      struct model_impairment *out);
/* "rack1" or "k8s-1:eth0": a link, and an end of it or MODEL_NONE. False after adding E406. */
bool links_find(struct scenario *scenario, const struct yaml_node *name, uint32_t *link,
		uint32_t *end);

/* revision.c: the state as a configuration of every node. `touched`: nodes whose own files or
 * commands changed (NULL: none); `resources`: the store changed. Returns its number. */
uint32_t revision_add(struct scenario *scenario, const bool *touched, bool resources);
bool config_equal(const struct model_config *a, const struct model_config *b);

/* timeline.c, steps.c */
void timeline_read(struct scenario *scenario, const struct yaml_node *timeline);
void timeline_play(struct scenario *scenario); /* verbs, in order of time; makes the revisions */
/* Keys beside the verb that any step may have. */
bool step_configure(struct scenario *scenario, const struct step_draft *draft,
		    struct model_step *step); /* apply, delete, calicoctl, kubectl, vtysh, exec */

/* expect.c, scenario_routes.c, flows.c */
void expect_read(struct scenario *scenario, const struct yaml_node *expect);
bool scenario_routes(struct scenario *scenario, const struct yaml_node *map,
		   struct model_expect *expect);
bool scenario_pasted(struct scenario *scenario, const struct yaml_node *text,
		   struct model_expect *expect);
bool flows_read(struct scenario *scenario, const struct yaml_node *spec,
		struct model_expect *expect);

/* sources.c: adds the files that commands read to the list of sources. */
void sources_collect(struct scenario *scenario);

/* lint.c: what holds together but looks wrong. Needs the finished model. */
void lint_model(struct diag_list *diags, const struct model *model);

#endif
