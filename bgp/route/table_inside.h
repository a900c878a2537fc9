/* The intern table's insides, for table.c, attrs.c and paths.c, and the working memory that all
 * speakers of a table borrow for the length of one call. */
#ifndef BGP_ROUTE_TABLE_INSIDE_H
#define BGP_ROUTE_TABLE_INSIDE_H

#include "base/hash.h"
#include "base/memory.h"
#include "base/trie.h"
#include "bgp/route/decision.h"
#include "bgp/route/paths.h"
#include "bgp/route/table.h"

/* An interned attribute set. `bytes` starts with the fixed values and is followed by every variable
 * part; two sets are equal when these bytes are. */
struct attr_set {
	uint32_t chain; /* the slab's, when free */
	uint32_t references;
	struct bgp_attrs_facts facts;
	uint32_t first_alias; /* wire forms that decode to this set */
	uint32_t length;
	uint64_t hash;
	uint8_t *bytes;       /* owned */
	struct bgp_attrs attrs;
};

/* One wire form of an attribute set. */
struct attr_alias {
	uint32_t next;     /* of the same set; the slab's, when free */
	uint32_t attrs_id;
	uint64_t hash;
	uint8_t *bytes;    /* owned: the context, then the plain bytes */
	uint32_t length;
	uint8_t outcome, bad_attribute;
};

struct next_hop_entry {
	struct ip_addr addr;
	uint32_t first_pair, last_pair; /* 0: none */
};

struct next_hop_pair {
	uint32_t next_hop_id, prefix_id, next;
};

/* Two paths stand in the item itself, more in memory of their own. */
#define PATHS_INLINE 2u
struct path_list {
	uint32_t chain;
	uint32_t references;
	uint32_t prefix_id;
	uint32_t count;
	union {
		struct path few[PATHS_INLINE];
		struct path *many; /* owned */
	} paths;
};

struct bgp_table {
	struct ip_prefix *prefixes;
	size_t prefix_count, prefix_capacity;
	struct hash_index prefix_index;
	struct trie prefix_trie;

	struct next_hop_entry *next_hops; /* item 0 unused */
	size_t next_hop_count, next_hop_capacity;
	struct hash_index next_hop_index;
	struct next_hop_pair *pairs; /* item 0 unused */
	size_t pair_count, pair_capacity;
	struct hash_index pair_index;

	struct slab sets, aliases, lists;
	struct hash_index set_index, alias_index, list_index;

	/* Borrowed by whoever is running; nothing in here outlives a call. */
	struct arena scratch;
	struct path *work;
	size_t work_capacity;
	struct candidate *candidates;
	size_t candidate_capacity;
	uint8_t *buffer; /* BGP_MESSAGE_MAX_EXTENDED bytes */
};

void table_attrs_init(struct bgp_table *table);
void table_attrs_free(struct bgp_table *table);
void table_paths_init(struct bgp_table *table);
void table_paths_free(struct bgp_table *table);
/* Notes that a path for the prefix has that next hop. */
void table_pair_add(struct bgp_table *table, uint32_t next_hop_id, uint32_t prefix_id);

static inline struct attr_set *attr_set_at(const struct bgp_table *table, uint32_t attrs_id)
{
	return slab_at(&table->sets, attrs_id);
}
/* Room for that many paths, contents kept. */
struct path *table_work(struct bgp_table *table, size_t count);
struct candidate *table_candidates(struct bgp_table *table, size_t count);

#endif
