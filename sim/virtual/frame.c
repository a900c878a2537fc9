#include "sim/virtual/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/checksum.h"
#include "base/buf.h"
#include "base/memory.h"

const struct mac_addr mac_broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

static const uint32_t class_room[FRAME_CLASSES] = { 128, 512, 1536, 65600 };

void frame_pool_init(struct frame_pool *pool) { *pool = (struct frame_pool){ 0 }; }

void frame_pool_free(struct frame_pool *pool)
{
	while (pool->made) {
		struct frame *frame = pool->made;
		pool->made = frame->made;
		free(frame);
	}
	frame_pool_init(pool);
}

struct frame *frame_take(struct frame_pool *pool, uint32_t length)
{
	uint32_t class = 0;
	while (class_room[class] < length) {
		class++;
		ASSERT(class < FRAME_CLASSES);
	}
	struct frame *frame = pool->spare[class];
	if (frame) {
		pool->spare[class] = frame->next;
	} else {
		frame = memory_alloc(sizeof(*frame) + class_room[class]);
		frame->made = pool->made;
		pool->made = frame;
	}
	frame->pool = pool;
	frame->next = NULL;
	frame->references = 1;
	frame->length = length;
	frame->class = class;
	pool->live++;
	return frame;
}

void frame_unref(struct frame *frame)
{
	ASSERT(frame->references > 0);
	if (--frame->references)
		return;
	struct frame_pool *pool = frame->pool;
	frame->next = pool->spare[frame->class];
	pool->spare[frame->class] = frame;
	pool->live--;
}

struct frame *frame_writable(struct frame *frame)
{
	if (frame->references == 1)
		return frame;
	struct frame *copy = frame_take(frame->pool, frame->length);
	memcpy(copy->bytes, frame->bytes, frame->length);
	frame_unref(frame);
	return copy;
}

/* ---- checksums ------------------------------------------------------------------------------ */

uint16_t checksum_update(uint16_t field, uint16_t old, uint16_t new)
{
	return checksum_fold((uint32_t)(uint16_t)~field + (uint16_t)~old + new);
}

uint16_t checksum_transport(struct ip_addr source, struct ip_addr destination, uint8_t protocol,
			    const uint8_t *segment, size_t length)
{
	size_t bytes = ip_addr_bits(source) / 8;
	uint64_t sum = checksum_add(0, source.bytes, bytes);
	sum = checksum_add(sum, destination.bytes, bytes);
	sum += protocol;
	sum += (uint32_t)length;
	return checksum_fold(checksum_add(sum, segment, length));
}

/* ---- reading -------------------------------------------------------------------------------- */

static inline uint16_t get_u16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

static struct ip_addr get_ipv4(const uint8_t *p)
{
	struct ip_addr addr = { .family = IP_V4 };
	memcpy(addr.bytes, p, 4);
	return addr;
}

static bool read_arp(struct packet *out, const uint8_t *p, size_t length)
{
	/* Ethernet and IPv4 only. */
	static const uint8_t start[6] = { 0, 1, 8, 0, 6, 4 };
	if (length < ARP_BYTES || memcmp(p, start, sizeof(start)) != 0)
		return false;
	out->arp.operation = get_u16(p + 6);
	memcpy(out->arp.sender_mac.bytes, p + 8, 6);
	out->arp.sender = get_ipv4(p + 14);
	memcpy(out->arp.target_mac.bytes, p + 18, 6);
	out->arp.target = get_ipv4(p + 24);
	return true;
}

/* What stands in the first eight bytes of a transport header. */
static void read_ports(struct packet *out)
{
	const uint8_t *p = out->payload;
	uint32_t length = out->payload_length;
	if ((out->protocol == IP_PROTOCOL_TCP || out->protocol == IP_PROTOCOL_UDP) && length >= 4) {
		out->source_port = get_u16(p);
		out->destination_port = get_u16(p + 2);
	} else if (out->protocol == IP_PROTOCOL_ICMP && length >= ICMP_HEADER) {
		out->icmp_type = p[0];
		out->icmp_code = p[1];
		if (p[0] == ICMP_ECHO_REQUEST || p[0] == ICMP_ECHO_REPLY)
			out->source_port = out->destination_port = get_u16(p + 4);
	}
}

/* whole: the packet must be all there and its header checksum right; a quoted one need not be. */
static bool read_ipv4(struct packet *out, uint8_t *p, size_t length, bool whole)
{
	if (length < IPV4_HEADER || p[0] >> 4 != 4)
		return false;
	uint32_t header = (uint32_t)(p[0] & 15) * 4, total = get_u16(p + 2);
	if (header < IPV4_HEADER || header > length || total < header)
		return false;
	if (whole && (total > length || checksum_fold(checksum_add(0, p, header)) != 0))
		return false;
	out->ip = p;
	out->tos = p[1];
	out->id = get_u16(p + 4);
	out->ttl = p[8];
	out->protocol = p[9];
	out->source = get_ipv4(p + 12);
	out->destination = get_ipv4(p + 16);
	out->payload = p + header;
	out->payload_length = (total < length ? total : (uint32_t)length) - header;
	if ((get_u16(p + 6) & 0x1fff) == 0) /* not a later fragment */
		read_ports(out);
	return true;
}

bool packet_read(struct frame *frame, struct packet *out)
{
	memset(out, 0, sizeof(*out));
	if (frame->length < ETHERNET_HEADER)
		return false;
	uint8_t *p = frame->bytes;
	out->frame = frame;
	memcpy(out->mac_destination.bytes, p, 6);
	memcpy(out->mac_source.bytes, p + 6, 6);
	out->broadcast = p[0] & 1;
	out->ethertype = get_u16(p + 12);
	p += ETHERNET_HEADER;
	size_t length = frame->length - ETHERNET_HEADER;
	switch (out->ethertype) {
	case ETHERTYPE_ARP: return read_arp(out, p, length);
	case ETHERTYPE_IPV4: return read_ipv4(out, p, length, true);
	default: return false;
	}
}

bool packet_read_quoted(const struct packet *error, struct packet *quoted)
{
	memset(quoted, 0, sizeof(*quoted));
	if (error->payload_length < ICMP_HEADER)
		return false;
	quoted->frame = error->frame;
	quoted->ethertype = ETHERTYPE_IPV4;
	return read_ipv4(quoted, error->payload + ICMP_HEADER, error->payload_length - ICMP_HEADER,
			 false) &&
	       quoted->payload_length >= 8;
}

/* ---- building ------------------------------------------------------------------------------- */

void frame_set_macs(struct frame *frame, struct mac_addr destination, struct mac_addr source)
{
	memcpy(frame->bytes, destination.bytes, 6);
	memcpy(frame->bytes + 6, source.bytes, 6);
}

struct frame *frame_arp(struct frame_pool *pool, uint16_t operation, struct mac_addr sender_mac,
			struct ip_addr sender, struct mac_addr target_mac, struct ip_addr target,
			struct mac_addr destination)
{
	struct frame *frame = frame_take(pool, ETHERNET_HEADER + ARP_BYTES);
	frame_set_macs(frame, destination, sender_mac);
	struct writer w = writer_of(frame->bytes + 12, frame->length - 12);
	writer_u16(&w, ETHERTYPE_ARP);
	writer_u16(&w, 1); /* Ethernet */
	writer_u16(&w, ETHERTYPE_IPV4);
	writer_u8(&w, 6);
	writer_u8(&w, 4);
	writer_u16(&w, operation);
	writer_bytes(&w, sender_mac.bytes, 6);
	writer_bytes(&w, sender.bytes, 4);
	writer_bytes(&w, target_mac.bytes, 6);
	writer_bytes(&w, target.bytes, 4);
	ASSERT(!w.failed && writer_left(&w) == 0);
	return frame;
}

struct frame *frame_ipv4(struct frame_pool *pool, const struct ipv4_fields *fields, size_t length,
			 uint8_t **payload)
{
	ASSERT(length <= UINT16_MAX - IPV4_HEADER);
	struct frame *frame =
		frame_take(pool, ETHERNET_HEADER + IPV4_HEADER + (uint32_t)length);
	memset(frame->bytes, 0, 12);
	put_u16(frame->bytes + 12, ETHERTYPE_IPV4);
	uint8_t *p = frame->bytes + ETHERNET_HEADER;
	p[0] = 0x45;
	p[1] = fields->tos;
	put_u16(p + 2, (uint16_t)(IPV4_HEADER + length));
	put_u16(p + 4, fields->id);
	put_u16(p + 6, 0x4000); /* DF */
	p[8] = fields->ttl;
	p[9] = fields->protocol;
	put_u16(p + 10, 0);
	memcpy(p + 12, fields->source.bytes, 4);
	memcpy(p + 16, fields->destination.bytes, 4);
	put_u16(p + 10, checksum_fold(checksum_add(0, p, IPV4_HEADER)));
	*payload = p + IPV4_HEADER;
	return frame;
}

void icmp_fill(uint8_t *payload, uint8_t type, uint8_t code, uint32_t rest, size_t length)
{
	payload[0] = type;
	payload[1] = code;
	put_u16(payload + 2, 0);
	put_u32(payload + 4, rest);
	put_u16(payload + 2, checksum_fold(checksum_add(0, payload, ICMP_HEADER + length)));
}

void packet_decrement_ttl(struct packet *packet)
{
	uint16_t old = get_u16(packet->ip + 8);
	packet->ip[8]--;
	packet->ttl--;
	put_u16(packet->ip + 10,
		checksum_update(get_u16(packet->ip + 10), old, get_u16(packet->ip + 8)));
}

/* Where a transport's checksum stands, if it has one that covers addresses; NULL if not. */
static uint8_t *transport_checksum_at(const struct packet *packet)
{
	if (packet->protocol == IP_PROTOCOL_TCP && packet->payload_length >= 18)
		return packet->payload + 16;
	if (packet->protocol == IP_PROTOCOL_UDP && packet->payload_length >= 8 &&
	    get_u16(packet->payload + 6) != 0)
		return packet->payload + 6;
	return NULL;
}

/* Replaces a 16-bit word that the IP header checksum, the transport's, or both cover. */
static void replace_word(struct packet *packet, uint8_t *at, uint16_t new, bool in_header)
{
	uint16_t old = get_u16(at);
	put_u16(at, new);
	if (in_header)
		put_u16(packet->ip + 10,
			checksum_update(get_u16(packet->ip + 10), old, new));
	uint8_t *sum = transport_checksum_at(packet);
	if (!in_header && packet->protocol == IP_PROTOCOL_ICMP)
		sum = packet->payload + 2;
	if (sum)
		put_u16(sum, checksum_update(get_u16(sum), old, new));
}

static void rewrite(struct packet *packet, uint32_t header_offset, struct ip_addr address,
		    uint32_t port_offset, uint16_t port)
{
	for (uint32_t i = 0; i < 4; i += 2)
		replace_word(packet, packet->ip + header_offset + i, get_u16(address.bytes + i),
			     true);
	bool icmp = packet->protocol == IP_PROTOCOL_ICMP;
	if (packet->payload_length >= ICMP_HEADER &&
	    (icmp || packet->protocol == IP_PROTOCOL_TCP || packet->protocol == IP_PROTOCOL_UDP))
		replace_word(packet, packet->payload + (icmp ? 4 : port_offset), port, false);
}

void packet_rewrite_source(struct packet *packet, struct ip_addr source, uint16_t port)
{
	rewrite(packet, 12, source, 0, port);
	packet->source = source;
	packet->source_port = port;
}

void packet_rewrite_destination(struct packet *packet, struct ip_addr destination, uint16_t port)
{
	rewrite(packet, 16, destination, 2, port);
	packet->destination = destination;
	packet->destination_port = port;
}

void tcp_header_fill(uint8_t *header, uint16_t source_port, uint16_t destination_port,
		     uint32_t sequence, uint32_t acknowledgement, uint8_t flags)
{
	put_u16(header, source_port);
	put_u16(header + 2, destination_port);
	put_u32(header + 4, sequence);
	put_u32(header + 8, acknowledgement);
	header[12] = 0x50;
	header[13] = flags;
	put_u16(header + 14, flags & 0x04 ? 0 : 64240); /* what Linux offers at first */
	put_u16(header + 16, 0);
	put_u16(header + 18, 0);
}
