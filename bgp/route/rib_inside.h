/* The RIB's insides: what its files share and nobody else sees.
 *
 * A route's way through it:
 *
 *   UPDATE ─ adj_in.c ─► path list of the prefix ─ select.c ─► FIB and BEST changes (change.c)
 *            (loops, policy)                       (decide)  └► the prefix is pending in every
 *                                                               group it matters to (group.c)
 *   rib_send_next ─ member.c ─► journal.c: pending prefixes, exported (export.c), compared with
 *                               what was announced last, packed for all members (pack.c)
 *
 * Nothing on the way from a message to "pending" looks at all peers or all prefixes. Attributes for
 * export are worked out, and messages encoded, only when some member has room for them. */
#ifndef BGP_ROUTE_RIB_INSIDE_H
#define BGP_ROUTE_RIB_INSIDE_H

#include "bgp/route/column.h"
#include "bgp/route/decision.h"
#include "bgp/route/paths.h"
#include "bgp/route/policy.h"
#include "bgp/route/rib.h"
#include "bgp/route/table_inside.h"

/* ---- next hops (next_hop.c) ----------------------------------------------------------------- */

#define NEXT_HOP_PAGE 64u
#define NEXT_HOP_ANSWERED 1u
#define NEXT_HOP_REACHABLE 2u
#define NEXT_HOP_CONNECTED 4u
struct next_hop_page {
	uint32_t metric[NEXT_HOP_PAGE];
	uint32_t uses[NEXT_HOP_PAGE]; /* paths; watched while not 0 */
	uint8_t flags[NEXT_HOP_PAGE];
	uint8_t local[NEXT_HOP_PAGE]; /* index into next_hops.locals; 0: not told */
};
struct next_hops {
	struct next_hop_page **pages; /* by next-hop id; owned */
	size_t page_count;
	struct ip_addr locals[16];    /* our addresses on subnets with next hops; item 0 is none */
	uint32_t local_count;
};

/* ---- update groups (group.c, journal.c) ----------------------------------------------------- */

/* One prefix in a message: what changed, seen from the group. */
struct item {
	uint32_t prefix_id, path_id;
	uint32_t old_next_hop;       /* of what had been announced for it */
	uint16_t source, old_source; /* peers the routes came from; PEER_NONE: no route */
};

/* An encoded UPDATE of the group's journal, or of a page of its table. */
struct message {
	uint32_t attrs;     /* 0: withdrawals; referenced */
	uint32_t count;
	uint32_t waiting;   /* members for whom it is the next one */
	uint8_t family;
	uint64_t sources;   /* 1 << source % 64, of all items, old and new */
	uint64_t next_hops; /* likewise, of old next hops and the attributes' */
	struct bgp_slice *slice;
	struct item items[];
};
struct messages {
	struct message **items; /* owned */
	size_t count, capacity;
};

/* Export of an attribute set from one source, for the length of one batch. */
struct export_memo {
	uint32_t attrs, result; /* 0: unused; referenced */
	uint16_t peer;
	uint8_t family;
	bool shared;
	uint64_t changing;
};
#define EXPORT_MEMOS 16u

struct group_key {
	bool external, client, multihop;
	enum bgp_role role; /* ours, to external peers */
	enum bgp_next_hop_mode next_hop;
	struct ip_addr local;
	uint32_t local_as;
	bool long_lived;     /* LLGR_STALE may go there */
	bool own_as_too;     /* behind it, in AS_PATH */
	uint32_t cluster_id; /* of clients' sessions; else 0 */
	struct bgp_codec codec;
	size_t message_max;
	const struct bgp_policy *policy; /* compared by content */
};

#define OUT_PENDING 0x80000000u

struct group {
	struct group_key key;
	struct column out;          /* prefix -> path list last put in the journal, | OUT_PENDING */
	uint32_t *pending;          /* prefixes to look at, each once, oldest first */
	size_t pending_count, pending_capacity, pending_head;
	struct messages journal;    /* items from `journal_head` on are alive */
	size_t journal_head;
	uint64_t end;               /* number of the message after the last */
	uint32_t end_waiting;       /* members at the end */
	uint32_t *members;          /* peer indexes, ascending */
	size_t member_count, member_capacity;
	uint32_t listeners;         /* members that were told something already */
	uint32_t dumping;           /* members in the middle of a dump */
	struct messages *pages;     /* encoded pages of `out`, kept while somebody dumps */
	size_t page_count;
	uint32_t tell_cursor, tell_left;
	struct export_memo memos[EXPORT_MEMOS];
};

/* ---- peers (rib.c, adj_in.c, member.c) ------------------------------------------------------ */

struct outgoing {
	struct bgp_slice *slice;
	struct rib_update_counts counts;
};

/* A prefix (and path id) that must be brought up to date for one member alone. */
struct owed {
	uint32_t prefix_id, path_id;
	uint32_t order;
	bool had; /* the peer holds a route from us for it */
};

struct peer {
	struct rib_peer about;
	uint32_t index;
	bool known;          /* `about` is good: the session is up, or stale routes are left */
	bool up, client;
	enum bgp_role role;  /* ours to it (RFC 9234) */
	uint32_t cluster_id; /* of this session */
	uint32_t remote_id, local_id; /* next-hop ids of both ends */
	uint32_t paths;      /* in Adj-RIB-In */
	/* sending */
	struct group *group; /* NULL while down */
	uint64_t position;   /* number of the journal's message that comes next */
	bool listening;      /* something was dumped or sent */
	bool fresh;          /* the dump in progress is the first */
	uint8_t dumping;     /* families */
	uint32_t dump_page;
	uint8_t end_of_rib;  /* families whose marker is due after the dump */
	uint8_t refresh_begin, refresh_end; /* RFC 7313 frames due */
	struct outgoing *out; /* encoded, not yet taken */
	size_t out_head, out_count, out_capacity;
	struct owed *owed;   /* sorted by prefix and path id */
	size_t owed_head, owed_count, owed_capacity;
	bool listed;         /* on rib->told */
};

/* ---- changes (change.c) --------------------------------------------------------------------- */

struct queued {
	uint8_t kind;
	bool stale;
	uint16_t peer;
	uint32_t prefix_id, attrs, path_id, list, next_hop, count;
	const char *rule;
};

struct rib {
	struct bgp_table *table;
	const struct bgp_config *config;
	const struct bgp_profile *profile;
	uint32_t router_id, local_as, cluster_id;
	uint32_t maximum_external, maximum_internal;
	bool requires_policy, clients_are_meshed, long_lived;
	bool held;
	struct column routes;    /* prefix -> path list */
	struct column suspended; /* prefix -> list last published, or SUSPENDED_NONE,
				  * while a path of it waits for its next hop */
	struct next_hops next_hops;
	struct peer **peers;
	size_t peer_count, peer_capacity;
	struct group **groups;
	size_t group_count, group_capacity;
	uint32_t *told;          /* peers with something of their own to send */
	size_t told_head, told_count, told_capacity;
	struct queued *changes;
	size_t change_head, change_count, change_capacity;
	struct queued current;   /* the change handed out last */
	struct ip_addr *fib;     /* its next hops; BGP_NEXT_HOPS_MAX */
};
#define SUSPENDED_NONE UINT32_MAX

static inline struct peer *rib_peer_at(const struct rib *rib, uint32_t index)
{
	return index < rib->peer_count ? rib->peers[index] : NULL;
}
static inline uint8_t prefix_family(const struct rib *rib, uint32_t prefix_id)
{
	return rib->table->prefixes[prefix_id].addr.family == IP_V4 ? BGP_IPV4_UNICAST :
								      BGP_IPV6_UNICAST;
}

/* next_hop.c */
void next_hops_free(struct next_hops *next_hops);
void next_hop_use(struct rib *rib, uint32_t next_hop_id);
void next_hop_drop(struct rib *rib, uint32_t next_hop_id);
uint16_t next_hop_path_flags(const struct rib *rib, uint32_t next_hop_id); /* WAITING, ... */
uint32_t next_hop_metric(const struct rib *rib, uint32_t next_hop_id);
bool next_hop_shared(const struct rib *rib, uint32_t next_hop_id, struct ip_addr local);

/* change.c */
void change_push(struct rib *rib, const struct queued *change); /* takes references */
void changes_free(struct rib *rib);
bool change_wanted(const struct rib *rib, enum bgp_event_kind kind);

/* select.c */
/* The prefix's paths became these (in working memory, `room` for twice as many): decides, stores,
 * publishes. `force`: exports may differ though the paths do not. */
void select_paths(struct rib *rib, uint32_t prefix_id, struct path *paths, uint32_t count,
		  bool force);
/* Decides again with fresh knowledge of next hops and peers. */
void select_again(struct rib *rib, uint32_t prefix_id, bool force);
void select_publish(struct rib *rib, uint32_t prefix_id, uint32_t old, uint32_t new, bool force);
/* Next-hop ids used for forwarding, without repeats; returns how many (0: no FIB entry). */
uint32_t select_next_hops(const struct rib *rib, uint32_t list, uint32_t ids[BGP_NEXT_HOPS_MAX],
			  bool *external);
/* The prefix's list, or the one published last while its present one waits for a next hop. */
uint32_t select_published(const struct rib *rib, uint32_t prefix_id);
/* The selected path, or NULL. */
const struct path *select_best(const struct rib *rib, uint32_t list);
/* The prefix's paths in working memory with room for twice `count` + 2. */
struct path *select_load(struct rib *rib, uint32_t prefix_id, uint32_t *count);

/* adj_in.c */
void adj_in_reimport(struct rib *rib, struct peer *peer); /* loops and policy judged anew */

/* export.c */
bool export_allowed(const struct rib *rib, const struct group *group, uint32_t prefix_id,
		    const struct path *path);
/* Attribute set to announce, +1 reference; 0: not to this group. */
uint32_t export_path(struct rib *rib, struct group *group, uint32_t prefix_id,
		     const struct path *path);
void export_memos_clear(struct rib *rib, struct group *group);

/* group.c */
struct group_key group_key_of(const struct rib *rib, const struct peer *peer);
bool group_key_equal(const struct group_key *a, const struct group_key *b);
struct group *group_get(struct rib *rib, const struct group_key *key); /* made if need be */
void group_join(struct rib *rib, struct group *group, struct peer *peer);
void group_leave(struct rib *rib, struct peer *peer); /* the last one ends the group */
/* The prefix's paths changed: pending if that can matter to the group. */
void group_consider(struct rib *rib, struct group *group, uint32_t prefix_id, uint32_t old,
		    uint32_t new, bool force);
void group_free(struct rib *rib, struct group *group);

/* journal.c */
/* Takes a batch of pending prefixes, and puts what changed in the journal. */
void journal_fill(struct rib *rib, struct group *group);
void journal_trim(struct rib *rib, struct group *group);
struct message *journal_at(const struct group *group, uint64_t number);
/* The messages that announce page `page` of the group's table. */
const struct messages *journal_page(struct rib *rib, struct group *group, uint32_t page);
void journal_page_changed(struct rib *rib, struct group *group, uint32_t page);
void messages_free(struct rib *rib, struct messages *messages);
static inline bool journal_pending(const struct group *group)
{
	return group->pending_head < group->pending_count;
}

/* pack.c: packs items of one attribute set and family; calls `emit` for each message. */
struct draft {
	struct item item;
	uint32_t attrs; /* 0: withdraw */
	uint32_t next;  /* of the same set, + 1; pack_drafts' own */
	uint8_t family;
};
struct drafts {
	struct draft *items; /* owned */
	size_t count, capacity;
};
typedef void pack_emit(void *context, uint32_t attrs, uint8_t family, const struct item *items,
		       uint32_t count, struct bgp_slice *slice); /* which it owns from here on */
void pack_items(struct rib *rib, const struct group_key *key, uint32_t attrs, uint8_t family,
		struct item *items, uint32_t count, pack_emit *emit, void *context);
/* Withdrawals first, then one attribute set after the other in order of first mention. */
void pack_drafts(struct rib *rib, const struct group_key *key, const struct drafts *drafts,
		 pack_emit *emit, void *context);

/* Withdrawals and the UPDATE after them, both of the classic IPv4 form, as one message; NULL if they
 * are not, or do not fit. */
struct bgp_slice *pack_joined(const struct bgp_slice *gone, const struct bgp_slice *then,
			      size_t message_max);

/* member.c */
bool member_pending(const struct rib *rib, const struct peer *peer);
void member_started(struct rib *rib, struct peer *peer);
void member_regroup(struct rib *rib, struct peer *peer); /* its export-relevant values changed */
void member_stop(struct rib *rib, struct peer *peer);
/* Takes the members out of the journal that are so far behind that a list of prefixes is
 * shorter. */
void member_compact(struct rib *rib, struct group *group);
void member_tell(struct rib *rib, struct peer *peer); /* rib_pending_peer shall name it */

#endif
