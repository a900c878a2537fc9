/* Speakers wired back to back in virtual time: a connection is two byte queues, a byte takes
 * `delay_ns` to the other side, and nothing is lost unless the test cuts it. */
#ifndef TESTS_BGP_PIPE_H
#define TESTS_BGP_PIPE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/memory.h"
#include "base/time.h"
#include "bgp/bgp.h"
#include "bgp/profile.h"
#include "bgp/route/table.h"

#ifndef PIPE
#define PIPE __attribute__((unused)) static
#endif
/* Whoever wants a smaller world (the fuzzers do) says so before. */
#ifndef PIPE_SPEAKERS
#define PIPE_SPEAKERS 16
#define PIPE_LINKS 4096
#define PIPE_EVENTS 4096
#define PIPE_ROUTES 512
#endif

struct pipe_fib {
	bool used;
	struct ip_prefix prefix;
	struct ip_addr next_hops[8];
	uint32_t count;
};

struct pipe_event {
	struct instant at;
	uint32_t speaker;
	char peer[32];
	char communication[256];
	struct bgp_event event; /* its pointers but `reason`, `what`, `rule` are not to be used */
};

struct pipe_speaker {
	struct bgp_speaker *speaker; /* NULL: not running */
	struct bgp_config config;
	struct ip_addr address;
	bool silent;                 /* powered off: nothing leaves, nothing arrives */
	bool slow;                   /* reports no bytes as sent */
	bool deaf;                   /* refuses connections */
	struct instant woken_for;
	struct pipe_fib fib[PIPE_ROUTES];
	uint32_t updates_sent, bytes_sent;
	struct instant recovered_at;
};

/* One connection: end 0 dialled, end 1 was called. */
struct pipe_link {
	uint32_t speaker[2], connection[2];
	bool open[2];
	uint32_t incarnation[2];
};

#define PIPE_GROWTH 64u

enum pipe_kind { PIPE_WAKE, PIPE_SYN, PIPE_ACK, PIPE_REFUSED, PIPE_BYTES, PIPE_FIN, PIPE_SENT,
		 PIPE_NEXT_HOP };
struct pipe_message {
	enum pipe_kind kind;
	uint32_t speaker, link, end;
	struct bgp_slice *slice;
	bool reset;
	struct ip_addr next_hop;
};

struct pipe {
	struct bgp_table *table;
	struct instant now;
	int64_t delay_ns;
	struct pipe_speaker speakers[PIPE_SPEAKERS];
	uint32_t incarnation[PIPE_SPEAKERS];
	uint32_t speaker_count;
	struct pipe_link links[PIPE_LINKS];
	uint32_t link_count;
	struct heap queue;
	struct slab messages;
	struct pipe_event events[PIPE_EVENTS];
	uint32_t event_count;
	uint8_t last_open[64]; /* as sent by whoever sent one last */
	uint64_t seed;
	/* What the network does to bytes on their way to an end of a link; returns their length, at
	 * most PIPE_GROWTH more. And who looks on when they have been taken. May be NULL. */
	size_t (*mangle)(struct pipe *pipe, uint32_t link, uint32_t end, uint8_t *bytes,
			 size_t length);
	void (*taken)(struct pipe *pipe, uint32_t link, uint32_t end);
};

PIPE void pipe_init(struct pipe *pipe)
{
	memset(pipe, 0, sizeof(*pipe));
	pipe->table = bgp_table_new();
	pipe->delay_ns = NS_PER_MS;
	pipe->seed = 1;
	heap_init(&pipe->queue);
	slab_init(&pipe->messages, sizeof(struct pipe_message));
}

PIPE void pipe_post(struct pipe *pipe, int64_t after_ns, struct pipe_message message)
{
	uint32_t number = slab_take(&pipe->messages);
	*(struct pipe_message *)slab_at(&pipe->messages, number) = message;
	heap_push(&pipe->queue, pipe->now.ns + after_ns, number);
}

PIPE struct pipe_speaker *pipe_add(struct pipe *pipe, const struct bgp_profile *profile,
				   uint32_t address, uint32_t local_as,
				   const struct bgp_peer_config *peers, size_t peer_count)
{
	assert_true(pipe->speaker_count < PIPE_SPEAKERS);
	struct pipe_speaker *node = &pipe->speakers[pipe->speaker_count++];
	node->address = ip_addr_v4(address);
	node->recovered_at = INSTANT_NEVER;
	node->woken_for = INSTANT_NEVER;
	node->config = (struct bgp_config){
		.name = "node",
		.profile = profile,
		.router_id = address,
		.local_as = local_as,
		.event_mask = UINT32_MAX,
		.peers = peers,
		.peer_count = peer_count,
	};
	return node;
}

PIPE uint32_t pipe_index(const struct pipe *pipe, const struct pipe_speaker *node)
{
	return (uint32_t)(node - pipe->speakers);
}

PIPE struct pipe_speaker *pipe_find(struct pipe *pipe, struct ip_addr address)
{
	for (uint32_t i = 0; i < pipe->speaker_count; i++)
		if (ip_addr_equal(pipe->speakers[i].address, address))
			return &pipe->speakers[i];
	return NULL;
}

PIPE void pipe_record(struct pipe *pipe, struct pipe_speaker *node, const struct bgp_event *event)
{
	if (pipe->event_count == PIPE_EVENTS)
		return;
	struct pipe_event *to = &pipe->events[pipe->event_count++];
	to->at = pipe->now;
	to->speaker = pipe_index(pipe, node);
	to->event = *event;
	snprintf(to->peer, sizeof(to->peer), "%s", event->peer ? event->peer->name : "");
	snprintf(to->communication, sizeof(to->communication), "%s",
		 event->communication ? event->communication : "");
	to->event.peer = NULL;
	to->event.communication = NULL;
}

PIPE void pipe_fib_set(struct pipe_speaker *node, const struct bgp_effect *effect)
{
	struct pipe_fib *free_one = NULL, *found = NULL;
	for (size_t i = 0; i < PIPE_ROUTES && !found; i++) {
		if (node->fib[i].used && ip_prefix_equal(node->fib[i].prefix, effect->prefix))
			found = &node->fib[i];
		else if (!node->fib[i].used && !free_one)
			free_one = &node->fib[i];
	}
	if (!found)
		found = free_one;
	assert_non_null(found);
	found->used = effect->kind == BGP_EFFECT_FIB_SET;
	found->prefix = effect->prefix;
	found->count = effect->next_hop_count < 8 ? effect->next_hop_count : 8;
	for (uint32_t i = 0; i < found->count; i++)
		found->next_hops[i] = effect->next_hops[i];
}

PIPE const struct pipe_fib *pipe_fib(const struct pipe_speaker *node, const char *prefix)
{
	struct ip_prefix wanted;
	assert_true(ip_prefix_parse(prefix, strlen(prefix), false, &wanted));
	for (size_t i = 0; i < PIPE_ROUTES; i++)
		if (node->fib[i].used && ip_prefix_equal(node->fib[i].prefix, wanted))
			return &node->fib[i];
	return NULL;
}

PIPE struct pipe_link *pipe_link_of(struct pipe *pipe, const struct pipe_speaker *node,
				    uint32_t connection, uint32_t *end)
{
	uint32_t me = pipe_index(pipe, node);
	for (uint32_t i = pipe->link_count; i-- > 0;)
		for (*end = 0; *end < 2; (*end)++)
			if (pipe->links[i].speaker[*end] == me &&
			    pipe->links[i].incarnation[*end] == pipe->incarnation[me] &&
			    pipe->links[i].connection[*end] == connection)
				return &pipe->links[i];
	return NULL;
}

PIPE void pipe_dial(struct pipe *pipe, struct pipe_speaker *node, const struct bgp_effect *effect)
{
	uint32_t me = pipe_index(pipe, node);
	assert_true(pipe->link_count < PIPE_LINKS);
	struct pipe_link *link = &pipe->links[pipe->link_count];
	struct pipe_speaker *other = pipe_find(pipe, effect->peer->remote);
	*link = (struct pipe_link){ .speaker = { me, UINT32_MAX },
				    .connection = { effect->connection, 0 },
				    .open = { true, false },
				    .incarnation = { pipe->incarnation[me], 0 } };
	if (other) {
		link->speaker[1] = pipe_index(pipe, other);
		pipe_post(pipe, pipe->delay_ns,
			  (struct pipe_message){ .kind = PIPE_SYN, .link = pipe->link_count });
	}
	pipe->link_count++;
}

PIPE void pipe_send(struct pipe *pipe, struct pipe_speaker *node, const struct bgp_effect *effect)
{
	uint32_t end;
	struct pipe_link *link = pipe_link_of(pipe, node, effect->connection, &end);
	assert_non_null(link);
	assert_true(link->open[end]);
	const struct bgp_slice *slice = effect->slice;
	if (slice->bytes[18] == 1)
		memcpy(pipe->last_open, slice->bytes, slice->length < 64 ? slice->length : 64);
	if (slice->bytes[18] == 2)
		node->updates_sent++;
	node->bytes_sent += slice->length;
	pipe_post(pipe, pipe->delay_ns,
		  (struct pipe_message){ .kind = PIPE_BYTES,
					 .link = (uint32_t)(link - pipe->links),
					 .end = 1 - end,
					 .slice = bgp_slice_ref(effect->slice) });
}

PIPE void pipe_close(struct pipe *pipe, struct pipe_speaker *node, uint32_t connection, bool reset)
{
	uint32_t end;
	struct pipe_link *link = pipe_link_of(pipe, node, connection, &end);
	assert_non_null(link);
	link->open[end] = false;
	if (link->speaker[1 - end] == UINT32_MAX)
		return;
	pipe_post(pipe, pipe->delay_ns,
		  (struct pipe_message){ .kind = PIPE_FIN,
					 .link = (uint32_t)(link - pipe->links),
					 .end = 1 - end,
					 .reset = reset });
}

PIPE void pipe_poll(struct pipe *pipe, struct pipe_speaker *node)
{
	struct bgp_effect effect;
	while (node->speaker && bgp_effect_next(node->speaker, &effect)) {
		switch (effect.kind) {
		case BGP_EFFECT_CONNECT:
			pipe_dial(pipe, node, &effect);
			break;
		case BGP_EFFECT_SEND:
			pipe_send(pipe, node, &effect);
			break;
		case BGP_EFFECT_CLOSE:
			pipe_close(pipe, node, effect.connection, effect.reset);
			break;
		case BGP_EFFECT_NEXT_HOP_WATCH:
			pipe_post(pipe, 0, (struct pipe_message){ .kind = PIPE_NEXT_HOP,
							      .speaker = pipe_index(pipe, node),
							      .next_hop = effect.next_hop });
			break;
		case BGP_EFFECT_NEXT_HOP_UNWATCH:
			break;
		case BGP_EFFECT_FIB_SET:
		case BGP_EFFECT_FIB_REMOVE:
			pipe_fib_set(node, &effect);
			break;
		case BGP_EFFECT_RECOVERED:
			node->recovered_at = pipe->now;
			break;
		case BGP_EFFECT_EVENT:
			pipe_record(pipe, node, effect.event);
			break;
		}
	}
	if (!node->speaker)
		return;
	struct instant at = bgp_next_wakeup(node->speaker);
	if (instant_is_never(at) || at.ns == node->woken_for.ns)
		return;
	node->woken_for = at;
	pipe_post(pipe, at.ns > pipe->now.ns ? at.ns - pipe->now.ns : 0,
		  (struct pipe_message){ .kind = PIPE_WAKE, .speaker = pipe_index(pipe, node) });
}

PIPE void pipe_start(struct pipe *pipe, struct pipe_speaker *node)
{
	char name[32];
	uint32_t me = pipe_index(pipe, node);
	snprintf(name, sizeof(name), "speaker-%u", me);
	pipe->incarnation[me]++;
	node->woken_for = INSTANT_NEVER;
	node->speaker = bgp_speaker_new(pipe->table, &node->config,
					random_stream_of(pipe->seed, name, "bgp"));
	bgp_started(node->speaker, pipe->now);
	pipe_poll(pipe, node);
}

/* The process dies: its kernel closes what was open, the FIB stays. */
PIPE void pipe_kill(struct pipe *pipe, struct pipe_speaker *node)
{
	uint32_t me = pipe_index(pipe, node);
	for (uint32_t i = 0; i < pipe->link_count; i++)
		for (uint32_t end = 0; end < 2; end++)
			if (pipe->links[i].speaker[end] == me && pipe->links[i].open[end] &&
			    pipe->links[i].incarnation[end] == pipe->incarnation[me])
				pipe_close(pipe, node, pipe->links[i].connection[end], false);
	bgp_speaker_free(node->speaker);
	node->speaker = NULL;
}

PIPE bool pipe_end_alive(const struct pipe *pipe, const struct pipe_link *link, uint32_t end)
{
	uint32_t at = link->speaker[end];
	return link->open[end] && pipe->speakers[at].speaker &&
	       link->incarnation[end] == pipe->incarnation[at];
}

/* The network loses a connection for good: both ends hear of a reset. */
PIPE void pipe_cut(struct pipe *pipe, uint32_t number)
{
	struct pipe_link *link = &pipe->links[number];
	for (uint32_t end = 0; end < 2; end++) {
		if (link->speaker[end] == UINT32_MAX || !pipe_end_alive(pipe, link, end))
			continue;
		struct pipe_speaker *node = &pipe->speakers[link->speaker[end]];
		link->open[end] = false;
		bgp_transport_closed(node->speaker, pipe->now, link->connection[end],
				     BGP_CLOSE_RESET);
		pipe_poll(pipe, node);
	}
}

PIPE void pipe_syn(struct pipe *pipe, const struct pipe_message *message)
{
	struct pipe_link *link = &pipe->links[message->link];
	struct pipe_speaker *from = &pipe->speakers[link->speaker[0]];
	struct pipe_speaker *to = &pipe->speakers[link->speaker[1]];
	/* Whoever gave up dialling does not answer the SYN/ACK: nobody has connected. */
	if (!pipe_end_alive(pipe, link, 0))
		return;
	if (to->silent || from->silent)
		return;
	uint32_t number = 0;
	if (to->speaker && !to->deaf)
		number = bgp_connection_arrived(to->speaker, pipe->now, from->address, 40000,
						to->address);
	if (!number) {
		pipe_post(pipe, pipe->delay_ns,
			  (struct pipe_message){ .kind = PIPE_REFUSED, .link = message->link });
	} else {
		link->connection[1] = number;
		link->open[1] = true;
		link->incarnation[1] = pipe->incarnation[link->speaker[1]];
		pipe_post(pipe, pipe->delay_ns,
			  (struct pipe_message){ .kind = PIPE_ACK, .link = message->link });
	}
	if (to->speaker)
		pipe_poll(pipe, to);
}

/* Mangled bytes are copied first, into memory of just that size, so that an overrun is seen. */
PIPE void pipe_bytes(struct pipe *pipe, const struct pipe_message *message)
{
	struct pipe_link *link = &pipe->links[message->link];
	struct bgp_speaker *to = pipe->speakers[link->speaker[message->end]].speaker;
	uint32_t connection = link->connection[message->end];
	size_t length = message->slice->length;
	if (pipe->mangle) {
		uint8_t *room = memory_alloc(length + PIPE_GROWTH);
		memcpy(room, message->slice->bytes, length);
		length = pipe->mangle(pipe, message->link, message->end, room, length);
		room = memory_resize(room, length ? length : 1);
		bgp_bytes_received(to, pipe->now, connection, room, length);
		free(room);
	} else {
		bgp_bytes_received(to, pipe->now, connection, message->slice->bytes, length);
	}
	if (pipe->taken)
		pipe->taken(pipe, message->link, message->end);
}

PIPE void pipe_deliver(struct pipe *pipe, const struct pipe_message *message)
{
	struct pipe_link *link = &pipe->links[message->link];
	bool to_dialler = message->kind == PIPE_ACK || message->kind == PIPE_REFUSED;
	uint32_t end = to_dialler ? 0 : message->end;
	struct pipe_speaker *node = &pipe->speakers[link->speaker[end]];
	struct pipe_speaker *other = &pipe->speakers[link->speaker[1 - end]];
	if (!pipe_end_alive(pipe, link, end) || node->silent || other->silent)
		return;
	uint32_t connection = link->connection[end];
	switch (message->kind) {
	case PIPE_ACK:
		bgp_transport_opened(node->speaker, pipe->now, connection, node->address, 40000);
		break;
	case PIPE_REFUSED:
		link->open[end] = false;
		bgp_transport_closed(node->speaker, pipe->now, connection, BGP_CLOSE_REFUSED);
		break;
	case PIPE_BYTES:
		if (pipe_end_alive(pipe, link, 1 - end) && !other->slow) {
			bgp_bytes_sent(other->speaker, pipe->now, link->connection[1 - end],
				       message->slice->length);
			pipe_poll(pipe, other);
		}
		if (pipe_end_alive(pipe, link, end))
			pipe_bytes(pipe, message);
		break;
	case PIPE_FIN:
		link->open[end] = false;
		bgp_transport_closed(node->speaker, pipe->now, connection,
				     message->reset ? BGP_CLOSE_RESET : BGP_CLOSE_FIN);
		break;
	default:
		break;
	}
	pipe_poll(pipe, node);
}

PIPE void pipe_handle(struct pipe *pipe, const struct pipe_message *message)
{
	struct pipe_speaker *node = &pipe->speakers[message->speaker];
	struct bgp_next_hop_state reach = { .reachable = true, .connected = true,
					    .local = node->address };
	switch (message->kind) {
	case PIPE_WAKE:
		if (!node->speaker || bgp_next_wakeup(node->speaker).ns > pipe->now.ns)
			return;
		node->woken_for = INSTANT_NEVER;
		bgp_time_reached(node->speaker, pipe->now);
		pipe_poll(pipe, node);
		break;
	case PIPE_NEXT_HOP:
		if (!node->speaker)
			return;
		bgp_next_hop_changed(node->speaker, pipe->now, message->next_hop, reach);
		pipe_poll(pipe, node);
		break;
	case PIPE_SYN:
		pipe_syn(pipe, message);
		break;
	default:
		pipe_deliver(pipe, message);
	}
	if (message->slice)
		bgp_slice_unref(message->slice);
}

/* Runs everything up to and including `to`. */
PIPE void pipe_run(struct pipe *pipe, struct instant to)
{
	const struct heap_entry *top;
	while ((top = heap_top(&pipe->queue)) && top->key <= to.ns) {
		struct heap_entry entry = heap_pop(&pipe->queue);
		uint32_t number = (uint32_t)entry.value;
		struct pipe_message message =
			*(struct pipe_message *)slab_at(&pipe->messages, number);
		slab_give(&pipe->messages, number);
		pipe->now = (struct instant){ entry.key };
		pipe_handle(pipe, &message);
	}
	pipe->now = to;
}

PIPE void pipe_run_s(struct pipe *pipe, int64_t seconds)
{
	pipe_run(pipe, instant_add(pipe->now, seconds * NS_PER_S));
}

PIPE void pipe_free(struct pipe *pipe)
{
	for (uint32_t i = 0; i < pipe->speaker_count; i++)
		bgp_speaker_free(pipe->speakers[i].speaker);
	while (pipe->queue.count) {
		struct heap_entry entry = heap_pop(&pipe->queue);
		struct pipe_message *message = slab_at(&pipe->messages, (uint32_t)entry.value);
		if (message->slice)
			bgp_slice_unref(message->slice);
	}
	heap_free(&pipe->queue);
	slab_free(&pipe->messages);
	assert_int_equal(bgp_attrs_live(pipe->table), 0);
	bgp_table_free(pipe->table);
}

PIPE void pipe_originate(struct pipe *pipe, struct pipe_speaker *node, const char *prefix)
{
	struct bgp_local_route route = { 0 };
	assert_true(ip_prefix_parse(prefix, strlen(prefix), false, &route.prefix));
	bgp_route_originated(node->speaker, pipe->now, &route);
	pipe_poll(pipe, node);
}

/* The nth SESSION event of a speaker into that state (counted from 0), or NULL. */
PIPE const struct pipe_event *pipe_state_event(const struct pipe *pipe,
					       const struct pipe_speaker *node,
					       enum bgp_state state, int nth)
{
	for (uint32_t i = 0; i < pipe->event_count; i++) {
		const struct pipe_event *at = &pipe->events[i];
		if (at->speaker == pipe_index(pipe, node) &&
		    at->event.kind == BGP_EVENT_SESSION && at->event.new_state == state &&
		    nth-- == 0)
			return at;
	}
	return NULL;
}

#endif
