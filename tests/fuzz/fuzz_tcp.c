/* fuzz: virtual
 * libFuzzer: two TCP hosts and a pipe that the input plays: it delivers, loses, repeats, changes
 * and forges segments, lets time pass, and makes the daemons' calls. No call may do harm, and what is
 * owed after each must be bounded. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/buf.h"
#include "sim/virtual/tcp.h"
#include "sim/virtual/tcp_segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FLIGHTS 64u
#define SEGMENT_MAX 1540u
#define OWED_MAX 4096u /* segments or events of one poll: a window of tiny ones at most */

struct flight {
	uint8_t bytes[SEGMENT_MAX];
	size_t length;
	int to;
};

struct play {
	struct reader input;
	struct tcp_host *host[2];
	struct ip_addr address[2];
	tcp_id connection[2], listener;
	struct instant now;
	struct flight flights[FLIGHTS]; /* a ring; the oldest is overwritten, that is, lost */
	uint32_t head, count;
	uint16_t port; /* the dialler's, as last seen */
	uint32_t sequence, acknowledgment; /* of the last segment seen */
};

static void poll_host(struct play *p, int side)
{
	struct tcp_event event;
	struct tcp_segment segment;
	uint32_t n = 0;
	while (tcp_event_next(p->host[side], p->now, &event)) {
		ASSERT(++n < OWED_MAX);
		if (event.kind == TCP_EVENT_ACCEPTED || event.kind == TCP_EVENT_OPENED)
			p->connection[side] = event.connection;
	}
	while (tcp_output_next(p->host[side], p->now, &segment)) {
		ASSERT(++n < OWED_MAX && segment.length <= SEGMENT_MAX);
		ASSERT(tcp_checksum(segment.source, segment.destination, segment.bytes,
				    segment.length) == 0);
		struct tcp_header header;
		ASSERT(tcp_header_parse(segment.bytes, segment.length, &header));
		p->port = side == 0 ? header.source_port : header.destination_port;
		p->sequence = header.sequence;
		p->acknowledgment = header.acknowledgment;
		struct flight *f = &p->flights[(p->head + p->count) % FLIGHTS];
		if (p->count == FLIGHTS)
			p->head = (p->head + 1) % FLIGHTS;
		else
			p->count++;
		memcpy(f->bytes, segment.bytes, segment.length);
		f->length = segment.length;
		f->to = !side;
	}
	ASSERT(tcp_next_wakeup(p->host[side]).ns >= p->now.ns);
}

static void deliver(struct play *p, int to, uint8_t *bytes, size_t length)
{
	struct ip_addr from = p->address[!to];
	put_u16(bytes + 16, 0);
	put_u16(bytes + 16, tcp_checksum(from, p->address[to], bytes, length));
	tcp_segment_arrived(p->host[to], p->now, from, p->address[to], reader_u8(&p->input) | 1,
			    bytes, length);
}

/* A segment on its way: with `changes` bytes changed; taken out of the pipe unless `again`. */
static void pass(struct play *p, uint8_t changes, bool again)
{
	if (p->count == 0)
		return;
	struct flight f = p->flights[p->head];
	if (!again) {
		p->head = (p->head + 1) % FLIGHTS;
		p->count--;
	}
	while (changes-- > 0) {
		uint8_t at = reader_u8(&p->input);
		if (at >= 4 && at < f.length)
			f.bytes[at] = reader_u8(&p->input);
	}
	deliver(p, f.to, f.bytes, f.length);
}

/* A segment out of thin air, near the numbers seen last. */
static void forge(struct play *p)
{
	uint8_t bytes[TCP_HEADER_BYTES_MAX + 255] = { 0 };
	int to = reader_u8(&p->input) & 1;
	bool swap = reader_u8(&p->input) & 1;
	uint32_t sequence = (swap ? p->acknowledgment : p->sequence) +
			    (uint32_t)(int32_t)(int16_t)reader_u16(&p->input);
	uint32_t acknowledgment = (swap ? p->sequence : p->acknowledgment) +
				  (uint32_t)(int32_t)(int16_t)reader_u16(&p->input);
	struct tcp_header header = {
		.source_port = to == 0 ? 179 : p->port,
		.destination_port = to == 0 ? p->port : 179,
		.sequence = sequence,
		.acknowledgment = acknowledgment,
		.flags = reader_u8(&p->input),
		.window = reader_u16(&p->input),
		.mss = reader_u8(&p->input),
		.shift = TCP_NO_SHIFT,
	};
	size_t unused, length = tcp_header_write(&header, false, bytes, &unused);
	deliver(p, to, bytes, length + reader_u8(&p->input));
}

static void call(struct play *p, uint8_t which)
{
	static const uint8_t bytes[65535];
	int side = which & 1;
	struct tcp_host *host = p->host[side];
	tcp_id id = p->connection[side];
	switch (which >> 1 & 7) {
	case 0:
		p->connection[0] = tcp_connect(p->host[0], p->now, &(struct tcp_connect_options){
			.local = p->address[0], .remote = p->address[1], .remote_port = 179 });
		break;
	case 1:
		tcp_send(host, id, bytes, reader_u16(&p->input));
		break;
	case 2:
		tcp_send_borrowed(host, id, bytes, reader_u8(&p->input), NULL, NULL);
		break;
	case 3:
		tcp_shutdown(host, p->now, id);
		break;
	case 4:
		tcp_close(host, p->now, id);
		break;
	case 5:
		tcp_abort(host, p->now, id);
		break;
	case 6:
		tcp_host_set_reading(host, p->now, which >> 4 & 1);
		break;
	default:
		tcp_unreachable(host, p->now, p->address[side], side ? 179 : p->port,
				p->address[!side], side ? p->port : 179, p->sequence,
				which >> 4 & 1 ? TCP_UNREACHABLE_HOST : TCP_UNREACHABLE_PORT);
	}
}

static void step(struct play *p)
{
	uint8_t what = reader_u8(&p->input);
	switch (what & 7) {
	case 0:
	case 1:
		pass(p, 0, false);
		break;
	case 2:
		pass(p, what >> 3 & 7, false);
		break;
	case 3:
		pass(p, 0, true);
		break;
	case 4:
		p->now.ns += (int64_t)reader_u16(&p->input) * NS_PER_MS;
		for (int side = 0; side < 2; side++)
			tcp_time_reached(p->host[side], p->now);
		break;
	case 5:
		forge(p);
		break;
	default:
		call(p, (uint8_t)(what >> 3 | (what & 1) << 5));
	}
	for (int side = 0; side < 2; side++)
		poll_host(p, side);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play *p = calloc(1, sizeof(*p));
	ASSERT(p);
	p->input = reader_of(data, size < 4096 ? size : 4096);
	for (int i = 0; i < 2; i++) {
		p->address[i] = ip_addr_v4(0x0a000001u + (uint32_t)i);
		p->host[i] = tcp_host_new(&(struct tcp_host_config){
			.random = random_stream_of(1, i ? "b" : "a", "tcp") });
	}
	p->listener = tcp_listen(p->host[1], &(struct tcp_listen_options){ .port = 179,
									   .backlog = 2 });
	call(p, 0);
	poll_host(p, 0);
	while (!p->input.failed && reader_left(&p->input) > 0)
		step(p);
	tcp_host_close_all(p->host[0], p->now);
	tcp_host_free(p->host[0]);
	tcp_host_free(p->host[1]);
	free(p);
	return 0;
}
