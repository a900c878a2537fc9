/* Resources as they are kept in a store: the document, and what was read from it. Inner header of
 * topo/calico; everything is the diag_list's arena's. */
#ifndef TOPO_CALICO_RESOURCE_H
#define TOPO_CALICO_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "topo/calico/calico.h"
#include "topo/calico/selector.h"

#define CALICO_VERSION "projectcalico.org/v3"
#define CALICO_CRD_VERSION "crd.projectcalico.org/v1"

enum calico_kind {
	CALICO_NODE, CALICO_K8S_NODE, CALICO_BGP_CONFIGURATION, CALICO_BGP_PEER, CALICO_IP_POOL,
	CALICO_BLOCK_AFFINITY, CALICO_IPAM_BLOCK, CALICO_CONFIG_MAP, CALICO_SECRET,
	CALICO_OTHER, /* known, and without effect here */
};

struct calico_secret_ref {
	const char *name, *key; /* NULL: none */
	struct source_pos pos;
};

struct calico_node_spec {
	struct ip_prefix v4, v6;  /* no family: none */
	uint32_t as;              /* 0: the global one */
	const char *cluster_id;   /* as written; NULL: no reflector */
	struct source_pos v4_pos, v6_pos, as_pos, cluster_pos;
};

struct calico_advertisement {
	struct ip_prefix prefix;
	const uint32_t *communities;
	uint32_t community_count;
	struct source_pos pos;
};

struct calico_bgp_configuration {
	bool mesh_set, mesh;
	uint32_t as;          /* 0: not set */
	uint16_t listen_port; /* 0: not set */
	struct calico_secret_ref mesh_password;
	uint16_t mesh_restart_s;
	struct calico_advertisement *advertisements;
	uint32_t advertisement_count;
	struct model_network *services; /* cluster, external and load balancer ranges */
	uint32_t service_count;
	struct source_pos mesh_pos, as_pos;
};

struct calico_bgp_peer {
	const char *node;                     /* NULL: not set */
	bool has_node_selector, has_peer_selector;
	struct selector node_selector, peer_selector;
	struct ip_addr addr;                  /* none: no peerIP */
	uint16_t port;
	uint32_t as;
	bool has_as, keep_next_hop, source_none;
	struct calico_secret_ref password;
	uint16_t restart_s;
	uint8_t allow_as_in;
	struct source_pos selector_pos, peer_selector_pos, as_pos, keep_pos, password_pos, addr_pos,
		node_pos;
};

struct calico_pool {
	struct ip_prefix cidr;
	uint8_t block_size;
	int ipip, vxlan;      /* MODEL_ENCAP_* */
	bool nat, disabled, export_disabled, has_selector;
	struct selector selector;
	struct source_pos nat_pos;
};

struct calico_block {
	struct ip_prefix prefix;
	const char *node;     /* NULL: nobody's */
	bool pending, deleted;
};

struct calico_pair {
	const char *key, *value;
	struct source_pos pos;
};

struct calico_resource {
	enum calico_kind kind;
	const char *kind_name, *namespace, *name; /* namespace: "" if it has none */
	const struct yaml_node *document;
	struct source_pos pos;                    /* of the name, or of the document */
	struct selector_label *labels;            /* by key */
	uint32_t label_count;
	struct calico_node_spec node;
	struct calico_bgp_configuration config;
	struct calico_bgp_peer peer;
	struct calico_pool pool;
	struct calico_block block;
	struct calico_pair *data;                 /* of a ConfigMap or Secret */
	uint32_t data_count;
};

/* ---- scalars ------------------------------------------------------------------------------- */

enum calico_scalar { CALICO_STRING, CALICO_BOOL, CALICO_INTEGER, CALICO_FLOAT, CALICO_NULL };
/* What yaml.v2 makes of a scalar (YAML 1.1: yes, on, 0x10, 1_000 ...). */
enum calico_scalar calico_scalar_of(const struct yaml_node *node, bool *truth, int64_t *integer);
/* Its text when a string is wanted: `yes` is "true", `1.10` is "1.1". */
const char *calico_scalar_text(struct arena *arena, const struct yaml_node *node);
bool calico_as_parse(const char *text, uint32_t *as);              /* "64512", "1.10" */
bool calico_go_duration(const char *text, int64_t *ns);            /* "1m30s" */
bool calico_peer_ip(const char *text, struct ip_addr *addr, uint16_t *port);
/* aa:nn to *value; aa:nn:mm is right too, and gives *large. */
bool calico_community(const char *text, uint32_t *value, bool *large);
bool calico_base64(struct arena *arena, const char *text, const char **out);
bool calico_dns_name(const char *name); /* DNS-1123 subdomain */

/* ---- documents ----------------------------------------------------------------------------- */

/* Checks a document's fields against the schema of its kind, type by type. */
void calico_schema_check(struct diag_list *diags, enum calico_kind kind, const char *kind_name,
			 const struct yaml_node *document);
/* Reads one resource; NULL after adding errors. */
struct calico_resource *calico_resource_read(struct diag_list *diags,
					     const struct yaml_node *document);
/* Kind, namespace and name only; false after adding errors. */
bool calico_resource_identify(struct diag_list *diags, const struct yaml_node *document,
			      struct calico_resource *out);
/* The kind a command line means: "node", "bgppeers", "BGPPeer", "ippool" ... */
bool calico_kind_of_word(const char *word, bool kubectl, enum calico_kind *kind);
const char *calico_kind_text(enum calico_kind kind); /* "BGPPeer" */

const struct calico_resource *calico_store_find(const struct calico_store *store,
						enum calico_kind kind, const char *namespace,
						const char *name);
void calico_store_put(struct diag_list *diags, struct calico_store *store,
		      const struct calico_resource *resource);
void calico_store_remove(struct diag_list *diags, struct calico_store *store,
			 const struct calico_resource *resource);
/* One resource, checked against those that are there, then put. False after adding errors. */
bool calico_store_apply(struct diag_list *diags, struct calico_store *store,
			const struct yaml_node *document);
/* The first resource of a kind, and one past the last. */
void calico_store_range(const struct calico_store *store, enum calico_kind kind, uint32_t *first,
			uint32_t *end);

/* ---- trees --------------------------------------------------------------------------------- */

/* RFC 7386: what `patch` says, laid over `target`; null removes. Neither is changed. */
const struct yaml_node *calico_tree_merge(struct arena *arena, const struct yaml_node *target,
					  const struct yaml_node *patch);
/* {a: {b: value}} for the path "a", "b"; value NULL stands for null. */
const struct yaml_node *calico_tree_path(struct arena *arena, const char *const *path, size_t count,
					 const char *value, struct source_pos pos);
/* Text of lines [.., ..) of `text` read as YAML, its nodes placed in the file itself. */
bool calico_tree_read(struct diag_list *diags, const struct yaml_text *text, const char *at,
		      size_t length, const char *value, const struct yaml_node *const **documents,
		      size_t *count);

#endif
