/* Which peers the BGPPeers make (confd's client.go, v3.23.3): a table of keys that every node works
 * out for itself, the same everywhere.
 *
 * Three passes: BGPPeers for all nodes, BGPPeers for some nodes, and then the other side of each.
 * The first entry of a key stays; a global entry keeps node entries of the same address and port
 * away. Real Calico walks the BGPPeers in random order, so two that give one key different values
 * pick a winner by chance: here the first by name wins, and that is reported. */
#include "topo/calico/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "topo/list.h"

static uint64_t key_hash(uint32_t node, struct ip_addr addr, uint16_t port)
{
	return hash_u64(ip_addr_hash(addr) ^ hash_u64((uint64_t)node << 16 | port));
}

static uint64_t entry_hash(const void *context, uint32_t value)
{
	const struct calico_cluster *c = context;
	const struct calico_entry *e = &c->entries[value];
	return key_hash(e->node, e->addr, e->port);
}

static const struct calico_entry *find(const struct calico_cluster *c, uint32_t node,
				       struct ip_addr addr, uint16_t port)
{
	uint64_t hash = key_hash(node, addr, port);
	uint32_t cursor = HASH_NONE, at;
	while ((at = hash_index_next(&c->index, hash, &cursor)) != HASH_NONE) {
		const struct calico_entry *e = &c->entries[at];
		if (e->node == node && e->port == port && ip_addr_equal(e->addr, addr))
			return e;
	}
	return NULL;
}

static bool same_secret(const struct calico_secret_ref *a, const struct calico_secret_ref *b)
{
	if (!a->name || !b->name)
		return a->name == b->name;
	return strcmp(a->name, b->name) == 0 && a->key && b->key && strcmp(a->key, b->key) == 0;
}

/* Said once for each pair that comes in a row: every node has the same story. */
static void warn_conflict(struct calico_cluster *c, const struct calico_entry *old,
			  const struct calico_entry *new)
{
	const struct calico_bgp_peer *a = &old->resource->peer, *b = &new->resource->peer;
	if (old->resource == new->resource || old->reverse != new->reverse ||
	    (old->as == new->as && same_secret(&a->password, &b->password) &&
	     a->restart_s == b->restart_s && a->source_none == b->source_none &&
	     old->keep_next_hop == new->keep_next_hop && old->allow_as_in == new->allow_as_in))
		return;
	if (c->conflict[0] == old->resource && c->conflict[1] == new->resource)
		return;
	c->conflict[0] = old->resource;
	c->conflict[1] = new->resource;
	diag_add(c->diags, DIAG_WARNING, "W227", new->resource->pos,
		 "BGPPeer %s makes the same session to %s as BGPPeer %s, with other settings",
		 new->resource->name, new->key, old->resource->name);
	diag_note(c->diags, "Calico picks one at random; here it is %s", old->resource->name);
}

static void emit(struct calico_cluster *c, struct calico_entry entry)
{
	char text[IP_TEXT_MAX];
	ip_addr_format(entry.addr, text);
	const struct calico_entry *old = find(c, entry.node, entry.addr, entry.port);
	if (!old && entry.node != CALICO_GLOBAL && find(c, CALICO_GLOBAL, entry.addr, entry.port))
		return;
	entry.key = old ? old->key
		    : entry.port ? arena_printf(c->arena, "%s-%u", text, entry.port)
				 : arena_strdup(c->arena, text);
	if (old) {
		warn_conflict(c, old, &entry);
		return;
	}
	if (c->entry_count == c->entry_capacity) {
		c->entry_capacity = c->entry_count < 32 ? 64 : 2 * c->entry_count;
		c->entries = arena_grow(c->arena, c->entries, c->entry_count, c->entry_capacity,
					sizeof(*c->entries));
	}
	c->entries[c->entry_count++] = entry;
	hash_index_add(&c->index, key_hash(entry.node, entry.addr, entry.port), c->entry_count - 1,
		       entry_hash, c);
}

/* What one BGPPeer selects. */
struct selection {
	const struct calico_resource *resource;
	const char *password;
	uint32_t *local, *peers; /* node numbers; peers: of peerSelector */
	uint32_t local_count, peer_count;
	struct calico_entry peer_ip;
};

/* A node as a peer: an entry for each family it has an address in. */
static void emit_node(struct calico_cluster *c, uint32_t to, uint32_t peer,
		      const struct selection *s, bool reverse)
{
	const struct calico_node *node = &c->nodes[peer];
	const struct ip_prefix *addresses[] = { &node->v4, &node->v6 };
	for (size_t i = 0; i < 2; i++) {
		if (addresses[i]->addr.family == IP_NONE)
			continue;
		emit(c, (struct calico_entry){
			.node = to, .addr = addresses[i]->addr, .port = node->port, .as = node->as,
			.cluster_id = node->cluster_id, .peer_node = peer, .resource = s->resource,
			.password = s->password, .reverse = reverse, .as_pos = node->as_pos });
	}
}

static bool has_address(const struct calico_node *node, struct ip_addr addr)
{
	return ip_addr_equal(node->v4.addr, addr) || ip_addr_equal(node->v6.addr, addr);
}

/* Does this node answer to peerIP, its AS and its port? A global listenPort counts against a given
 * port even where the node's own would fit: v3.23.3 does it so. */
static bool is_peer_ip(const struct calico_cluster *c, const struct calico_node *node,
		       const struct calico_bgp_peer *peer)
{
	uint32_t as = peer->as ? peer->as : c->as;
	uint16_t global = c->config->listen_port;
	if (!has_address(node, peer->addr) || node->as != as)
		return false;
	if (!peer->port)
		return true;
	if (node->own_port && node->own_port != peer->port)
		return false;
	return !global || global == peer->port;
}

/* The entry a peerIP makes, but for whose it is. */
static struct calico_entry peer_ip_entry(const struct calico_cluster *c,
					 const struct calico_resource *resource)
{
	const struct calico_bgp_peer *peer = &resource->peer;
	struct calico_entry entry = {
		.addr = peer->addr, .port = peer->port, .as = peer->as,
		.keep_next_hop = peer->keep_next_hop, .allow_as_in = peer->allow_as_in,
		.peer_node = CALICO_GLOBAL, .resource = resource, .as_pos = peer->as_pos,
	};
	for (uint32_t i = 0; i < c->node_count; i++) {
		const struct calico_node *node = &c->nodes[i];
		if (has_address(node, peer->addr)) {
			entry.calico_node = true;
			entry.peer_node = i;
		}
		if (!entry.port && is_peer_ip(c, node, peer))
			entry.port = node->port;
	}
	return entry;
}

static bool is_local(const struct calico_node *node, const struct calico_bgp_peer *peer)
{
	if (peer->has_node_selector)
		return calico_node_selected(node, &peer->node_selector);
	return !peer->node || strcmp(peer->node, node->name) == 0;
}

static struct selection select_nodes(struct calico_cluster *c, const struct calico_resource *r)
{
	const struct calico_bgp_peer *peer = &r->peer;
	struct selection s = { 0 };
	s.local = arena_alloc(c->arena, (c->node_count + 1) * sizeof(*s.local));
	s.peers = arena_alloc(c->arena, (c->node_count + 1) * sizeof(*s.peers));
	for (uint32_t i = 0; i < c->node_count; i++) {
		if (is_local(&c->nodes[i], peer))
			s.local[s.local_count++] = i;
		if (peer->has_peer_selector
			    ? calico_node_selected(&c->nodes[i], &peer->peer_selector)
			    : peer->addr.family && is_peer_ip(c, &c->nodes[i], peer))
			s.peers[s.peer_count++] = i;
	}
	s.resource = r;
	s.password = calico_password(c, &peer->password);
	s.peer_ip = peer_ip_entry(c, r);
	s.peer_ip.password = s.password;
	return s;
}

static void warn_nothing(struct calico_cluster *c, const struct calico_resource *r,
			 const struct selection *s)
{
	const struct calico_bgp_peer *peer = &r->peer;
	if (s->local_count == 0 && peer->node)
		diag_add(c->diags, DIAG_WARNING, "W228", peer->node_pos,
			 "there is no node %s: BGPPeer %s makes no session", peer->node, r->name);
	else if (s->local_count == 0 && peer->has_node_selector)
		diag_add(c->diags, DIAG_WARNING, "W228", peer->selector_pos,
			 "no node matches: BGPPeer %s makes no session", r->name);
	if (s->peer_count == 0 && peer->has_peer_selector)
		diag_add(c->diags, DIAG_WARNING, "W228", peer->peer_selector_pos,
			 "no node matches: BGPPeer %s makes no session", r->name);
}

static void forward(struct calico_cluster *c, uint32_t to, const struct selection *s)
{
	const struct calico_resource *r = s->resource;
	if (r->peer.has_peer_selector)
		for (uint32_t i = 0; i < s->peer_count; i++)
			emit_node(c, to, s->peers[i], s, false);
	if (r->peer.has_peer_selector || r->peer.addr.family == IP_NONE)
		return;
	struct calico_entry entry = s->peer_ip;
	entry.node = to;
	emit(c, entry);
}

static bool is_global(const struct calico_bgp_peer *peer)
{
	return !peer->node && !peer->has_node_selector;
}

static int entry_order(const struct calico_entry *a, const struct calico_entry *b)
{
	if (a->addr.family != b->addr.family)
		return a->addr.family < b->addr.family ? -1 : 1;
	return strcmp(a->key, b->key);
}

/* Heap sort: qsort takes no context, and the numbers mean nothing without the entries. */
static void sift(const struct calico_entry *entries, uint32_t *numbers, uint32_t at, uint32_t count)
{
	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= count)
			return;
		if (child + 1 < count &&
		    entry_order(&entries[numbers[child]], &entries[numbers[child + 1]]) < 0)
			child++;
		if (entry_order(&entries[numbers[at]], &entries[numbers[child]]) >= 0)
			return;
		uint32_t swap = numbers[at];
		numbers[at] = numbers[child];
		numbers[child] = swap;
		at = child;
	}
}

static void sort_numbers(const struct calico_entry *entries, uint32_t *numbers, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		sift(entries, numbers, i, count);
	for (uint32_t end = count; end-- > 1;) {
		uint32_t swap = numbers[0];
		numbers[0] = numbers[end];
		numbers[end] = swap;
		sift(entries, numbers, 0, end);
	}
}

/* Each node's entries in the order of BIRD's file: IPv4 first, then by key as text. */
static void sort_entries(struct calico_cluster *c)
{
	uint32_t *next = arena_alloc(c->arena, (c->node_count + 2) * sizeof(*next));
	c->of_node = arena_alloc(c->arena, (c->node_count + 2) * sizeof(*c->of_node));
	c->by_node = arena_alloc(c->arena, (c->entry_count + 1) * sizeof(*c->by_node));
	c->global = arena_alloc(c->arena, (c->entry_count + 1) * sizeof(*c->global));
	for (uint32_t i = 0; i < c->entry_count; i++) {
		if (c->entries[i].node == CALICO_GLOBAL)
			c->global[c->global_count++] = i;
		else
			c->of_node[c->entries[i].node + 1]++;
	}
	for (uint32_t i = 0; i < c->node_count; i++) {
		c->of_node[i + 1] += c->of_node[i];
		next[i + 1] = c->of_node[i + 1];
	}
	for (uint32_t i = 0; i < c->entry_count; i++)
		if (c->entries[i].node != CALICO_GLOBAL)
			c->by_node[next[c->entries[i].node]++] = i;
	for (uint32_t i = 0; i < c->node_count; i++)
		sort_numbers(c->entries, c->by_node + c->of_node[i],
			     c->of_node[i + 1] - c->of_node[i]);
	sort_numbers(c->entries, c->global, c->global_count);
}

void calico_cluster_peers(struct calico_cluster *c)
{
	uint32_t first, end;
	calico_store_range(c->store, CALICO_BGP_PEER, &first, &end);
	struct selection *selected = arena_alloc(c->arena, (end - first + 1) * sizeof(*selected));
	for (uint32_t i = first; i < end; i++) {
		const struct calico_resource *r = c->store->items[i];
		selected[i - first] = select_nodes(c, r);
		warn_nothing(c, r, &selected[i - first]);
		if (!r->peer.has_peer_selector && r->peer.addr.family && r->peer.as == 0) {
			diag_add(c->diags, DIAG_ERROR, "E213", r->pos,
				 "BGPPeer %s has no asNumber", r->name);
			diag_note(c->diags,
				  "Calico accepts it and writes `as 0`, which BIRD refuses: "
				  "every node keeps its old configuration, or has none");
		}
		if (is_global(&r->peer))
			forward(c, CALICO_GLOBAL, &selected[i - first]);
	}
	for (uint32_t i = first; i < end; i++) {
		const struct selection *s = &selected[i - first];
		for (uint32_t k = 0; k < s->local_count && !is_global(&c->store->items[i]->peer);
		     k++)
			forward(c, s->local[k], s);
	}
	for (uint32_t i = first; i < end; i++) {
		const struct selection *s = &selected[i - first];
		for (uint32_t p = 0; p < s->local_count; p++)
			for (uint32_t l = 0; l < s->peer_count; l++)
				emit_node(c, s->peers[l], s->local[p], s, true);
	}
	sort_entries(c);
}
