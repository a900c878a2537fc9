#include "sim/virtual/fib.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define PAGE_BITS 8
#define PAGE_ENTRIES (1u << PAGE_BITS)
#define ENTRY_CHAIN 0x80000000u /* the rest is a slab number, else a route number; 0: nothing */

/* The routes of one prefix when it has several, best first. */
struct chain {
	uint32_t next, route;
};

/* Of equal metrics the lower rank is used. */
static const uint8_t source_rank[] = {
	[ROUTE_LOCAL] = 0,  [ROUTE_CONNECTED] = 1,	 [ROUTE_POD] = 2,
	[ROUTE_STATIC] = 3, [ROUTE_BLACKHOLE_BLOCK] = 4, [ROUTE_BGP] = 5,
};

void fib_init(struct fib *fib, struct bgp_table *table, struct fib_listener *listener)
{
	*fib = (struct fib){ .table = table, .listener = listener };
	hash_index_init(&fib->by_content);
	slab_init(&fib->chains, sizeof(struct chain));
}

void fib_free(struct fib *fib)
{
	for (uint32_t i = 0; i < fib->page_count; i++)
		free(fib->pages[i]);
	free(fib->pages);
	for (uint32_t i = 1; i < fib->route_count; i++)
		free(fib->routes[i].route);
	free(fib->routes);
	hash_index_free(&fib->by_content);
	slab_free(&fib->chains);
	fib_init(fib, fib->table, fib->listener);
}

/* ---- interned routes ------------------------------------------------------------------------ */

static uint64_t content_hash(const struct fib_route *route)
{
	uint64_t hash = hash_u64((uint64_t)route->source << 33 |
				 (uint64_t)route->nexthop_object << 32 | route->metric);
	hash = hash_u64(hash ^ ip_addr_hash(route->preferred_source));
	for (uint32_t i = 0; i < route->hop_count; i++)
		hash = hash_u64(hash ^ ip_addr_hash(route->hops[i].via) ^ route->hops[i].interface);
	return hash;
}

static uint64_t rehash_route(const void *context, uint32_t number)
{
	const struct fib *fib = context;
	return content_hash(fib->routes[number].route);
}

static bool content_equal(const struct fib_route *a, const struct fib_route *b)
{
	if (a->source != b->source || a->metric != b->metric || a->hop_count != b->hop_count ||
	    a->nexthop_object != b->nexthop_object ||
	    !ip_addr_equal(a->preferred_source, b->preferred_source))
		return false;
	for (uint32_t i = 0; i < a->hop_count; i++)
		if (a->hops[i].interface != b->hops[i].interface ||
		    !ip_addr_equal(a->hops[i].via, b->hops[i].via))
			return false;
	return true;
}

static uint32_t number_take(struct fib *fib)
{
	uint32_t number = fib->route_spare;
	if (number) {
		fib->route_spare = fib->routes[number].references;
		return number;
	}
	if (fib->route_count == fib->route_capacity) {
		size_t capacity = fib->route_capacity;
		fib->routes = memory_grow(fib->routes, &capacity, (size_t)fib->route_count + 2,
					  sizeof(*fib->routes));
		fib->route_capacity = (uint32_t)capacity;
	}
	if (fib->route_count == 0)
		fib->routes[fib->route_count++] = (struct fib_interned){ 0 };
	return fib->route_count++;
}

/* One more reference to the route of that content. */
static uint32_t route_ref(struct fib *fib, const struct fib_spec *spec)
{
	ASSERT(spec->hop_count <= FIB_HOPS_MAX);
	size_t hops = spec->hop_count * sizeof(struct fib_hop);
	struct fib_route *route = memory_alloc(sizeof(*route) + hops);
	route->source = spec->source;
	route->metric = spec->metric;
	route->nexthop_object = spec->nexthop_object;
	route->preferred_source = spec->preferred_source;
	route->hop_count = spec->hop_count;
	if (hops)
		memcpy(route->hops, spec->hops, hops);

	uint64_t hash = content_hash(route);
	uint32_t cursor = HASH_NONE, number;
	while ((number = hash_index_next(&fib->by_content, hash, &cursor)) != HASH_NONE)
		if (content_equal(fib->routes[number].route, route)) {
			free(route);
			fib->routes[number].references++;
			return number;
		}
	number = number_take(fib);
	fib->routes[number] = (struct fib_interned){ route, 1 };
	hash_index_add(&fib->by_content, hash, number, rehash_route, fib);
	return number;
}

static void route_unref(struct fib *fib, uint32_t number)
{
	struct fib_interned *interned = &fib->routes[number];
	ASSERT(interned->references > 0);
	if (--interned->references)
		return;
	hash_index_remove(&fib->by_content, content_hash(interned->route), number);
	free(interned->route);
	interned->route = NULL;
	interned->references = fib->route_spare;
	fib->route_spare = number;
}

/* ---- the column ----------------------------------------------------------------------------- */

static uint32_t entry_get(const struct fib *fib, uint32_t prefix_id)
{
	uint32_t page = prefix_id >> PAGE_BITS;
	if (page >= fib->page_count || !fib->pages[page])
		return 0;
	return fib->pages[page][prefix_id & (PAGE_ENTRIES - 1)];
}

static void entry_put(struct fib *fib, uint32_t prefix_id, uint32_t entry)
{
	uint32_t page = prefix_id >> PAGE_BITS;
	if (page >= fib->page_count) {
		fib->pages = memory_resize(fib->pages, (page + 1) * sizeof(*fib->pages));
		while (fib->page_count <= page)
			fib->pages[fib->page_count++] = NULL;
	}
	if (!fib->pages[page])
		fib->pages[page] = memory_zalloc(PAGE_ENTRIES * sizeof(uint32_t));
	uint32_t *place = &fib->pages[page][prefix_id & (PAGE_ENTRIES - 1)];
	fib->count += (entry != 0) - (*place != 0);
	*place = entry;
}

static struct chain *chain_at(const struct fib *fib, uint32_t entry)
{
	return slab_at(&fib->chains, entry & ~ENTRY_CHAIN);
}

/* The number of the route an entry's best is; 0: none. */
static uint32_t entry_best(const struct fib *fib, uint32_t entry)
{
	return entry & ENTRY_CHAIN ? chain_at(fib, entry)->route : entry;
}

/* An entry's routes as an array, best first. */
#define ROUTES_MAX 64u
static uint32_t entry_routes(const struct fib *fib, uint32_t entry, uint32_t routes[ROUTES_MAX])
{
	uint32_t count = 0;
	if (!(entry & ENTRY_CHAIN)) {
		if (entry)
			routes[count++] = entry;
		return count;
	}
	for (uint32_t at = entry & ~ENTRY_CHAIN; at;) {
		const struct chain *chain = slab_at(&fib->chains, at);
		ASSERT(count < ROUTES_MAX);
		routes[count++] = chain->route;
		at = chain->next;
	}
	return count;
}

static void entry_store(struct fib *fib, uint32_t prefix_id, uint32_t former,
			const uint32_t *routes, uint32_t count)
{
	for (uint32_t at = former & ENTRY_CHAIN ? former & ~ENTRY_CHAIN : 0; at;) {
		uint32_t next = ((struct chain *)slab_at(&fib->chains, at))->next;
		slab_give(&fib->chains, at);
		at = next;
	}
	uint32_t entry = count ? routes[0] : 0;
	if (count > 1) {
		entry = 0;
		for (uint32_t i = count; i-- > 0;) {
			uint32_t at = slab_take(&fib->chains);
			*(struct chain *)slab_at(&fib->chains, at) =
				(struct chain){ entry, routes[i] };
			entry = at;
		}
		entry |= ENTRY_CHAIN;
	}
	entry_put(fib, prefix_id, entry);
}

static int route_order(const struct fib_route *a, const struct fib_route *b)
{
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return (int)source_rank[a->source] - (int)source_rank[b->source];
}

static const struct fib_route *route_of(const struct fib *fib, uint32_t number)
{
	return number ? fib->routes[number].route : NULL;
}

static void tell(struct fib *fib, uint32_t prefix_id, uint32_t former, uint32_t now)
{
	fib->generation++;
	if (former != now && fib->listener)
		fib->listener->changed(fib->listener, prefix_id, route_of(fib, former),
				       route_of(fib, now));
}

/* ---- changing ------------------------------------------------------------------------------- */

void fib_set(struct fib *fib, uint32_t prefix_id, const struct fib_spec *spec)
{
	uint32_t entry = entry_get(fib, prefix_id), routes[ROUTES_MAX + 1];
	uint32_t count = entry_routes(fib, entry, routes);
	uint32_t former = entry_best(fib, entry), number = route_ref(fib, spec), gone = 0;
	uint32_t at = 0;
	while (at < count && route_order(route_of(fib, routes[at]), route_of(fib, number)) < 0)
		at++;
	if (at < count && route_order(route_of(fib, routes[at]), route_of(fib, number)) == 0) {
		gone = routes[at];
		if (gone == number) {
			route_unref(fib, number);
			return;
		}
	} else {
		memmove(routes + at + 1, routes + at, (count - at) * sizeof(*routes));
		count++;
	}
	routes[at] = number;
	entry_store(fib, prefix_id, entry, routes, count);
	tell(fib, prefix_id, former, routes[0]);
	if (gone)
		route_unref(fib, gone);
}

bool fib_remove(struct fib *fib, uint32_t prefix_id, enum route_source source, uint32_t metric)
{
	uint32_t entry = entry_get(fib, prefix_id), routes[ROUTES_MAX], gone[ROUTES_MAX];
	uint32_t count = entry_routes(fib, entry, routes), kept = 0, gone_count = 0;
	uint32_t former = entry_best(fib, entry);
	for (uint32_t i = 0; i < count; i++) {
		const struct fib_route *route = route_of(fib, routes[i]);
		if (route->source == source &&
		    (metric == FIB_ANY_METRIC || route->metric == metric))
			gone[gone_count++] = routes[i];
		else
			routes[kept++] = routes[i];
	}
	if (gone_count == 0)
		return false;
	entry_store(fib, prefix_id, entry, routes, kept);
	tell(fib, prefix_id, former, kept ? routes[0] : 0);
	for (uint32_t i = 0; i < gone_count; i++)
		route_unref(fib, gone[i]);
	return true;
}

void fib_remove_source(struct fib *fib, enum route_source source)
{
	for (uint32_t id = fib_next(fib, 0); id != FIB_NO_PREFIX; id = fib_next(fib, id + 1))
		fib_remove(fib, id, source, FIB_ANY_METRIC);
}

/* ---- reading -------------------------------------------------------------------------------- */

const struct fib_route *fib_best(const struct fib *fib, uint32_t prefix_id)
{
	return route_of(fib, entry_best(fib, entry_get(fib, prefix_id)));
}

const struct fib_route *fib_of_source(const struct fib *fib, uint32_t prefix_id,
				      enum route_source source)
{
	uint32_t routes[ROUTES_MAX];
	uint32_t count = entry_routes(fib, entry_get(fib, prefix_id), routes);
	for (uint32_t i = 0; i < count; i++)
		if (route_of(fib, routes[i])->source == source)
			return route_of(fib, routes[i]);
	return NULL;
}

static const struct fib_route *best_but_bgp(const struct fib *fib, uint32_t entry)
{
	uint32_t routes[ROUTES_MAX], count = entry_routes(fib, entry, routes);
	for (uint32_t i = 0; i < count; i++)
		if (route_of(fib, routes[i])->source != ROUTE_BGP)
			return route_of(fib, routes[i]);
	return NULL;
}

const struct fib_route *fib_lookup(const struct fib *fib, struct ip_addr address, bool skip_bgp,
				   uint32_t *prefix_id)
{
	uint32_t ids[TRIE_DEPTH_MAX];
	if (address.family == IP_NONE)
		return NULL;
	int count = bgp_prefixes_containing(fib->table, address, ids);
	while (count-- > 0) {
		uint32_t entry = entry_get(fib, ids[count]);
		if (!entry)
			continue;
		const struct fib_route *route = skip_bgp ? best_but_bgp(fib, entry) :
							   route_of(fib, entry_best(fib, entry));
		if (!route)
			continue;
		if (prefix_id)
			*prefix_id = ids[count];
		return route;
	}
	return NULL;
}

uint32_t fib_next(const struct fib *fib, uint32_t from)
{
	for (uint32_t page = from >> PAGE_BITS; page < fib->page_count; page++) {
		if (!fib->pages[page])
			continue;
		uint32_t at = page == from >> PAGE_BITS ? from & (PAGE_ENTRIES - 1) : 0;
		for (; at < PAGE_ENTRIES; at++)
			if (fib->pages[page][at])
				return page << PAGE_BITS | at;
	}
	return FIB_NO_PREFIX;
}

uint32_t fib_select(uint32_t hash, uint32_t count, bool (*good)(const void *context, uint32_t hop),
		    const void *context)
{
	uint32_t first = UINT32_MAX;
	for (uint32_t i = 0; i < count; i++) {
		/* DIV_ROUND_CLOSEST((i + 1) << 31, count) - 1, as nh_group_rebalance has it. */
		uint64_t bound = (((uint64_t)(i + 1) << 31) + count / 2) / count - 1;
		if (good && !good(context, i))
			continue;
		if (first == UINT32_MAX)
			first = i;
		if (hash <= bound)
			return i;
	}
	return first == UINT32_MAX ? 0 : first;
}

void fib_clear(struct fib *fib)
{
	for (uint32_t id = fib_next(fib, 0); id != FIB_NO_PREFIX; id = fib_next(fib, id + 1))
		for (enum route_source source = 0; source < sizeof(source_rank); source++)
			fib_remove(fib, id, source, FIB_ANY_METRIC);
}
