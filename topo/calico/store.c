/* The resources of one revision: a sorted array, copied only when a shared one is about to change.
 */
#include "topo/calico/resource.h"

#include <stdlib.h>
#include <string.h>

#include "topo/list.h"

void calico_store_init(struct calico_store *store) { *store = (struct calico_store){ 0 }; }

struct calico_store calico_store_copy(struct calico_store *store)
{
	store->shared = true;
	return *store;
}

uint32_t calico_store_count(const struct calico_store *store) { return store->count; }

static int identity_order(const struct calico_resource *a, const struct calico_resource *b)
{
	int order = (int)a->kind - (int)b->kind;
	if (order == 0 && a->kind == CALICO_OTHER)
		order = strcmp(a->kind_name, b->kind_name);
	order = order ? order : strcmp(a->namespace, b->namespace);
	return order ? order : strcmp(a->name, b->name);
}

/* Where a resource is, or would be. */
static uint32_t place(const struct calico_store *store, const struct calico_resource *resource,
		      bool *found)
{
	uint32_t low = 0, high = store->count;
	*found = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = identity_order(store->items[middle], resource);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct calico_resource *calico_store_find(const struct calico_store *store,
						enum calico_kind kind, const char *namespace,
						const char *name)
{
	struct calico_resource like = { .kind = kind, .namespace = namespace, .name = name,
					.kind_name = "" };
	bool found;
	uint32_t at = place(store, &like, &found);
	return found ? store->items[at] : NULL;
}

void calico_store_range(const struct calico_store *store, enum calico_kind kind, uint32_t *first,
			uint32_t *end)
{
	struct calico_resource low = { .kind = kind, .namespace = "", .name = "", .kind_name = "" };
	struct calico_resource high = low;
	bool found;
	high.kind = kind + 1;
	*first = place(store, &low, &found);
	*end = place(store, &high, &found);
}

static void own(struct diag_list *diags, struct calico_store *store, uint32_t room)
{
	if (!store->shared && store->count + room <= store->capacity)
		return;
	store->capacity = store->count + room < 16 ? 16 : 2 * store->count;
	store->items = arena_grow(&diags->arena, store->items, store->count, store->capacity,
				  sizeof(*store->items));
	store->shared = false;
}

void calico_store_put(struct diag_list *diags, struct calico_store *store,
		      const struct calico_resource *resource)
{
	bool found;
	own(diags, store, 1);
	uint32_t at = place(store, resource, &found);
	if (!found) {
		memmove(&store->items[at + 1], &store->items[at],
			(store->count - at) * sizeof(*store->items));
		store->count++;
	}
	store->items[at] = resource;
}

void calico_store_remove(struct diag_list *diags, struct calico_store *store,
			 const struct calico_resource *resource)
{
	bool found;
	own(diags, store, 0);
	uint32_t at = place(store, resource, &found);
	if (!found)
		return;
	store->count--;
	memmove(&store->items[at], &store->items[at + 1],
		(store->count - at) * sizeof(*store->items));
}

/* ---- applying -------------------------------------------------------------------------------- */

/* What clientv3 checks of a pool against the others, and against what it was. */
static void check_pools(struct diag_list *diags, const struct calico_store *store,
			const struct calico_resource *pool)
{
	char text[IP_TEXT_MAX];
	uint32_t first, end;
	const struct yaml_node *cidr = yaml_get(yaml_get(pool->document, "spec"), "cidr");
	calico_store_range(store, CALICO_IP_POOL, &first, &end);
	for (uint32_t i = first; i < end; i++) {
		const struct calico_resource *other = store->items[i];
		struct ip_prefix a = pool->pool.cidr, b = other->pool.cidr;
		bool same = strcmp(other->name, pool->name) == 0;
		if (same && !ip_prefix_equal(a, b)) {
			diag_add(diags, DIAG_ERROR, "E208", cidr->pos,
				 "the cidr of an IPPool cannot be changed; it is %s",
				 ip_prefix_format(b, text));
		} else if (same && pool->pool.block_size != other->pool.block_size) {
			diag_add(diags, DIAG_ERROR, "E208", pool->pos,
				 "the blockSize of an IPPool cannot be changed; it is %u",
				 other->pool.block_size);
		} else if (!same && (ip_prefix_covers(a, b) || ip_prefix_covers(b, a))) {
			diag_add(diags, DIAG_ERROR, "E208", cidr->pos,
				 "this pool overlaps IPPool %s, %s", other->name,
				 ip_prefix_format(b, text));
		}
	}
}

bool calico_store_apply(struct diag_list *diags, struct calico_store *store,
			const struct yaml_node *document)
{
	size_t errors = diags->errors;
	const struct calico_resource *resource = calico_resource_read(diags, document);
	if (!resource)
		return false;
	if (resource->kind == CALICO_IP_POOL)
		check_pools(diags, store, resource);
	if (diags->errors != errors)
		return false;
	calico_store_put(diags, store, resource);
	return true;
}

/* A Calico Node that goes takes what was made for it alone along (clientv3/node.go). */
static void remove_dependents(struct diag_list *diags, struct calico_store *store, const char *node)
{
	for (uint32_t i = store->count; i-- > 0;) {
		const struct calico_resource *r = store->items[i];
		bool peer = r->kind == CALICO_BGP_PEER && r->peer.node &&
			    strcmp(r->peer.node, node) == 0;
		bool config = r->kind == CALICO_BGP_CONFIGURATION &&
			      strncmp(r->name, "node.", 5) == 0 && strcmp(r->name + 5, node) == 0;
		if (peer || config)
			calico_store_remove(diags, store, r);
	}
}

static bool delete_one(struct diag_list *diags, struct calico_store *store,
		       const struct yaml_node *document)
{
	struct calico_resource like;
	if (!calico_resource_identify(diags, document, &like))
		return false;
	bool found;
	uint32_t at = place(store, &like, &found);
	if (!found) {
		diag_add(diags, DIAG_ERROR, "E212", like.pos, "there is no %s %s to delete",
			 like.kind_name, like.name);
		return false;
	}
	const struct calico_resource *resource = store->items[at];
	calico_store_remove(diags, store, resource);
	if (resource->kind == CALICO_NODE)
		remove_dependents(diags, store, resource->name);
	return true;
}

typedef bool (*change)(struct diag_list *diags, struct calico_store *store,
		       const struct yaml_node *document);

/* `kind: List`, `kind: BGPPeerList`: what is inside. Lists do not nest. */
static bool each(struct diag_list *diags, struct calico_store *store,
		 const struct yaml_node *document, change apply)
{
	const struct yaml_node *kind = yaml_get(document, "kind");
	const struct yaml_node *items = yaml_get(document, "items");
	if (yaml_is_null(document))
		return true;
	size_t length = kind && kind->kind == YAML_SCALAR ? kind->length : 0;
	if (length < 4 || strcmp(kind->text + length - 4, "List") != 0 || !items)
		return apply(diags, store, document);
	if (yaml_is_null(items))
		return true;
	if (!yaml_want(diags, items, YAML_SEQUENCE, "items"))
		return false;
	bool good = true;
	for (uint32_t i = 0; i < items->count; i++)
		good &= apply(diags, store, items->items[i]);
	return good;
}

bool calico_store_add(struct diag_list *diags, struct calico_store *store,
		      const struct yaml_node *document)
{
	return each(diags, store, document, calico_store_apply);
}

bool calico_store_delete(struct diag_list *diags, struct calico_store *store,
			 const struct yaml_node *document)
{
	return each(diags, store, document, delete_one);
}

const char **calico_node_names(struct diag_list *diags, const struct calico_store *store,
			       uint32_t *count)
{
	uint32_t first, middle, end, n = 0;
	calico_store_range(store, CALICO_NODE, &first, &middle);
	calico_store_range(store, CALICO_K8S_NODE, &middle, &end);
	const char **names = arena_alloc(&diags->arena, (end - first + 1) * sizeof(*names));
	for (uint32_t a = first, b = middle; a < middle || b < end;) {
		int order = a == middle ? 1 : b == end ? -1
					: strcmp(store->items[a]->name, store->items[b]->name);
		names[n++] = order <= 0 ? store->items[a]->name : store->items[b]->name;
		a += order <= 0;
		b += order >= 0;
	}
	*count = n;
	return names;
}

struct source_pos calico_node_pos(const struct calico_store *store, const char *node)
{
	const struct calico_resource *r = calico_store_find(store, CALICO_NODE, "", node);
	if (!r)
		r = calico_store_find(store, CALICO_K8S_NODE, "", node);
	return r ? r->pos : (struct source_pos){ 0 };
}

const struct model_pool *calico_pools(struct diag_list *diags, const struct calico_store *store,
				      uint32_t *count)
{
	uint32_t first, end;
	calico_store_range(store, CALICO_IP_POOL, &first, &end);
	struct model_pool *pools = arena_alloc(&diags->arena, (end - first + 1) * sizeof(*pools));
	for (uint32_t i = first; i < end; i++) {
		const struct calico_resource *r = store->items[i];
		struct model_pool *pool = &pools[i - first];
		pool->name = r->name;
		pool->cidr = r->pool.cidr;
		pool->nat_outgoing = r->pool.nat;
		pool->disabled = r->pool.disabled;
		pool->export_disabled = r->pool.export_disabled;
		pool->ipip = r->pool.ipip;
		pool->vxlan = r->pool.vxlan;
		pool->pos = r->pos;
		pool->nat_pos = r->pool.nat_pos;
	}
	*count = end - first;
	return pools;
}
