/* The pump is the whole of it: events of TCP become facts for the speaker, effects of the speaker
 * become calls of TCP and of the kernel's table, segments become packets; until nothing is left.
 * daemon.c holds the life of the process, observe.c what is told of it. */
#include "sim/virtual/node.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/setup.h"
#include "sim/virtual/daemon.h"
#include "sim/virtual/observe.h"

static struct instant now_of(const struct node *node) { return node->world->network->engine.now; }

static void queue_pump(struct node *node)
{
	if (node->pump_queued || !node->up)
		return;
	node->pump_queued = true;
	engine_after(&node->world->network->engine, 0, &node->pump, node->boots);
}

/* ---- TCP to speaker -------------------------------------------------------------------------- */

static enum bgp_close_reason close_reason(enum tcp_close_reason reason)
{
	switch (reason) {
	case TCP_CLOSE_REFUSED: return BGP_CLOSE_REFUSED;
	case TCP_CLOSE_TIMED_OUT: return BGP_CLOSE_TIMED_OUT;
	case TCP_CLOSE_UNREACHABLE: return BGP_CLOSE_UNREACHABLE;
	case TCP_CLOSE_FIN: return BGP_CLOSE_FIN;
	case TCP_CLOSE_RESET: return BGP_CLOSE_RESET;
	}
	UNREACHABLE();
}

static void tcp_happened(struct node *node, const struct tcp_event *event)
{
	struct instant now = now_of(node);
	uint32_t number = (uint32_t)event->cookie;
	switch (event->kind) {
	case TCP_EVENT_OPENED:
		daemon_connection_opened(node, number, event->local);
		bgp_transport_opened(node->speaker, now, number, event->local, event->local_port);
		break;
	case TCP_EVENT_ACCEPTED:
		number = bgp_connection_arrived(node->speaker, now, event->remote,
						event->remote_port, event->local);
		if (number == 0) {
			tcp_abort(node->tcp, now, event->connection);
			break;
		}
		tcp_set_cookie(node->tcp, event->connection, number);
		daemon_connection_add(node, number, event->connection, event->remote);
		daemon_connection_opened(node, number, event->local);
		break;
	case TCP_EVENT_RECEIVED:
		bgp_bytes_received(node->speaker, now, number, event->bytes, event->length);
		break;
	case TCP_EVENT_SENT:
		daemon_connection_progress(node, number);
		bgp_bytes_sent(node->speaker, now, number, event->length);
		break;
	case TCP_EVENT_PEER_FIN:
		/* read() gives 0; a BGP daemon closes its side at once. */
		tcp_close(node->tcp, now, event->connection);
		daemon_connection_gone(node, number);
		bgp_transport_closed(node->speaker, now, number, BGP_CLOSE_FIN);
		break;
	case TCP_EVENT_CLOSED:
		daemon_connection_gone(node, number);
		bgp_transport_closed(node->speaker, now, number, close_reason(event->reason));
		break;
	}
}

/* ---- the pump -------------------------------------------------------------------------------- */

static bool pump_events(struct node *node)
{
	bool any = false;
	struct tcp_event event;
	while (node->speaker && node->process == NODE_PROCESS_RUNNING &&
	       tcp_event_next(node->tcp, now_of(node), &event)) {
		any = true;
		tcp_happened(node, &event);
	}
	return any;
}

static bool pump_effects(struct node *node)
{
	bool any = false;
	struct bgp_effect effect;
	while (node->speaker && node->process == NODE_PROCESS_RUNNING &&
	       bgp_effect_next(node->speaker, &effect)) {
		any = true;
		daemon_carry_out(node, &effect);
	}
	return any;
}

static bool pump_segments(struct node *node)
{
	bool any = false;
	struct tcp_segment segment;
	while (tcp_output_next(node->tcp, now_of(node), &segment)) {
		any = true;
		const struct stack_packet packet = {
			.source = segment.source,
			.destination = segment.destination,
			.protocol = IP_PROTOCOL_TCP,
			.ttl = segment.ttl,
			.tos = segment.tos,
			.bytes = segment.bytes,
			.length = segment.length,
		};
		int error = stack_send(&node->stack, &packet);
		if (error < 0 && segment.length >= 8)
			tcp_unreachable(node->tcp, now_of(node), segment.source,
					(uint16_t)(segment.bytes[0] << 8 | segment.bytes[1]),
					segment.destination,
					(uint16_t)(segment.bytes[2] << 8 | segment.bytes[3]),
					(uint32_t)segment.bytes[4] << 24 |
						(uint32_t)segment.bytes[5] << 16 |
						(uint32_t)segment.bytes[6] << 8 | segment.bytes[7],
					TCP_UNREACHABLE_HOST);
	}
	return any;
}

void node_pump(struct node *node)
{
	node->pumping = true;
	bool any = true;
	while (any) {
		any = pump_events(node);
		any |= pump_effects(node);
		any |= pump_segments(node);
	}
	node->pumping = false;
	lazy_timer_set(&node->tcp_timer, tcp_next_wakeup(node->tcp));
	if (node->speaker && node->process == NODE_PROCESS_RUNNING)
		lazy_timer_set(&node->bgp_timer, bgp_next_wakeup(node->speaker));
	else
		lazy_timer_stop(&node->bgp_timer);
}

static void pump_fired(struct event_handler *handler, struct instant now, uint64_t boot)
{
	struct node *node = (struct node *)(void *)((char *)handler - offsetof(struct node, pump));
	(void)now;
	node->pump_queued = false;
	if (node->up && boot == node->boots)
		node_pump(node);
	else if (node->up)
		queue_pump(node);
}

static void tcp_timer_expired(struct lazy_timer *timer, struct instant now)
{
	struct node *node =
		(struct node *)(void *)((char *)timer - offsetof(struct node, tcp_timer));
	if (!node->tcp)
		return;
	tcp_time_reached(node->tcp, now);
	queue_pump(node);
}

static void bgp_timer_expired(struct lazy_timer *timer, struct instant now)
{
	struct node *node =
		(struct node *)(void *)((char *)timer - offsetof(struct node, bgp_timer));
	if (!node->speaker || node->process != NODE_PROCESS_RUNNING)
		return;
	bgp_time_reached(node->speaker, now);
	queue_pump(node);
}

/* ---- the stack's callbacks ------------------------------------------------------------------- */

static void tcp_arrived(struct stack_host *host, struct instant now, struct ip_addr source,
			struct ip_addr destination, uint8_t ttl, const uint8_t *bytes,
			size_t length)
{
	struct node *node = (struct node *)(void *)host;
	if (!node->tcp)
		return;
	tcp_segment_arrived(node->tcp, now, source, destination, ttl, bytes, length);
	queue_pump(node);
}

static void unreachable(struct stack_host *host, struct instant now, struct ip_addr local,
			uint16_t local_port, struct ip_addr remote, uint16_t remote_port,
			uint32_t sequence, bool port)
{
	struct node *node = (struct node *)(void *)host;
	if (!node->tcp)
		return;
	tcp_unreachable(node->tcp, now, local, local_port, remote, remote_port, sequence,
			port ? TCP_UNREACHABLE_PORT : TCP_UNREACHABLE_HOST);
	queue_pump(node);
}

static bool is_bgp(const struct fib_route *route)
{
	return !route || route->source == ROUTE_BGP || route->source == ROUTE_BLACKHOLE_BLOCK;
}

/* A route of BGP's own cannot make or break a next hop (stack_resolve leaves them out). */
static void route_changed(struct stack_host *host, struct instant now, uint32_t prefix_id,
			  const struct fib_route *former, const struct fib_route *route)
{
	struct node *node = (struct node *)(void *)host;
	(void)now;
	(void)prefix_id;
	if (!node->speaker || (is_bgp(former) && is_bgp(route)))
		return;
	daemon_next_hops_changed(node);
	queue_pump(node);
}

static void carrier_changed(struct stack_host *host, struct instant now, uint32_t interface,
			    bool carrier)
{
	struct node *node = (struct node *)(void *)host;
	if (!node->speaker)
		return;
	const struct interface *at = &node->stack.interfaces[interface];
	for (uint32_t i = 0; !carrier && i < at->address_count; i++)
		bgp_link_down(node->speaker, now, at->addresses[i].addr);
	daemon_next_hops_changed(node);
	queue_pump(node);
}

/* ---- life ------------------------------------------------------------------------------------ */

void node_init(struct node *node, struct node_world *world, uint32_t index)
{
	*node = (struct node){ .world = world, .index = index };
	node->host = (struct stack_host){ tcp_arrived, unreachable, route_changed,
					  carrier_changed };
	node->pump.fire = pump_fired;
	lazy_timer_init(&node->tcp_timer, &world->network->engine, tcp_timer_expired);
	lazy_timer_init(&node->bgp_timer, &world->network->engine, bgp_timer_expired);
	hash_index_init(&node->by_number);
	hash_index_init(&node->by_next_hop);
	arena_init(&node->arena);
	arena_init(&node->spare_arena);
	node->config = world->model->revisions[0].nodes[index];
	stack_init(&node->stack, world->network, index, &node->host);
}

void node_free(struct node *node)
{
	daemon_forget(node);
	if (node->tcp)
		tcp_host_free(node->tcp);
	stack_free(&node->stack);
	hash_index_free(&node->by_number);
	hash_index_free(&node->by_next_hop);
	free(node->connections);
	free(node->watches);
	arena_free(&node->arena);
	arena_free(&node->spare_arena);
}

static struct ip_addr choose_local(void *context, struct ip_addr remote)
{
	const struct node *node = context;
	return stack_choose_source(&node->stack, remote);
}

void node_boot(struct node *node)
{
	if (node->up)
		return;
	const struct model *model = node->world->model;
	const char *name = model->nodes[node->index].name;
	const struct model_revision *revision = &model->revisions[node->revision];
	struct text purpose;
	text_init(&purpose);
	text_printf(&purpose, "tcp %u", node->boots++);
	const struct tcp_host_config tcp = {
		.random = random_stream_of(node->world->seed, name, text_string(&purpose)),
		.choose_local = choose_local,
		.context = node,
	};
	text_free(&purpose);
	node->up = true;
	observe_node(node);
	stack_power_on(&node->stack, node->config, revision->pools, revision->pool_count);
	node->tcp = tcp_host_new(&tcp);
	node_daemon_start(node);
	queue_pump(node);
}

void node_crash(struct node *node)
{
	if (!node->up)
		return;
	node->up = false;
	daemon_forget(node);
	tcp_host_free(node->tcp);
	node->tcp = NULL;
	lazy_timer_stop(&node->tcp_timer);
	lazy_timer_stop(&node->bgp_timer);
	observe_node(node);
	stack_power_off(&node->stack);
	node->process = NODE_PROCESS_NONE;
}

void node_daemon_start(struct node *node)
{
	if (node->up && daemon_start(node))
		queue_pump(node);
}

void node_daemon_stop(struct node *node)
{
	if (!node->up || node->process != NODE_PROCESS_RUNNING)
		return;
	bgp_stopped(node->speaker, now_of(node));
	node_pump(node);
	daemon_end(node, NODE_PROCESS_STOPPED);
	queue_pump(node);
}

void node_daemon_kill(struct node *node, int signal)
{
	if (!node->up || !node->speaker)
		return;
	if (signal == SIGHUP) {
		/* It reads its configuration again, which is what it was. */
	} else if (signal == SIGSTOP) {
		node_daemon_hang(node);
	} else if (signal == SIGCONT) {
		node_daemon_continue(node);
	} else if (signal == SIGTERM || signal == SIGINT) {
		node_daemon_continue(node); /* a stopped process dies of it only once it goes on */
		node_daemon_stop(node);
	} else {
		daemon_end(node, NODE_PROCESS_KILLED);
		queue_pump(node);
	}
}

void node_daemon_hang(struct node *node)
{
	if (node->process != NODE_PROCESS_RUNNING)
		return;
	node->process = NODE_PROCESS_HUNG;
	tcp_host_set_reading(node->tcp, now_of(node), false);
	observe_process(node);
	queue_pump(node);
}

void node_daemon_continue(struct node *node)
{
	if (node->process != NODE_PROCESS_HUNG)
		return;
	node->process = NODE_PROCESS_RUNNING;
	tcp_host_set_reading(node->tcp, now_of(node), true);
	observe_process(node);
	bgp_time_reached(node->speaker, now_of(node));
	queue_pump(node);
}

void node_configured(struct node *node, uint32_t revision)
{
	const struct model_revision *to = &node->world->model->revisions[revision];
	const struct model_config *config = to->nodes[node->index];
	node->revision = revision;
	if (config == node->config)
		return;
	node->config = config;
	if (!node->up)
		return;
	stack_configured(&node->stack, config, to->pools, to->pool_count);
	daemon_configured(node);
	queue_pump(node);
}
