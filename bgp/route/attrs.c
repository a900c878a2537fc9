/* Interned attribute sets, and the wire forms they were received in. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bgp/route/table.h"
#include "bgp/route/table_inside.h"
#include "bgp/wire/reaction.h"

void table_attrs_init(struct bgp_table *table)
{
	slab_init(&table->sets, sizeof(struct attr_set));
	slab_init(&table->aliases, sizeof(struct attr_alias));
	hash_index_init(&table->set_index);
	hash_index_init(&table->alias_index);
}

static void alias_free(struct bgp_table *table, uint32_t number)
{
	struct attr_alias *alias = slab_at(&table->aliases, number);
	ASSERT(hash_index_remove(&table->alias_index, alias->hash, number));
	free(alias->bytes);
	slab_give(&table->aliases, number);
}

static void set_free(struct bgp_table *table, struct attr_set *set)
{
	for (uint32_t alias = set->first_alias; alias;) {
		uint32_t next = ((struct attr_alias *)slab_at(&table->aliases, alias))->next;
		alias_free(table, alias);
		alias = next;
	}
	free(set->bytes);
}

void table_attrs_free(struct bgp_table *table)
{
	for (uint32_t i = 1; i < table->sets.next; i++)
		if (attr_set_at(table, i)->references)
			set_free(table, attr_set_at(table, i));
	slab_free(&table->sets);
	slab_free(&table->aliases);
	hash_index_free(&table->set_index);
	hash_index_free(&table->alias_index);
}

/* ---- one set as one run of bytes ------------------------------------------------------------ */

/* Laid out without padding, so that equal sets are equal bytes. */
struct attr_values {
	uint64_t present, partial;
	uint32_t med, local_pref, aggregator_as, aggregator_id, originator_id, otc;
	uint32_t as_path;                                           /* bytes */
	uint32_t odd;
	uint16_t clusters, communities, extended, large, unknown; /* items, bytes */
	uint8_t origin, atomic_aggregate;
	struct ip_addr next_hop, next_hop_link;
	uint8_t spare[2];
};

/* The variable parts, in the order they follow the values: where each stands in struct bgp_attrs
 * and how large an item is. */
static const struct attr_part {
	size_t pointer, count;
	uint8_t count_size, size;
} attr_parts[] = {
#define PART(pointer_, count_, size_)                                                              \
	{ offsetof(struct bgp_attrs, pointer_), offsetof(struct bgp_attrs, count_),                \
	  sizeof(((struct bgp_attrs *)0)->count_), size_ }
	PART(as_path, as_path_length, 1),
	PART(cluster_list, cluster_count, 4),
	PART(communities, community_count, 4),
	PART(extended_communities, extended_count, 8),
	PART(large_communities, large_count, 12),
	PART(unknown, unknown_length, 1),
#undef PART
};
#define ATTR_PARTS (sizeof(attr_parts) / sizeof(attr_parts[0]))

static size_t part_bytes(const struct bgp_attrs *attrs, size_t part)
{
	const char *at = (const char *)attrs + attr_parts[part].count;
	uint16_t narrow;
	uint32_t wide;
	if (attr_parts[part].count_size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		wide = narrow;
	} else {
		memcpy(&wide, at, sizeof(wide));
	}
	return (size_t)wide * attr_parts[part].size;
}

/* Attributes that are not present count as zero, whatever the struct says. */
static struct attr_values attr_values_of(const struct bgp_attrs *attrs)
{
	struct attr_values v;
	_Static_assert(sizeof(v) == 96, "no padding");
	memset(&v, 0, sizeof(v));
	v.present = attrs->present;
	v.partial = attrs->partial & attrs->present;
	v.med = bgp_has(attrs, BGP_ATTR_MED) ? attrs->med : 0;
	v.local_pref = bgp_has(attrs, BGP_ATTR_LOCAL_PREF) ? attrs->local_pref : 0;
	if (bgp_has(attrs, BGP_ATTR_AGGREGATOR)) {
		v.aggregator_as = attrs->aggregator_as;
		v.aggregator_id = attrs->aggregator_id;
	}
	v.originator_id = bgp_has(attrs, BGP_ATTR_ORIGINATOR_ID) ? attrs->originator_id : 0;
	v.otc = bgp_has(attrs, BGP_ATTR_OTC) ? attrs->otc : 0;
	v.as_path = attrs->as_path_length;
	v.clusters = attrs->cluster_count;
	v.communities = attrs->community_count;
	v.extended = attrs->extended_count;
	v.large = attrs->large_count;
	v.unknown = attrs->unknown_length;
	v.odd = attrs->odd;
	v.origin = attrs->origin;
	v.atomic_aggregate = attrs->atomic_aggregate;
	v.next_hop = attrs->next_hop;
	v.next_hop_link = attrs->next_hop_link;
	return v;
}

/* Writes the set into memory of the caller's, grown as needed; returns its length. */
static size_t attrs_flatten(struct bgp_table *table, const struct bgp_attrs *attrs, uint8_t **bytes)
{
	struct attr_values values = attr_values_of(attrs);
	size_t length = sizeof(values);
	for (size_t i = 0; i < ATTR_PARTS; i++)
		length += part_bytes(attrs, i);
	uint8_t *at = *bytes = arena_alloc(&table->scratch, length);
	memcpy(at, &values, sizeof(values));
	at += sizeof(values);
	for (size_t i = 0; i < ATTR_PARTS; i++) {
		const uint8_t *part;
		memcpy(&part, (const char *)attrs + attr_parts[i].pointer, sizeof(part));
		size_t size = part_bytes(attrs, i);
		if (size)
			memcpy(at, part, size);
		at += size;
	}
	return length;
}

/* Points the attributes' variable parts into the set's own bytes. */
static void set_adopt(struct attr_set *set)
{
	const uint8_t *at = set->bytes + sizeof(struct attr_values);
	for (size_t i = 0; i < ATTR_PARTS; i++) {
		size_t size = part_bytes(&set->attrs, i);
		const uint8_t *part = size ? at : NULL;
		memcpy((char *)&set->attrs + attr_parts[i].pointer, &part, sizeof(part));
		at += size;
	}
}

static uint64_t set_rehash(const void *context, uint32_t attrs_id)
{
	return attr_set_at(context, attrs_id)->hash;
}

static uint32_t set_add(struct bgp_table *table, uint64_t hash, const struct bgp_attrs *attrs,
			const uint8_t *bytes, size_t length)
{
	uint32_t id = slab_take(&table->sets);
	struct attr_set *set = attr_set_at(table, id);
	*set = (struct attr_set){
		.references = 1, .hash = hash, .length = (uint32_t)length, .attrs = *attrs,
	};
	set->bytes = memory_alloc(length);
	memcpy(set->bytes, bytes, length);
	set_adopt(set);
	set->facts = (struct bgp_attrs_facts){
		.hops = bgp_as_path_hops(&set->attrs),
		.first_as = bgp_as_path_first(&set->attrs),
		.next_hop_id = bgp_next_hop_id(table, attrs->next_hop),
		.no_export = bgp_has_community(&set->attrs, BGP_NO_EXPORT) ||
			     bgp_has_community(&set->attrs, BGP_NO_EXPORT_SUBCONFED),
		.long_stale = bgp_has_community(&set->attrs, BGP_LLGR_STALE),
		.no_advertise = bgp_has_community(&set->attrs, BGP_NO_ADVERTISE),
	};
	hash_index_add(&table->set_index, hash, id, set_rehash, table);
	return id;
}

/* ---- by number ------------------------------------------------------------------------------ */

const struct bgp_attrs *bgp_attrs_of(const struct bgp_table *table, uint32_t attrs_id)
{
	ASSERT(attrs_id > 0 && attrs_id < table->sets.next);
	return &attr_set_at(table, attrs_id)->attrs;
}

const struct bgp_attrs_facts *bgp_attrs_facts_of(const struct bgp_table *table, uint32_t attrs_id)
{
	ASSERT(attrs_id > 0 && attrs_id < table->sets.next);
	return &attr_set_at(table, attrs_id)->facts;
}

uint32_t bgp_attrs_intern(struct bgp_table *table, const struct bgp_attrs *attrs)
{
	uint8_t *bytes;
	size_t length = attrs_flatten(table, attrs, &bytes);
	uint64_t hash = hash_bytes(bytes, length);
	uint32_t cursor = HASH_NONE;
	for (;;) {
		uint32_t id = hash_index_next(&table->set_index, hash, &cursor);
		if (id == HASH_NONE)
			return set_add(table, hash, attrs, bytes, length);
		struct attr_set *set = attr_set_at(table, id);
		if (set->length == length && memcmp(set->bytes, bytes, length) == 0) {
			set->references++;
			return id;
		}
	}
}

void bgp_attrs_ref(struct bgp_table *table, uint32_t attrs_id)
{
	ASSERT(attrs_id > 0 && attrs_id < table->sets.next);
	attr_set_at(table, attrs_id)->references++;
}

void bgp_attrs_unref(struct bgp_table *table, uint32_t attrs_id)
{
	ASSERT(attrs_id > 0 && attrs_id < table->sets.next);
	struct attr_set *set = attr_set_at(table, attrs_id);
	ASSERT(set->references > 0);
	if (--set->references)
		return;
	ASSERT(hash_index_remove(&table->set_index, set->hash, attrs_id));
	set_free(table, set);
	slab_give(&table->sets, attrs_id);
}

uint32_t bgp_attrs_live(const struct bgp_table *table) { return table->sets.live; }

/* ---- by their bytes on the wire ------------------------------------------------------------- */

/* What, beside the plain bytes, decides what they mean: the session's codec and the next hop that
 * came apart from them. Bytes only, so that it can be hashed and compared as it stands. */
struct alias_context {
	uint8_t as4, external, partial, multiprotocol, reactions;
	struct ip_addr next_hop, next_hop_link; /* zero for the classic form */
};

static uint64_t alias_rehash(const void *context, uint32_t number)
{
	const struct bgp_table *table = context;
	return ((const struct attr_alias *)slab_at(&table->aliases, number))->hash;
}

static uint64_t alias_hash(const struct alias_context *context, const struct bgp_update *update)
{
	return hash_u64(hash_bytes(context, sizeof(*context)) +
			hash_bytes(update->plain_bytes, update->plain_length));
}

static const struct attr_alias *alias_find(const struct bgp_table *table, uint64_t hash,
					   const struct alias_context *context,
					   const struct bgp_update *update)
{
	uint32_t cursor = HASH_NONE;
	for (;;) {
		uint32_t number = hash_index_next(&table->alias_index, hash, &cursor);
		if (number == HASH_NONE)
			return NULL;
		const struct attr_alias *alias = slab_at(&table->aliases, number);
		if (alias->length == sizeof(*context) + update->plain_length &&
		    memcmp(alias->bytes, context, sizeof(*context)) == 0 &&
		    memcmp(alias->bytes + sizeof(*context), update->plain_bytes,
			   update->plain_length) == 0)
			return alias;
	}
}

static void alias_add(struct bgp_table *table, uint64_t hash, const struct alias_context *context,
		      const struct bgp_update *update, uint32_t attrs_id, enum bgp_outcome outcome,
		      uint8_t bad_attribute)
{
	uint32_t number = slab_take(&table->aliases);
	struct attr_alias *alias = slab_at(&table->aliases, number);
	struct attr_set *set = attr_set_at(table, attrs_id);
	*alias = (struct attr_alias){
		.next = set->first_alias, .attrs_id = attrs_id, .hash = hash,
		.length = (uint32_t)sizeof(*context) + update->plain_length,
		.outcome = (uint8_t)outcome, .bad_attribute = bad_attribute,
	};
	alias->bytes = memory_alloc(alias->length);
	memcpy(alias->bytes, context, sizeof(*context));
	if (update->plain_length)
		memcpy(alias->bytes + sizeof(*context), update->plain_bytes,
		       update->plain_length);
	set->first_alias = number;
	hash_index_add(&table->alias_index, hash, number, alias_rehash, table);
}

uint32_t bgp_attrs_received(struct bgp_table *table, const struct bgp_update *update, int which,
			    const struct bgp_codec *codec, struct arena *scratch,
			    enum bgp_outcome *outcome, uint8_t *bad_attribute,
			    struct bgp_error *error)
{
	bool classic = which == 0;
	struct alias_context context = {
		.as4 = codec->as4, .external = codec->external,
		.partial = codec->unknown_sets_partial, .multiprotocol = !classic,
	};
	context.reactions = codec->reactions ? codec->reactions->number : 0;
	if (!classic) {
		context.next_hop = update->mp_next_hop;
		context.next_hop_link = update->mp_next_hop_link;
	}
	uint64_t hash = alias_hash(&context, update);
	const struct attr_alias *known = alias_find(table, hash, &context, update);
	if (known) {
		*outcome = (enum bgp_outcome)known->outcome;
		*bad_attribute = known->bad_attribute;
		bgp_attrs_ref(table, known->attrs_id);
		return known->attrs_id;
	}
	struct bgp_attrs attrs;
	memset(&attrs, 0, sizeof(attrs));
	*bad_attribute = 0;
	*outcome = bgp_attrs_decode(update->plain_bytes, update->plain_length, codec, classic, true,
				    scratch, &attrs, bad_attribute, error);
	if (*outcome > BGP_OUTCOME_DISCARD)
		return 0;
	if (!classic) {
		/* RFC 4760 section 3: a NEXT_HOP beside MP_REACH_NLRI is ignored. */
		attrs.present &= ~(UINT64_C(1) << BGP_ATTR_NEXT_HOP);
		attrs.next_hop = update->mp_next_hop;
		attrs.next_hop_link = update->mp_next_hop_link;
	}
	uint32_t id = bgp_attrs_intern(table, &attrs);
	alias_add(table, hash, &context, update, id, *outcome, *bad_attribute);
	return id;
}
