/* What calico-node on every node works from: the nodes and the table of peers, the same everywhere.
 * Inner header of topo/calico; lives for one calico_render. */
#ifndef TOPO_CALICO_CLUSTER_H
#define TOPO_CALICO_CLUSTER_H

#include "base/hash.h"
#include "topo/calico/resource.h"

#define CALICO_GLOBAL UINT32_MAX /* in the place of a node: every node */

struct calico_node {
	const char *name;
	struct selector_label *labels;
	uint32_t label_count;
	struct ip_prefix v4, v6;  /* no family: none */
	uint32_t as;              /* its own or the global one */
	bool own_as;
	const char *cluster_id;   /* NULL: no reflector */
	uint16_t own_port,
		port; /* of BGPConfiguration node.X; that, or the default's; 0: not set */
	const struct calico_resource *config; /* BGPConfiguration node.X, or NULL */
	uint32_t model;           /* index in the model; MODEL_NONE: only a resource */
	struct source_pos pos, as_pos, cluster_pos, v4_pos, v6_pos;
};

/* One entry of the v1 key store: /calico/bgp/v1/{global,host/NODE}/peer_v{4,6}/IP[-PORT]. */
struct calico_entry {
	uint32_t node;            /* whose session; CALICO_GLOBAL */
	struct ip_addr addr;
	uint16_t port;            /* 0: 179 */
	uint32_t as;
	const char *cluster_id;   /* of the peer, if it is known as a node; NULL: none */
	bool calico_node;         /* peerIP is some node's address */
	bool reverse;             /* made by the other side's BGPPeer */
	bool keep_next_hop;
	uint8_t allow_as_in;
	const char *password;     /* NULL: none */
	uint32_t peer_node;       /* index of the node it is, or CALICO_GLOBAL */
	const struct calico_resource *resource;
	const char *key;          /* "10.0.0.1-166": the order in BIRD's file */
	struct source_pos as_pos;
};

struct calico_cluster {
	struct diag_list *diags;
	struct arena *arena;
	const struct calico_store *store;
	struct calico_node *nodes; /* by name */
	uint32_t node_count;
	const struct calico_bgp_configuration *config; /* default; never NULL */
	const struct calico_resource *config_resource; /* or NULL */
	bool mesh;
	const char *mesh_password;
	const struct calico_resource *conflict[2]; /* two BGPPeers already reported */
	uint32_t as;
	struct calico_entry *entries;
	uint32_t entry_count, entry_capacity;
	struct hash_index index;      /* entries by key */
	uint32_t *of_node;            /* entries of node i: by_node[of_node[i] .. of_node[i + 1]) */
	uint32_t *by_node;            /* in file order */
	uint32_t *global;
	uint32_t global_count;
};

void calico_cluster_init(struct calico_cluster *cluster, struct diag_list *diags,
			 const struct calico_store *store, const struct model_node *nodes,
			 uint32_t node_count, struct model_config **out);
void calico_cluster_free(struct calico_cluster *cluster);
/* semantics: passes 1, 2 and 3 over the BGPPeers. */
void calico_cluster_peers(struct calico_cluster *cluster);
uint32_t calico_node_find(const struct calico_cluster *cluster, const char *name);
bool calico_node_selected(const struct calico_node *node, const struct selector *selector);

/* The secret's text, or NULL after saying why there is none. */
const char *calico_password(struct calico_cluster *cluster, const struct calico_secret_ref *ref);

/* A node's sessions, in the order of BIRD's files, v4 before v6. */
void calico_render_sessions(struct calico_cluster *cluster, uint32_t node,
			    struct model_config *out);
/* Blocks of all nodes. */
void calico_render_blocks(struct calico_cluster *cluster, struct model_config **out);
/* Export policy of one family, kernel filter, NAT, service ranges. */
const struct model_policy *calico_export(struct calico_cluster *cluster, uint32_t node,
					 enum ip_family family, const struct model_config *out);
void calico_render_kernel(struct calico_cluster *cluster, uint32_t node, struct model_config *out);
/* A node's service ranges and advertisements: BGPConfiguration node.X or the default's. */
const struct calico_bgp_configuration *calico_advertising(const struct calico_cluster *cluster,
							  uint32_t node);

#endif
