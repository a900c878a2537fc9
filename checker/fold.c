/* Sessions, paths, kernel routes and ARP entries: the rows a trace adds, changes and takes away. */
#include "checker/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

struct row_key {
	uint32_t node, number; /* number: path id or metric */
	const char *name;      /* interned: neighbour or interface */
	struct ip_prefix prefix;
	enum route_source source;
};

static uint64_t key_hash(const struct row_key *key)
{
	uint64_t hash = hash_u64((uint64_t)key->node << 32 | key->number);
	if (key->name)
		hash = hash_u64(hash ^ hash_bytes(key->name, strlen(key->name)));
	hash ^= ip_addr_hash(key->prefix.addr) + key->prefix.length * UINT64_C(0x9e3779b97f4a7c15);
	return hash_u64(hash + key->source);
}

static bool session_match(const struct row *row, const void *with)
{
	const struct state_session *it = &((const struct session_row *)row)->session;
	const struct row_key *key = with;
	return it->node == key->node && it->neighbor == key->name;
}

static bool path_match(const struct row *row, const void *with)
{
	const struct state_path *it = &((const struct path_row *)row)->path;
	const struct row_key *key = with;
	return it->node == key->node && it->neighbor == key->name && it->path_id == key->number &&
	       ip_prefix_equal(it->prefix, key->prefix);
}

static bool best_match(const struct row *row, const void *with)
{
	const struct best_row *it = (const struct best_row *)row;
	const struct row_key *key = with;
	return row->node == key->node && ip_prefix_equal(it->prefix, key->prefix);
}

static bool route_match(const struct row *row, const void *with)
{
	const struct state_route *it = &((const struct route_row *)row)->route;
	const struct row_key *key = with;
	return it->node == key->node && it->metric == key->number && it->source == key->source &&
	       ip_prefix_equal(it->prefix, key->prefix);
}

static bool neighbor_match(const struct row *row, const void *with)
{
	const struct state_neighbor *it = &((const struct neighbor_row *)row)->neighbor;
	const struct row_key *key = with;
	return it->node == key->node && it->interface == key->name &&
	       ip_addr_equal(it->address, key->prefix.addr);
}

static int by_number(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

static int session_order(const void *a, const void *b)
{
	const struct session_row *x = *(struct session_row *const *)a;
	const struct session_row *y = *(struct session_row *const *)b;
	int order = by_number(x->order, y->order);
	return order ? order : strcmp(x->session.neighbor, y->session.neighbor);
}

static int path_order(const void *a, const void *b)
{
	const struct state_path *x = &(*(struct path_row *const *)a)->path;
	const struct state_path *y = &(*(struct path_row *const *)b)->path;
	int order = ip_prefix_compare(x->prefix, y->prefix);
	if (!order)
		order = (int)y->best - (int)x->best;
	if (!order)
		order = strcmp(x->neighbor, y->neighbor);
	return order ? order : by_number(x->path_id, y->path_id);
}

static int best_order(const void *a, const void *b)
{
	return ip_prefix_compare((*(struct best_row *const *)a)->prefix,
				 (*(struct best_row *const *)b)->prefix);
}

static int route_order(const void *a, const void *b)
{
	const struct state_route *x = &(*(struct route_row *const *)a)->route;
	const struct state_route *y = &(*(struct route_row *const *)b)->route;
	int order = ip_prefix_compare(x->prefix, y->prefix);
	if (!order)
		order = by_number(x->metric, y->metric);
	return order ? order : by_number(x->source, y->source);
}

static int neighbor_order(const void *a, const void *b)
{
	const struct state_neighbor *x = &(*(struct neighbor_row *const *)a)->neighbor;
	const struct state_neighbor *y = &(*(struct neighbor_row *const *)b)->neighbor;
	int order = ip_addr_compare(x->address, y->address);
	return order ? order : strcmp(x->interface, y->interface);
}

static void route_drop(struct row *row)
{
	free((void *)(uintptr_t)((struct route_row *)row)->route.next_hops);
}

void tables_init(struct state *state)
{
	uint32_t nodes = state->model->node_count;
	table_init(&state->sessions, nodes, sizeof(struct session_row), session_order, NULL);
	table_init(&state->paths, nodes, sizeof(struct path_row), path_order, NULL);
	table_init(&state->bests, nodes, sizeof(struct best_row), best_order, NULL);
	table_init(&state->routes, nodes, sizeof(struct route_row), route_order, route_drop);
	table_init(&state->neighbors, nodes, sizeof(struct neighbor_row), neighbor_order, NULL);
}

void tables_free(struct state *state)
{
	table_free(&state->sessions);
	table_free(&state->paths);
	table_free(&state->bests);
	table_free(&state->routes);
	table_free(&state->neighbors);
}

/* ---- sessions ------------------------------------------------------------------------------- */

static uint32_t configured_order(const struct state *state, uint32_t node, const char *neighbor)
{
	if (state->revision >= state->model->revision_count)
		return MODEL_NONE;
	const struct model_config *config = state->model->revisions[state->revision].nodes[node];
	for (uint32_t i = 0; config && i < config->bgp.neighbor_count; i++)
		if (strcmp(config->bgp.neighbors[i].name, neighbor) == 0)
			return i;
	return MODEL_NONE;
}

static struct session_row *session_row(struct state *state, uint32_t node, const char *neighbor)
{
	struct row_key key = { .node = node, .name = state_intern(state, neighbor) };
	uint64_t hash = key_hash(&key);
	struct row *row = table_find(&state->sessions, hash, session_match, &key);
	if (row)
		return (struct session_row *)row;
	row = table_add(&state->sessions, node, hash);
	struct session_row *fresh = (struct session_row *)row;
	fresh->order = configured_order(state, node, key.name);
	const char *none = state_intern(state, "");
	fresh->session = (struct state_session){
		.node = node, .neighbor = key.name, .state = state_intern(state, "Idle"),
		.reason = none, .error = none, .last_error = none, .since_ns = state->now_ns,
		.protocol_since_ns = state->now_ns, .last_established_ns = MODEL_NO_TIME,
		.last_heard_ns = MODEL_NO_TIME,
	};
	return fresh;
}

static bool is_up(const char *session_state) { return strcmp(session_state, "Established") == 0; }

static void change_session(struct state *state, struct state_session *session, const char *to)
{
	bool was_up = is_up(session->state), now_up = is_up(to);
	if (strcmp(session->state, to) != 0)
		session->since_ns = state->now_ns;
	session->state = state_intern(state, to);
	session->sequence = state->sequence;
	if (was_up != now_up)
		session->protocol_since_ns = state->now_ns;
	if (now_up && !was_up) {
		session->ever_established = true;
		session->last_established_ns = state->now_ns;
	}
	if (!now_up)
		session->prefixes_sent = 0;
}

void fold_session(struct state *state, const struct observation *o)
{
	struct state_session *session = &session_row(state, o->node, o->session.neighbor)->session;
	change_session(state, session, o->session.new_state ? o->session.new_state : "Idle");
	/* BIRD takes a protocol down and up again when a session ended with an error. */
	if (o->session.error_code)
		session->protocol_since_ns = state->now_ns;
	session->peer = o->session.peer;
	session->local = o->session.local;
	session->reason = state_intern(state, o->session.reason);
	session->error = state_intern(state, o->session.error);
	session->last_error = state_intern(state, o->session.last_error);
	session->graceful = o->session.graceful;
	session->waiting = o->session.waiting;
	session->hold_s = o->session.hold_s;
	session->keepalive_s = o->session.keepalive_s;
}

void fold_message(struct state *state, const struct observation *o)
{
	struct state_session *session = &session_row(state, o->node, o->message.neighbor)->session;
	if (!o->message.sent) {
		session->messages_received++;
		session->last_heard_ns = o->at_ns;
		return;
	}
	session->messages_sent++;
	session->prefixes_sent += o->message.announced;
	session->prefixes_sent -= o->message.withdrawn < session->prefixes_sent ?
		o->message.withdrawn : session->prefixes_sent;
}

void order_sessions(struct state *state)
{
	for (uint32_t node = 0; node < state->model->node_count; node++) {
		struct row_list *list = &state->sessions.lists[node];
		for (size_t i = 0; i < list->count; i++) {
			struct session_row *row = (struct session_row *)list->rows[i];
			row->order = configured_order(state, node, row->session.neighbor);
		}
		table_disorder(&state->sessions, node);
	}
}

/* ---- paths ---------------------------------------------------------------------------------- */

static struct row_key path_key(struct state *state, const struct observation *o)
{
	return (struct row_key){ .node = o->node, .number = o->path.path_id,
				 .name = state_intern(state, o->path.neighbor),
				 .prefix = o->path.prefix };
}

static struct path_row *path_find(const struct state *state, const struct row_key *key)
{
	return (struct path_row *)table_find(&state->paths, key_hash(key), path_match, key);
}

static struct path_row *path_row(struct state *state, const struct row_key *key)
{
	struct path_row *row = path_find(state, key);
	if (row)
		return row;
	row = (struct path_row *)table_add(&state->paths, key->node, key_hash(key));
	row->path = (struct state_path){ .node = key->node, .neighbor = key->name,
					 .prefix = key->prefix, .path_id = key->number,
					 .rule = state_intern(state, ""),
					 .since_ns = state->now_ns };
	return row;
}

static void fill_path(struct state *state, struct state_path *path, const struct observation *o)
{
	path->attrs = o->path.attrs;
	path->attrs.as_path = state_intern(state, o->path.attrs.as_path);
	path->attrs.cluster_list = state_intern(state, o->path.attrs.cluster_list);
	path->attrs.communities = state_intern(state, o->path.attrs.communities);
	path->stale = o->path.stale;
	path->sequence = o->sequence;
}

static void count_path(struct state *state, const struct row_key *key, int change)
{
	if (key->name[0])
		session_row(state, key->node, key->name)->session.prefixes_received +=
			(uint32_t)change;
}

static struct best_row *best_find(const struct state *state, uint32_t node, struct ip_prefix prefix)
{
	struct row_key key = { .node = node, .prefix = prefix };
	return (struct best_row *)table_find(&state->bests, key_hash(&key), best_match, &key);
}

static bool is_best(const struct state *state, const struct row_key *key)
{
	const struct best_row *best = best_find(state, key->node, key->prefix);
	return best && best->neighbor == key->name && best->path_id == key->number;
}

void fold_path(struct state *state, const struct observation *o)
{
	struct row_key key = path_key(state, o);
	struct path_row *row = o->path.gone ? path_find(state, &key) : path_row(state, &key);
	if (!row)
		return;
	if (row->held == o->path.gone)
		count_path(state, &key, o->path.gone ? -1 : 1);
	if (o->path.gone) {
		table_remove(&state->paths, &row->row);
		return;
	}
	row->held = true;
	row->path.since_ns = o->at_ns;
	fill_path(state, &row->path, o);
	row->path.best = is_best(state, &key);
}

static void unset_best(struct state *state, const struct best_row *best)
{
	struct row_key key = { .node = best->row.node, .number = best->path_id,
			       .name = best->neighbor, .prefix = best->prefix };
	struct path_row *row = path_find(state, &key);
	if (!row)
		return;
	row->path.best = false;
	row->path.rule = state_intern(state, "");
	table_disorder(&state->paths, key.node);
	if (!row->held)
		table_remove(&state->paths, &row->row);
}

void fold_best(struct state *state, const struct observation *o)
{
	struct row_key key = path_key(state, o);
	struct best_row *best = best_find(state, o->node, o->path.prefix);
	bool same = best && !o->path.gone && best->neighbor == key.name &&
		    best->path_id == key.number;
	if (best && !same)
		unset_best(state, best);
	if (o->path.gone) {
		if (best)
			table_remove(&state->bests, &best->row);
		return;
	}
	if (!best) {
		struct row_key place = { .node = o->node, .prefix = o->path.prefix };
		best = (struct best_row *)table_add(&state->bests, o->node, key_hash(&place));
		best->prefix = o->path.prefix;
	}
	best->neighbor = key.name;
	best->path_id = key.number;
	struct path_row *row = path_row(state, &key);
	fill_path(state, &row->path, o);
	row->path.best = true;
	row->path.rule = state_intern(state, o->path.rule);
	table_disorder(&state->paths, o->node);
}

/* ---- the kernel's tables -------------------------------------------------------------------- */

void fold_fib(struct state *state, const struct observation *o)
{
	struct row_key key = { .node = o->node, .number = o->fib.metric, .prefix = o->fib.prefix,
			       .source = o->fib.source };
	uint64_t hash = key_hash(&key);
	struct row *row = table_find(&state->routes, hash, route_match, &key);
	if (o->fib.removed) {
		if (row)
			table_remove(&state->routes, row);
		return;
	}
	if (row)
		route_drop(row);
	else
		row = table_add(&state->routes, o->node, hash);
	struct observed_next_hop *hops =
		memory_alloc((o->fib.next_hop_count + 1) * sizeof(*hops));
	for (uint32_t i = 0; i < o->fib.next_hop_count; i++)
		hops[i] = (struct observed_next_hop){
			o->fib.next_hops[i].via,
			state_intern(state, o->fib.next_hops[i].interface),
		};
	((struct route_row *)row)->route = (struct state_route){
		.node = o->node, .prefix = o->fib.prefix, .source = o->fib.source,
		.metric = o->fib.metric, .next_hops = hops,
		.next_hop_count = o->fib.next_hop_count, .since_ns = o->at_ns,
		.sequence = o->sequence,
	};
}

void fold_neighbor(struct state *state, const struct observation *o)
{
	struct row_key key = { .node = o->node,
			       .name = state_intern(state, o->neighbor.interface),
			       .prefix = { o->neighbor.address, 0 } };
	uint64_t hash = key_hash(&key);
	struct row *row = table_find(&state->neighbors, hash, neighbor_match, &key);
	const char *entry_state = state_intern(state, o->neighbor.state);
	if (strcmp(entry_state, "NONE") == 0) {
		if (row)
			table_remove(&state->neighbors, row);
		return;
	}
	if (!row)
		row = table_add(&state->neighbors, o->node, hash);
	struct state_neighbor *neighbor = &((struct neighbor_row *)row)->neighbor;
	int64_t since_ns = neighbor->state == entry_state ? neighbor->since_ns : o->at_ns;
	*neighbor = (struct state_neighbor){ o->node, key.name, entry_state, o->neighbor.address,
					     o->neighbor.mac, since_ns };
}

/* ---- forgetting ----------------------------------------------------------------------------- */

void forget_daemon(struct state *state, uint32_t node, const char *reason)
{
	table_clear(&state->paths, node);
	table_clear(&state->bests, node);
	struct row_list *list = &state->sessions.lists[node];
	for (size_t i = 0; i < list->count; i++) {
		struct state_session *session = &((struct session_row *)list->rows[i])->session;
		session->prefixes_received = 0;
		if (strcmp(session->state, "Idle") == 0)
			continue;
		change_session(state, session, "Idle");
		session->reason = state_intern(state, reason);
		session->hold_s = session->keepalive_s = 0;
	}
}

void forget_kernel(struct state *state, uint32_t node)
{
	table_clear(&state->routes, node);
	table_clear(&state->neighbors, node);
}

/* ---- walks ---------------------------------------------------------------------------------- */

/* A string nobody interned can be in no row. */
static const char *find_string(const struct state *state, const char *string)
{
	uint64_t hash = hash_bytes(string, strlen(string));
	uint32_t cursor = HASH_NONE, number;
	while ((number = hash_index_next(&state->string_index, hash, &cursor)) != HASH_NONE)
		if (strcmp(state->strings[number], string) == 0)
			return state->strings[number];
	return NULL;
}

const struct state_session *state_session_find(const struct state *state, uint32_t node,
					       const char *neighbor)
{
	struct row_key key = { .node = node, .name = find_string(state, neighbor) };
	struct row *row = key.name ?
		table_find(&state->sessions, key_hash(&key), session_match, &key) : NULL;
	return row ? &((struct session_row *)row)->session : NULL;
}

const struct state_session *state_session_next(const struct state *state, uint32_t node,
					       uint32_t *cursor)
{
	struct row *row = table_next(&state->sessions, node, cursor);
	return row ? &((struct session_row *)row)->session : NULL;
}

const struct state_route *state_route_next(const struct state *state, uint32_t node,
					   uint32_t *cursor)
{
	struct row *row = table_next(&state->routes, node, cursor);
	return row ? &((struct route_row *)row)->route : NULL;
}

const struct state_path *state_path_next(const struct state *state, uint32_t node,
					 uint32_t *cursor)
{
	struct row *row = table_next(&state->paths, node, cursor);
	return row ? &((struct path_row *)row)->path : NULL;
}

const struct state_neighbor *state_neighbor_next(const struct state *state, uint32_t node,
						 uint32_t *cursor)
{
	struct row *row = table_next(&state->neighbors, node, cursor);
	return row ? &((struct neighbor_row *)row)->neighbor : NULL;
}

const struct state_path *state_best_find(const struct state *state, uint32_t node,
					 struct ip_prefix prefix)
{
	const struct best_row *best = best_find(state, node, prefix);
	if (!best)
		return NULL;
	struct row_key key = { .node = node, .number = best->path_id, .name = best->neighbor,
			       .prefix = prefix };
	const struct path_row *row = path_find(state, &key);
	return row ? &row->path : NULL;
}

/* Of several routes to one prefix the kernel uses that of the lowest metric. */
const struct state_route *state_route_find(const struct state *state, uint32_t node,
					   struct ip_prefix prefix)
{
	const struct row_list *list = &state->routes.lists[node];
	const struct state_route *found = NULL;
	for (size_t i = 0; i < list->count; i++) {
		const struct state_route *route = &((struct route_row *)list->rows[i])->route;
		if (!ip_prefix_equal(route->prefix, prefix))
			continue;
		if (!found || route->metric < found->metric ||
		    (route->metric == found->metric && route->source < found->source))
			found = route;
	}
	return found;
}
