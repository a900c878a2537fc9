/* BGP out of captures: Ethernet, Linux cooked or raw IP frames, TCP reassembled from both sides.
 * Included after cmocka. */
#ifndef TESTS_BGP_CAPTURE_H
#define TESTS_BGP_CAPTURE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/memory.h"

#define CAPTURE __attribute__((unused)) static
#define CAPTURE_STREAMS 64
#define CAPTURE_WAITING 64

struct capture_end {
	struct ip_addr addr;
	uint16_t port;
};

/* One direction of one connection, as far as the capture has it without a hole. */
struct capture_stream {
	struct capture_end from, to;
	bool open;          /* more may be appended */
	uint32_t next;      /* sequence number expected */
	uint8_t *bytes;     /* owned */
	unsigned *packets;  /* owned: which frame (from 1) each byte came in */
	size_t length, capacity, packet_capacity;
};

/* A segment ahead of its time. */
struct capture_segment {
	struct capture_end from, to;
	uint32_t sequence;
	const uint8_t *payload; /* owned */
	size_t length;
	unsigned packet;
};

struct capture {
	struct capture_stream streams[CAPTURE_STREAMS];
	size_t count;
	struct capture_segment waiting[CAPTURE_WAITING];
	size_t waiting_count;
	/* Each segment by itself: frames made by hand, with sequence numbers that repeat. */
	bool apart;
	unsigned packets, segments;
};

CAPTURE bool end_equal(struct capture_end a, struct capture_end b)
{
	return a.port == b.port && ip_addr_equal(a.addr, b.addr);
}

CAPTURE struct capture_stream *stream_find(struct capture *capture, struct capture_end from,
					   struct capture_end to)
{
	for (size_t i = 0; i < capture->count; i++) {
		struct capture_stream *stream = &capture->streams[i];
		if (stream->open && end_equal(stream->from, from) && end_equal(stream->to, to))
			return stream;
	}
	return NULL;
}

/* Ends the one there was: another connection, or what follows a hole. */
CAPTURE struct capture_stream *stream_begin(struct capture *capture, struct capture_end from,
					    struct capture_end to, uint32_t next)
{
	struct capture_stream *old = stream_find(capture, from, to);
	if (old)
		old->open = false;
	assert_true(capture->count < CAPTURE_STREAMS);
	struct capture_stream *stream = &capture->streams[capture->count++];
	*stream = (struct capture_stream){ .from = from, .to = to, .open = true, .next = next };
	return stream;
}

CAPTURE void stream_append(struct capture_stream *stream, const uint8_t *bytes, size_t length,
			   unsigned packet)
{
	for (size_t i = 0; i < length; i++) {
		size_t at = stream->length;
		ARRAY_PUSH(stream->packets, at, stream->packet_capacity, packet);
		ARRAY_PUSH(stream->bytes, stream->length, stream->capacity, bytes[i]);
	}
	stream->next += (uint32_t)length;
}

/* False: it lies ahead of a hole. What was there before is not taken twice. */
CAPTURE bool segment_fits(struct capture_stream *stream, const struct capture_segment *segment)
{
	uint32_t ahead = segment->sequence - stream->next;
	if (ahead != 0 && ahead < UINT32_C(1) << 31)
		return false;
	uint32_t known = 0 - ahead;
	if (known < segment->length)
		stream_append(stream, segment->payload + known, segment->length - known,
			      segment->packet);
	return true;
}

CAPTURE void waiting_tried(struct capture *capture, struct capture_stream *stream)
{
	for (size_t i = 0; i < capture->waiting_count;) {
		struct capture_segment *segment = &capture->waiting[i];
		if (!end_equal(segment->from, stream->from) ||
		    !end_equal(segment->to, stream->to) ||
		    !segment_fits(stream, segment)) {
			i++;
			continue;
		}
		free((void *)(uintptr_t)segment->payload);
		*segment = capture->waiting[--capture->waiting_count];
		i = 0;
	}
}

CAPTURE void segment_waits(struct capture *capture, const struct capture_segment *segment)
{
	assert_true(capture->waiting_count < CAPTURE_WAITING);
	struct capture_segment *copy = &capture->waiting[capture->waiting_count++];
	uint8_t *payload = malloc(segment->length);
	memcpy(payload, segment->payload, segment->length);
	*copy = *segment;
	copy->payload = payload;
}

CAPTURE void segment_taken(struct capture *capture, const struct capture_segment *segment, bool syn)
{
	struct capture_stream *stream = stream_find(capture, segment->from, segment->to);
	capture->segments++;
	if (syn || !stream || capture->apart)
		stream = stream_begin(capture, segment->from, segment->to, segment->sequence);
	if (segment->length == 0)
		return;
	if (!segment_fits(stream, segment))
		segment_waits(capture, segment);
	else
		waiting_tried(capture, stream);
}

/* At the end: a hole was never filled (or cut out of the capture); beyond it a new stretch begins,
 * with the segment that came first. */
CAPTURE void holes_passed(struct capture *capture)
{
	while (capture->waiting_count > 0) {
		struct capture_segment first = capture->waiting[0];
		for (size_t i = 1; i < capture->waiting_count; i++)
			if (capture->waiting[i].packet < first.packet)
				first = capture->waiting[i];
		waiting_tried(capture,
			      stream_begin(capture, first.from, first.to, first.sequence));
	}
}

CAPTURE void tcp_taken(struct capture *capture, struct reader in, struct ip_addr source,
		       struct ip_addr destination)
{
	struct capture_segment segment = { .from.addr = source, .to.addr = destination,
					   .packet = capture->packets };
	segment.from.port = reader_u16(&in);
	segment.to.port = reader_u16(&in);
	segment.sequence = reader_u32(&in);
	reader_u32(&in);
	unsigned offset = reader_u8(&in) >> 4, flags = reader_u8(&in);
	reader_bytes(&in, 6);
	reader_bytes(&in, offset < 5 ? 0 : 4 * (offset - 5));
	if (in.failed || (segment.from.port != 179 && segment.to.port != 179))
		return;
	segment.payload = in.at;
	segment.length = reader_left(&in);
	bool syn = flags & 2;
	segment.sequence += syn;
	segment_taken(capture, &segment, syn);
}

CAPTURE struct ip_addr captured_addr(struct reader *in, unsigned family)
{
	struct ip_addr addr = { .family = (uint8_t)family };
	const uint8_t *bytes = reader_bytes(in, family == IP_V4 ? 4 : 16);
	if (bytes)
		memcpy(addr.bytes, bytes, family == IP_V4 ? 4 : 16);
	return addr;
}

CAPTURE void ip_taken(struct capture *capture, struct reader in)
{
	struct reader whole = in;
	unsigned version = reader_u8(&in) >> 4, protocol;
	size_t head, total;
	if (version == 4) {
		head = 4u * (whole.at[0] & 15);
		reader_u8(&in);
		total = reader_u16(&in);
		reader_bytes(&in, 5);
		protocol = reader_u8(&in);
		reader_u16(&in);
	} else if (version == 6) {
		reader_bytes(&in, 3);
		head = 40;
		total = 40u + reader_u16(&in);
		protocol = reader_u8(&in);
		reader_u8(&in);
	} else {
		return;
	}
	struct ip_addr source = captured_addr(&in, version);
	struct ip_addr destination = captured_addr(&in, version);
	if (in.failed || protocol != 6 || total < head || total > reader_left(&whole))
		return;
	tcp_taken(capture, reader_of(whole.at + head, total - head), source, destination);
}

CAPTURE void frame_taken(struct capture *capture, int link, const uint8_t *bytes, size_t length)
{
	struct reader in = reader_of(bytes, length);
	capture->packets++;
	if (link == DLT_EN10MB) {
		reader_bytes(&in, 12);
		uint16_t type = reader_u16(&in);
		while (type == 0x8100 || type == 0x88a8) {
			reader_u16(&in);
			type = reader_u16(&in);
		}
		if (type != 0x0800 && type != 0x86dd)
			return;
	} else if (link == DLT_LINUX_SLL) {
		reader_bytes(&in, 16);
	} else if (link == DLT_NULL || link == DLT_LOOP) {
		reader_bytes(&in, 4);
	} else if (link == DLT_PPP) {
		reader_bytes(&in, length && bytes[0] == 0xff ? 4 : 2);
	} else {
		assert_int_equal(link, DLT_RAW);
	}
	if (!in.failed && reader_left(&in) > 0)
		ip_taken(capture, in);
}

CAPTURE void capture_read(struct capture *capture, pcap_t *pcap, bool apart)
{
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	memset(capture, 0, sizeof(*capture));
	capture->apart = apart;
	while (pcap_next_ex(pcap, &header, &bytes) == 1)
		frame_taken(capture, pcap_datalink(pcap), bytes, header->caplen);
	holes_passed(capture);
}

CAPTURE void capture_free(struct capture *capture)
{
	for (size_t i = 0; i < capture->count; i++) {
		free(capture->streams[i].bytes);
		free(capture->streams[i].packets);
	}
}

#endif
