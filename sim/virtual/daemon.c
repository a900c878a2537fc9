#include "sim/virtual/daemon.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/setup.h"
#include "sim/virtual/observe.h"

#define BGP_PORT 179

static struct instant now_of(const struct node *node) { return node->world->network->engine.now; }

/* ---- connections ----------------------------------------------------------------------------- */

static uint64_t hash_place(const void *context, uint32_t place)
{
	const struct node *node = context;
	return hash_u64(node->connections[place].number);
}

static uint32_t connection_place(const struct node *node, uint32_t number)
{
	uint32_t cursor = HASH_NONE, place;
	while ((place = hash_index_next(&node->by_number, hash_u64(number), &cursor)) != HASH_NONE)
		if (node->connections[place].number == number)
			return place;
	return HASH_NONE;
}

void daemon_connection_add(struct node *node, uint32_t number, tcp_id tcp,
			   struct ip_addr remote)
{
	struct node_connection connection = { .number = number, .tcp = tcp, .remote = remote };
	uint32_t place = node->connection_count;
	ARRAY_PUSH(node->connections, node->connection_count, node->connection_capacity,
		   connection);
	hash_index_add(&node->by_number, hash_u64(number), place, hash_place, node);
}

/* The last one moves into the gap. */
void daemon_connection_gone(struct node *node, uint32_t number)
{
	uint32_t place = connection_place(node, number);
	if (place == HASH_NONE)
		return;
	hash_index_remove(&node->by_number, hash_u64(number), place);
	uint32_t last = --node->connection_count;
	if (place == last)
		return;
	hash_index_remove(&node->by_number, hash_u64(node->connections[last].number), last);
	node->connections[place] = node->connections[last];
	hash_index_add(&node->by_number, hash_u64(node->connections[place].number), place,
		       hash_place, node);
}

static tcp_id connection_tcp(const struct node *node, uint32_t number)
{
	uint32_t place = connection_place(node, number);
	return place == HASH_NONE ? 0 : node->connections[place].tcp;
}

/* ---- sockets --------------------------------------------------------------------------------- */

static struct tcp_options socket_options(const struct node *node,
					 const struct bgp_peer_config *peer,
					 struct tcp_md5_key *key)
{
	bool external = peer->remote_as != (peer->local_as ? peer->local_as : node->bgp.local_as);
	struct tcp_options options = { .min_ttl = peer->ttl_min };
	if (peer->ttl)
		options.ttl = peer->ttl;
	else
		options.ttl = external && !peer->multihop ? 1 : node->bgp.profile->ttl_internal;
	if (peer->password) {
		size_t length = strlen(peer->password);
		key->length = (uint8_t)(length < TCP_MD5_KEY_MAX ? length : TCP_MD5_KEY_MAX);
		memcpy(key->bytes, peer->password, key->length);
		options.md5 = key;
	}
	return options;
}

/* Asked by TCP at each SYN: a scan, because it is once a connection, not once a message. */
static bool listen_peer(void *context, struct ip_addr remote, struct tcp_options *options)
{
	struct node *node = context;
	for (size_t i = 0; i < node->bgp.peer_count; i++) {
		if (!ip_addr_equal(node->bgp.peers[i].remote, remote))
			continue;
		*options = socket_options(node, &node->bgp.peers[i], &node->listen_key);
		return true;
	}
	return false;
}

static void listen_on(struct node *node)
{
	const struct tcp_listen_options options = {
		.port = node->bgp.listen_port ? node->bgp.listen_port : BGP_PORT,
		.backlog = node->bgp.profile->listen_backlog,
		.peer = listen_peer,
		.context = node,
	};
	node->listener = tcp_listen(node->tcp, &options);
}

static void dial(struct node *node, const struct bgp_effect *effect)
{
	const struct bgp_peer_config *peer = effect->peer;
	struct tcp_md5_key key;
	const struct tcp_connect_options options = {
		.local = peer->local,
		.remote = peer->remote,
		.remote_port = peer->remote_port ? peer->remote_port : BGP_PORT,
		.socket = socket_options(node, peer, &key),
		.cookie = effect->connection,
	};
	tcp_id tcp = tcp_connect(node->tcp, now_of(node), &options);
	if (tcp)
		daemon_connection_add(node, effect->connection, tcp, peer->remote);
	else
		bgp_transport_closed(node->speaker, now_of(node), effect->connection,
				     BGP_CLOSE_UNREACHABLE);
}

void daemon_connection_progress(struct node *node, uint32_t number)
{
	uint32_t place = connection_place(node, number);
	if (place == HASH_NONE)
		return;
	const struct node_connection *connection = &node->connections[place];
	if (connection->local.family != IP_NONE)
		stack_confirm(&node->stack, connection->remote);
}

void daemon_connection_opened(struct node *node, uint32_t number, struct ip_addr local)
{
	uint32_t place = connection_place(node, number);
	if (place == HASH_NONE)
		return;
	node->connections[place].local = local;
	daemon_connection_progress(node, number);
}

static void release_slice(void *context) { bgp_slice_unref(context); }

/* ---- next hops ------------------------------------------------------------------------------- */

static uint64_t hash_watch(const void *context, uint32_t place)
{
	const struct node *node = context;
	return ip_addr_hash(node->watches[place].next_hop);
}

static uint32_t watch_place(const struct node *node, struct ip_addr next_hop)
{
	uint32_t cursor = HASH_NONE, place;
	uint64_t hash = ip_addr_hash(next_hop);
	while ((place = hash_index_next(&node->by_next_hop, hash, &cursor)) != HASH_NONE)
		if (ip_addr_equal(node->watches[place].next_hop, next_hop))
			return place;
	return HASH_NONE;
}

static struct bgp_next_hop_state next_hop_state(const struct node *node, struct ip_addr next_hop)
{
	struct stack_next_hop found = stack_resolve(&node->stack, next_hop);
	struct bgp_next_hop_state state = { .reachable = found.reachable,
					    .connected = found.connected,
					    .metric = found.metric };
	if (!found.connected)
		return state;
	const struct interface *at = &node->stack.interfaces[found.hop.interface];
	for (uint32_t i = 0; i < at->address_count && state.local.family == IP_NONE; i++)
		if (ip_prefix_contains(at->addresses[i], next_hop))
			state.local = at->addresses[i].addr;
	return state;
}

static void watch_add(struct node *node, struct ip_addr next_hop)
{
	uint32_t place = watch_place(node, next_hop);
	if (place == HASH_NONE) {
		struct node_watch watch = { .next_hop = next_hop };
		place = node->watch_count;
		ARRAY_PUSH(node->watches, node->watch_count, node->watch_capacity, watch);
		hash_index_add(&node->by_next_hop, ip_addr_hash(next_hop), place, hash_watch,
			       node);
	}
	node->watches[place].used = true;
	node->watches[place].state = next_hop_state(node, next_hop);
	bgp_next_hop_changed(node->speaker, now_of(node), next_hop, node->watches[place].state);
}

static bool same_state(struct bgp_next_hop_state a, struct bgp_next_hop_state b)
{
	return a.reachable == b.reachable && a.connected == b.connected && a.metric == b.metric;
}

void daemon_next_hops_changed(struct node *node)
{
	for (uint32_t i = 0; i < node->watch_count; i++) {
		struct node_watch *watch = &node->watches[i];
		struct bgp_next_hop_state state = next_hop_state(node, watch->next_hop);
		if (!watch->used || same_state(state, watch->state))
			continue;
		watch->state = state;
		bgp_next_hop_changed(node->speaker, now_of(node), watch->next_hop, state);
	}
}

/* ---- the kernel's table ---------------------------------------------------------------------- */

/* Calico's kernel filter: does bird program this route, and if so plainly? IPIP's tunnel is not
 * modelled as a tunnel: the route is programmed towards the same next hop. */
static bool kernel_wants(const struct node *node, struct ip_prefix prefix)
{
	for (uint32_t i = 0; i < node->config->kernel_rule_count; i++) {
		const struct model_kernel_rule *rule = &node->config->kernel_rules[i];
		if (ip_prefix_covers(rule->prefix, prefix))
			return rule->how != MODEL_KERNEL_SKIP;
	}
	return true;
}

static void fib_install(struct node *node, const struct bgp_effect *effect)
{
	struct fib_hop hops[FIB_HOPS_MAX];
	uint32_t count = 0;
	for (uint32_t i = 0; i < effect->next_hop_count && count < FIB_HOPS_MAX; i++) {
		struct stack_next_hop found = stack_resolve(&node->stack, effect->next_hops[i]);
		if (found.reachable)
			hops[count++] = found.hop;
	}
	if (count == 0 || !kernel_wants(node, effect->prefix)) {
		fib_remove(&node->stack.fib, effect->prefix_id, ROUTE_BGP, FIB_ANY_METRIC);
		return;
	}
	const struct fib_spec spec = {
		.source = ROUTE_BGP,
		.metric = node->bgp.profile->kernel_metric,
		.nexthop_object = node->bgp.profile->kernel_nexthop_objects,
		.hops = hops,
		.hop_count = count,
	};
	fib_set(&node->stack.fib, effect->prefix_id, &spec);
}

/* What a former daemon left behind and this one has not set again. */
static void stale_note(struct node *node)
{
	free(node->stale);
	node->stale = NULL;
	node->stale_count = 0;
	size_t capacity = 0;
	for (uint32_t id = fib_next(&node->stack.fib, 0); id != FIB_NO_PREFIX;
	     id = fib_next(&node->stack.fib, id + 1))
		if (fib_of_source(&node->stack.fib, id, ROUTE_BGP))
			ARRAY_PUSH(node->stale, node->stale_count, capacity, id);
}

static void stale_refreshed(struct node *node, uint32_t prefix_id)
{
	for (uint32_t i = 0; i < node->stale_count; i++)
		if (node->stale[i] == prefix_id) {
			node->stale[i] = node->stale[--node->stale_count];
			return;
		}
}

static void stale_remove(struct node *node)
{
	for (uint32_t i = 0; i < node->stale_count; i++)
		fib_remove(&node->stack.fib, node->stale[i], ROUTE_BGP, FIB_ANY_METRIC);
	node->stale_count = 0;
}

/* Own blocks: blackholes, behind the pods' more specific routes. Setting one again changes nothing. */
static void blocks_install(struct node *node)
{
	struct bgp_table *table = node->world->network->table;
	struct fib *fib = &node->stack.fib;
	for (uint32_t id = fib_next(fib, 0); id != FIB_NO_PREFIX; id = fib_next(fib, id + 1)) {
		bool ours = false;
		for (uint32_t i = 0; i < node->config->block_count && !ours; i++)
			ours = ip_prefix_equal(node->config->blocks[i].prefix,
					       bgp_prefix_of(table, id));
		if (!ours)
			fib_remove(fib, id, ROUTE_BLACKHOLE_BLOCK, FIB_ANY_METRIC);
	}
	for (uint32_t i = 0; i < node->config->block_count; i++) {
		const struct fib_spec spec = { .source = ROUTE_BLACKHOLE_BLOCK };
		struct ip_prefix block = node->config->blocks[i].prefix;
		if (block.length < ip_addr_bits(block.addr))
			fib_set(fib, bgp_prefix_id(table, block), &spec);
	}
}

/* ---- effects --------------------------------------------------------------------------------- */

void daemon_carry_out(struct node *node, const struct bgp_effect *effect)
{
	struct fib *fib = &node->stack.fib;
	tcp_id tcp;
	switch (effect->kind) {
	case BGP_EFFECT_CONNECT: dial(node, effect); break;
	case BGP_EFFECT_SEND:
		tcp = connection_tcp(node, effect->connection);
		tcp_send_borrowed(node->tcp, tcp, effect->slice->bytes, effect->slice->length,
				  release_slice, bgp_slice_ref(effect->slice));
		node->world->messages++;
		break;
	case BGP_EFFECT_CLOSE:
		tcp = connection_tcp(node, effect->connection);
		daemon_connection_gone(node, effect->connection);
		if (effect->reset)
			tcp_abort(node->tcp, now_of(node), tcp);
		else
			tcp_close(node->tcp, now_of(node), tcp);
		break;
	case BGP_EFFECT_NEXT_HOP_WATCH: watch_add(node, effect->next_hop); break;
	case BGP_EFFECT_NEXT_HOP_UNWATCH: {
		uint32_t place = watch_place(node, effect->next_hop);
		if (place != HASH_NONE)
			node->watches[place].used = false;
		break;
	}
	case BGP_EFFECT_FIB_SET:
		stale_refreshed(node, effect->prefix_id);
		fib_install(node, effect);
		break;
	case BGP_EFFECT_FIB_REMOVE:
		stale_refreshed(node, effect->prefix_id);
		fib_remove(fib, effect->prefix_id, ROUTE_BGP, FIB_ANY_METRIC);
		break;
	case BGP_EFFECT_RECOVERED:
		stale_remove(node);
		observe_recovered(node);
		break;
	case BGP_EFFECT_EVENT: observe_bgp(node, effect->event); break;
	}
}

/* ---- the process ----------------------------------------------------------------------------- */

static void originate(struct node *node, uint32_t from_revision, bool started)
{
	const struct model *model = node->world->model;
	struct arena scratch;
	arena_init(&scratch);
	uint32_t old_count = 0, new_count;
	struct bgp_local_route *old = NULL;
	if (started)
		old = setup_local_routes(model, from_revision, node->index, &scratch, &old_count);
	struct bgp_local_route *routes =
		setup_local_routes(model, node->revision, node->index, &scratch, &new_count);
	uint32_t j = 0; /* both are in order of prefix */
	for (uint32_t i = 0; i < new_count; i++) {
		int order = 1;
		while (j < old_count &&
		       (order = ip_prefix_compare(old[j].prefix, routes[i].prefix)) < 0)
			bgp_route_retracted(node->speaker, now_of(node), old[j++].prefix);
		if (j < old_count && order == 0 && old[j].origin == routes[i].origin) {
			j++;
			continue;
		}
		if (j < old_count && order == 0)
			j++;
		bgp_route_originated(node->speaker, now_of(node), &routes[i]);
	}
	while (j < old_count)
		bgp_route_retracted(node->speaker, now_of(node), old[j++].prefix);
	arena_free(&scratch);
}

/* Reads the configuration in force into a fresh arena; the former stays valid beside it. */
/* Machines do not tick together: each clock has a phase of its own, from power-on to power-off. */
static int64_t clock_phase_ns(const struct node *node)
{
	struct text purpose;
	text_init(&purpose);
	text_printf(&purpose, "clock %u", node->boots);
	struct random_stream random = random_stream_of(
		node->world->seed, node->world->model->nodes[node->index].name,
		text_string(&purpose));
	text_free(&purpose);
	return random_between(&random, 1, NS_PER_S - 1);
}

static bool read_config(struct node *node)
{
	struct arena former = node->arena;
	node->arena = node->spare_arena;
	node->spare_arena = former;
	arena_rewind(&node->arena);
	if (!setup_speaker(node->world->model, node->revision, node->index, &node->arena,
			   &node->bgp))
		return false;
	node->bgp.event_mask = node->world->event_mask;
	node->bgp.clock_phase_ns = clock_phase_ns(node);
	node->read_revision = node->revision;
	return true;
}

bool daemon_start(struct node *node)
{
	if (node->speaker || !read_config(node))
		return false;
	const char *name = node->world->model->nodes[node->index].name;
	struct text purpose;
	text_init(&purpose);
	text_printf(&purpose, "bgp %u", node->starts++);
	struct random_stream random =
		random_stream_of(node->world->seed, name, text_string(&purpose));
	text_free(&purpose);
	node->bgp.restarting = node->bgp.profile->restarts_gracefully;
	node->process = NODE_PROCESS_RUNNING;
	observe_process(node);
	stale_note(node);
	blocks_install(node);
	node->speaker = bgp_speaker_new(node->world->network->table, &node->bgp, random);
	listen_on(node);
	bgp_started(node->speaker, now_of(node));
	observe_sessions_idle(node);
	originate(node, 0, false);
	return true;
}

static void sockets_forget(struct node *node)
{
	node->connection_count = 0;
	hash_index_free(&node->by_number);
	node->watch_count = 0;
	hash_index_free(&node->by_next_hop);
	free(node->stale);
	node->stale = NULL;
	node->stale_count = 0;
	node->listener = 0;
}

void daemon_forget(struct node *node)
{
	if (node->speaker)
		bgp_speaker_free(node->speaker);
	node->speaker = NULL;
	sockets_forget(node);
}

void daemon_end(struct node *node, enum node_process how)
{
	const struct bgp_profile *profile = node->bgp.profile;
	bool kept = how == NODE_PROCESS_KILLED ? profile->kernel_kept_on_kill
					       : profile->kernel_kept_on_stop;
	tcp_host_close_all(node->tcp, now_of(node));
	node->process = how;
	observe_process(node);
	observe_sessions_gone(node);
	daemon_forget(node);
	if (!kept)
		fib_remove_source(&node->stack.fib, ROUTE_BGP);
}

void daemon_configured(struct node *node)
{
	if (!node->config->bgp.enabled) {
		if (node->speaker) {
			bgp_stopped(node->speaker, now_of(node));
			node_pump(node);
			daemon_end(node, NODE_PROCESS_STOPPED);
		}
		return;
	}
	if (!node->speaker)
		return; /* read when it starts */
	uint32_t former = node->read_revision;
	read_config(node);
	bgp_configured(node->speaker, now_of(node), &node->bgp);
	blocks_install(node);
	originate(node, former, true);
}
