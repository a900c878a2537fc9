/* The intern table: every prefix, next hop and attribute set once, so that a route is two small
 * numbers. In the virtual world all speakers share one; a daemon has its own. An attribute set is
 * found by the hash of its wire bytes before it is parsed; parsing is for the first of its kind. */
#ifndef BGP_ROUTE_TABLE_H
#define BGP_ROUTE_TABLE_H

#include "bgp/wire/attr.h"
#include "bgp/wire/update.h"

struct bgp_table;

struct bgp_table *bgp_table_new(void);
void bgp_table_free(struct bgp_table *table); /* all speakers must be gone */

/* Prefix ids are dense, start at 0, and stay for the table's life. The prefix has no host bits. */
uint32_t bgp_prefix_id(struct bgp_table *table, struct ip_prefix prefix);
struct ip_prefix bgp_prefix_of(const struct bgp_table *table, uint32_t prefix_id);
uint32_t bgp_prefix_count(const struct bgp_table *table);
/* UINT32_MAX if that prefix was never seen. */
uint32_t bgp_prefix_find(const struct bgp_table *table, struct ip_prefix prefix);
/* Ids of all known prefixes that contain the address, shortest first (see trie_containing). A FIB
 * is a column indexed by prefix id; its longest match is the last of these that the column
 * holds. */
int bgp_prefixes_containing(const struct bgp_table *table, struct ip_addr addr,
			    uint32_t ids[129]);

/* Next hops likewise: dense ids that stay for the table's life; 0 is "none". */
uint32_t bgp_next_hop_id(struct bgp_table *table, struct ip_addr addr);
uint32_t bgp_next_hop_find(const struct bgp_table *table, struct ip_addr addr); /* 0: never seen */
struct ip_addr bgp_next_hop_of(const struct bgp_table *table, uint32_t next_hop_id);
/* Which prefixes any speaker of this table ever had a path for with that next hop, in the order
 * they were seen: a superset of what one speaker must look at when the next hop changes. Start
 * with *cursor = 0; UINT32_MAX ends the walk. */
uint32_t bgp_next_hop_prefix(const struct bgp_table *table, uint32_t next_hop_id,
			     uint32_t *cursor);

/* Attribute set numbers start at 1; 0 is "none". Every holder counts as one reference. */
const struct bgp_attrs *bgp_attrs_of(const struct bgp_table *table, uint32_t attrs_id);
uint32_t bgp_attrs_intern(struct bgp_table *table, const struct bgp_attrs *attrs); /* +1 */
void bgp_attrs_ref(struct bgp_table *table, uint32_t attrs_id);
void bgp_attrs_unref(struct bgp_table *table, uint32_t attrs_id);
uint32_t bgp_attrs_live(const struct bgp_table *table); /* for tests: sets still referenced */

/* What the decision process and export ask again and again, worked out once a set. */
struct bgp_attrs_facts {
	uint32_t hops;        /* bgp_as_path_hops */
	uint32_t first_as;    /* bgp_as_path_first */
	uint32_t next_hop_id;
	bool long_stale; /* RFC 9494: LLGR_STALE */
	bool no_export, no_advertise; /* RFC 1997; NO_EXPORT_SUBCONFED counts as no_export */
};
const struct bgp_attrs_facts *bgp_attrs_facts_of(const struct bgp_table *table, uint32_t attrs_id);

/* Received attributes: looked up by their bytes (together with what of the codec and the MP next
 * hop changes their meaning), decoded only when new. Returns +1 reference, or 0 when the outcome is
 * stronger than DISCARD. */
uint32_t bgp_attrs_received(struct bgp_table *table, const struct bgp_update *update, int which,
			    const struct bgp_codec *codec, struct arena *scratch,
			    enum bgp_outcome *outcome, uint8_t *bad_attribute,
			    struct bgp_error *error);

#endif
