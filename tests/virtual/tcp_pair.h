/* Two TCP hosts and a pipe between them, in virtual time: what every TCP test stands on. The pipe
 * delays, drops by rule, and writes down each segment it was given. */
#ifndef TESTS_VIRTUAL_TCP_PAIR_H
#define TESTS_VIRTUAL_TCP_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/memory.h"
#include "base/text.h"
#include "sim/virtual/tcp.h"
#include "sim/virtual/tcp_segment.h"

#define MS NS_PER_MS
#define S NS_PER_S
#define AT(ns_) ((struct instant){ (ns_) })
#define PORT 179

struct seen { /* a segment as it left a host */
	int64_t ns;
	int from;
	uint32_t sequence, acknowledgment, length;
	uint8_t flags, ttl, shift;
	uint16_t window, mss, source_port;
	bool signature, dropped;
};

struct flight {
	struct ip_addr source, destination;
	int to;
	uint8_t ttl;
	uint8_t *bytes;
	size_t length;
};

struct pair {
	struct tcp_host *host[2];
	struct ip_addr address[2];
	struct instant now;
	int64_t delay_ns;
	struct heap pipe; /* -> index into flights */
	struct flight *flights;
	size_t flight_count, flight_capacity;
	struct seen *seen;
	size_t seen_count, seen_capacity;
	uint32_t sent[2];
	uint64_t drop_mask[2]; /* bit i: the i-th segment of that host is lost */
	bool cut[2];           /* everything that host sends is lost */
	bool (*drop)(struct pair *pair, const struct seen *segment);
	int64_t (*delay)(struct pair *pair, const struct seen *segment);
	void (*on_event)(struct pair *pair, int side, const struct tcp_event *event);
	struct random_stream random;
	/* What the applications saw. */
	tcp_id connection[2]; /* the last one opened or accepted */
	struct text got[2];
	uint64_t sent_bytes[2];
	uint32_t opened[2], accepted[2], fins[2], closed[2];
	enum tcp_close_reason reason[2];
	int64_t opened_ns[2], closed_ns[2], fin_ns[2];
	void *extra;
};

static inline void pair_init(struct pair *p)
{
	*p = (struct pair){ .delay_ns = 5 * MS };
	heap_init(&p->pipe);
	for (int i = 0; i < 2; i++) {
		p->address[i] = ip_addr_v4(0xac1f0d1bu + (uint32_t)i);
		struct tcp_host_config config = {
			.random = random_stream_of(7, i ? "b" : "a", "tcp")
		};
		p->host[i] = tcp_host_new(&config);
		text_init(&p->got[i]);
	}
	p->random = random_stream_of(7, "pipe", "loss");
}

static inline void pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		tcp_host_free(p->host[i]);
		text_free(&p->got[i]);
	}
	for (size_t i = 0; i < p->flight_count; i++)
		free(p->flights[i].bytes);
	free(p->flights);
	free(p->seen);
	heap_free(&p->pipe);
}

static inline tcp_id pair_listen(struct pair *p, int side, uint32_t backlog)
{
	return tcp_listen(p->host[side], &(struct tcp_listen_options){ .port = PORT,
								       .backlog = backlog });
}

static inline tcp_id pair_dial(struct pair *p, int side, const struct tcp_options *socket)
{
	struct tcp_connect_options options = {
		.local = p->address[side],
		.remote = p->address[!side],
		.remote_port = PORT,
	};
	if (socket)
		options.socket = *socket;
	p->connection[side] = tcp_connect(p->host[side], p->now, &options);
	return p->connection[side];
}

static inline void pair_note(struct pair *p, int side, const struct tcp_event *event)
{
	switch (event->kind) {
	case TCP_EVENT_OPENED:
		p->opened[side]++;
		p->opened_ns[side] = p->now.ns;
		p->connection[side] = event->connection;
		break;
	case TCP_EVENT_ACCEPTED:
		p->accepted[side]++;
		p->connection[side] = event->connection;
		break;
	case TCP_EVENT_RECEIVED:
		text_add(&p->got[side], (const char *)event->bytes, event->length);
		break;
	case TCP_EVENT_SENT:
		p->sent_bytes[side] += event->length;
		break;
	case TCP_EVENT_PEER_FIN:
		p->fins[side]++;
		p->fin_ns[side] = p->now.ns;
		break;
	case TCP_EVENT_CLOSED:
		p->closed[side]++;
		p->closed_ns[side] = p->now.ns;
		p->reason[side] = event->reason;
		break;
	}
	if (p->on_event)
		p->on_event(p, side, event);
}

static inline void pair_transmit(struct pair *p, int side, const struct tcp_segment *segment)
{
	struct tcp_header h;
	assert_true(tcp_header_parse(segment->bytes, segment->length, &h));
	assert_int_equal(tcp_checksum(segment->source, segment->destination, segment->bytes,
				      segment->length), 0);
	assert_int_equal(segment->tos, 0xc0);
	struct seen seen = { p->now.ns, side, h.sequence, h.acknowledgment, h.length, h.flags,
			     segment->ttl, h.shift, h.window, h.mss, h.source_port, h.md5 != NULL,
			     false };
	uint32_t index = p->sent[side]++;
	seen.dropped = p->cut[side] || (index < 64 && (p->drop_mask[side] >> index & 1)) ||
		       (p->drop && p->drop(p, &seen));
	ARRAY_PUSH(p->seen, p->seen_count, p->seen_capacity, seen);
	if (seen.dropped)
		return;
	struct flight flight = { segment->source, segment->destination, !side, segment->ttl,
				 memory_alloc(segment->length), segment->length };
	memcpy(flight.bytes, segment->bytes, segment->length);
	int64_t delay_ns = p->delay ? p->delay(p, &seen) : p->delay_ns;
	heap_push(&p->pipe, p->now.ns + delay_ns, p->flight_count);
	ARRAY_PUSH(p->flights, p->flight_count, p->flight_capacity, flight);
}

static inline void pair_poll(struct pair *p)
{
	struct tcp_event event;
	struct tcp_segment segment;
	for (int side = 0; side < 2; side++) {
		while (tcp_event_next(p->host[side], p->now, &event))
			pair_note(p, side, &event);
		while (tcp_output_next(p->host[side], p->now, &segment))
			pair_transmit(p, side, &segment);
	}
}

static inline struct instant pair_next(struct pair *p)
{
	const struct heap_entry *top = heap_top(&p->pipe);
	struct instant next = top ? AT(top->key) : INSTANT_NEVER;
	for (int side = 0; side < 2; side++)
		next = instant_min(next, tcp_next_wakeup(p->host[side]));
	return next;
}

/* Plays everything up to and including that time. */
static inline void pair_run(struct pair *p, int64_t until_ns)
{
	pair_poll(p);
	struct instant next;
	while ((next = pair_next(p)).ns <= until_ns) {
		assert_true(next.ns >= p->now.ns);
		p->now = next;
		const struct heap_entry *top = heap_top(&p->pipe);
		if (top && top->key <= p->now.ns) {
			struct flight *f = &p->flights[heap_pop(&p->pipe).value];
			tcp_segment_arrived(p->host[f->to], p->now, f->source, f->destination,
					    f->ttl, f->bytes, f->length);
			free(f->bytes);
			f->bytes = NULL;
		} else {
			for (int side = 0; side < 2; side++)
				tcp_time_reached(p->host[side], p->now);
		}
		pair_poll(p);
	}
	p->now = AT(until_ns);
}

/* Connected, with the log and counts empty: side 0 dialled, side 1 listens. */
static inline void pair_connect(struct pair *p, const struct tcp_options *socket)
{
	assert_int_not_equal(pair_listen(p, 1, 8), 0);
	assert_int_not_equal(pair_dial(p, 0, socket), 0);
	pair_run(p, p->now.ns + 4 * p->delay_ns);
	assert_int_equal(p->opened[0], 1);
	assert_int_equal(p->accepted[1], 1);
	p->seen_count = 0;
	p->sent[0] = p->sent[1] = 0;
}

static inline size_t seen_count(const struct pair *p, int from, uint8_t flags)
{
	size_t n = 0;
	for (size_t i = 0; i < p->seen_count; i++)
		n += p->seen[i].from == from && (p->seen[i].flags & flags) == flags;
	return n;
}

static inline uint8_t *pattern_new(size_t length, uint32_t salt)
{
	uint8_t *bytes = memory_alloc(length);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(hash_u64(i / 8 + salt) >> (i % 8 * 8));
	return bytes;
}

static inline void assert_got(const struct pair *p, int side, const void *bytes, size_t length)
{
	assert_int_equal(p->got[side].length, length);
	if (length)
		assert_memory_equal(p->got[side].data, bytes, length);
}

#endif
