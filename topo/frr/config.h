/* What a configuration says, line by line resolved but not yet applied to a node. Owned by the
 * diag_list's arena; frozen once frr_parse or frr_apply_lines returned it. */
#ifndef TOPO_FRR_CONFIG_H
#define TOPO_FRR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/addr.h"
#include "base/diag.h"
#include "base/memory.h"
#include "topo/model.h"

/* Appends to an array that lives in an arena; outgrown arrays stay there until it goes. */
#define FRR_PUSH(arena, items, count, capacity, item)                                              \
	do {                                                                                       \
		if ((count) == (capacity)) {                                                       \
			uint32_t capacity_ = (capacity) ? 2 * (capacity) : 4;                      \
			void *items_ = arena_alloc((arena), capacity_ * sizeof(*(items)));         \
			if (count)                                                                 \
				memcpy(items_, (items), (count) * sizeof(*(items)));               \
			(items) = items_;                                                          \
			(capacity) = capacity_;                                                    \
		}                                                                                  \
		(items)[(count)++] = (item);                                                       \
	} while (0)

enum frr_family { FRR_IPV4, FRR_IPV6, FRR_FAMILIES };

/* What can be set on a neighbor or a peer-group. The first are the session's, the others belong to
 * an address family; `router bgp` itself stands for IPv4 unicast. */
enum frr_setting_id {
	FRR_REMOTE_AS, FRR_LOCAL_AS, FRR_PASSWORD, FRR_TIMERS, FRR_CONNECT, FRR_SHUTDOWN,
	FRR_PASSIVE, FRR_MULTIHOP, FRR_TTL_SECURITY, FRR_NO_CONNECTED_CHECK, FRR_UPDATE_SOURCE,
	FRR_PORT, FRR_GRACEFUL_RESTART,
	FRR_FIRST_OF_FAMILY,
	FRR_ACTIVATE = FRR_FIRST_OF_FAMILY, FRR_NEXT_HOP_SELF, FRR_NEXT_HOP_KEEP, FRR_RR_CLIENT,
	FRR_ADD_PATH, FRR_ALLOW_AS_IN, FRR_MAXIMUM_PREFIX, FRR_ROUTE_MAP_IN, FRR_ROUTE_MAP_OUT,
	FRR_PREFIX_LIST_IN, FRR_PREFIX_LIST_OUT,
	FRR_SETTINGS,
};

#define FRR_AS_INTERNAL (INT64_C(1) << 40) /* `remote-as internal` */

struct frr_setting {
	bool set, off;     /* off: `no ...`, which hides what a group says */
	int64_t number, second;
	const char *text;
	struct ip_addr addr;
	struct source_pos pos;
};

struct frr_peer {
	const char *name;
	struct ip_addr addr; /* none: a peer-group */
	bool is_group;
	const char *group;   /* the peer-group it belongs to, or NULL */
	struct frr_setting session[FRR_FIRST_OF_FAMILY];
	struct frr_setting family[FRR_FAMILIES][FRR_SETTINGS - FRR_FIRST_OF_FAMILY];
	struct source_pos pos;
};

struct frr_bgp {
	bool present;
	uint32_t as;
	struct source_pos pos;
	uint32_t router_id, cluster_id;
	bool requires_policy, default_ipv4, default_ipv6;
	bool graceful_restart;
	uint16_t restart_time_s;
	int32_t keepalive_s, hold_s; /* -1: the daemon's own */
	struct source_pos timers_pos;
	uint8_t paths, paths_ibgp;   /* 0: the daemon's own */
	bool redistribute_connected, redistribute_static, redistribute_kernel;
	struct frr_peer *peers;
	uint32_t *peer_tags;  /* hashes of their names: a search looks at these first */
	uint32_t peer_count, peer_capacity;
	struct model_network *networks;
	uint32_t network_count, network_capacity;
};

struct frr_address {
	struct ip_prefix address;
	struct source_pos pos;
};

struct frr_interface {
	const char *name;
	struct frr_address *addresses;
	uint32_t count, capacity;
	bool shutdown;
	struct source_pos pos;
};

struct frr_route {
	struct ip_prefix prefix;
	struct ip_addr via;
	const char *interface; /* or NULL */
	bool blackhole;
	struct source_pos pos;
};

/* One line of a prefix list. */
struct frr_prefix_rule {
	const char *list;
	enum frr_family family;
	uint32_t sequence;
	bool permit;
	struct ip_prefix prefix;
	uint8_t least, most; /* ge, le; 0: not written */
	struct source_pos pos;
};

/* One entry of a route map. */
struct frr_map_entry {
	const char *map;
	uint32_t sequence;
	bool permit;
	const char *match[FRR_FAMILIES]; /* prefix-list, or NULL */
	bool set_local_pref;
	uint32_t local_pref;
	const uint32_t *communities;
	uint32_t community_count;
	struct source_pos pos;
};

struct frr_config {
	enum model_kind kind;
	bool datacenter;
	enum { FRR_FORWARD_UNSAID, FRR_FORWARD_ON, FRR_FORWARD_OFF } forwarding;
	struct source_pos forwarding_pos;
	struct frr_bgp bgp;
	struct frr_interface *interfaces;
	uint32_t interface_count, interface_capacity;
	struct frr_route *routes;
	uint32_t route_count, route_capacity;
	struct frr_prefix_rule *prefix_rules; /* by list, sequence */
	uint32_t prefix_rule_count, prefix_rule_capacity;
	struct frr_map_entry *map_entries;    /* by map, sequence */
	uint32_t map_entry_count, map_entry_capacity;
};

void frr_config_init(struct frr_config *config, enum model_kind kind);
void frr_bgp_init(struct frr_bgp *bgp, const struct frr_config *config);
/* A copy that can be changed without the other seeing it. */
struct frr_config *frr_config_copy(struct arena *arena, const struct frr_config *config);

struct frr_peer *frr_peer_find(const struct frr_bgp *bgp, const char *name);
struct frr_peer *frr_peer_add(struct arena *arena, struct frr_bgp *bgp,
			      const struct frr_peer *peer);
void frr_peer_remove(struct frr_bgp *bgp, const struct frr_peer *peer);
struct frr_interface *frr_interface_get(struct arena *arena, struct frr_config *config,
					const char *name, struct source_pos pos);
/* What holds for a peer: its own setting, else its group's; NULL if none is set. */
const struct frr_setting *frr_peer_setting(const struct frr_bgp *bgp, const struct frr_peer *peer,
					   enum frr_family family, enum frr_setting_id id);
struct frr_setting *frr_setting_of(struct frr_peer *peer, enum frr_family family,
				   enum frr_setting_id id);

/* The policy that a neighbor's prefix-list and route-map of one direction make; NULL if it has
 * none. */
const struct model_policy *frr_policy(struct diag_list *diags, const struct frr_config *config,
				      const struct frr_peer *peer, bool out);

#endif
