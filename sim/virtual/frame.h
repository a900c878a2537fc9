/* Ethernet frames as real bytes, reference counted and recycled; reading and building of Ethernet,
 * ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), and of the ports of TCP and UDP. Checksums are right
 * (RFC 1071, RFC 1624). IPv6 is recognized by its EtherType and otherwise left alone for now. */
#ifndef SIM_VIRTUAL_FRAME_H
#define SIM_VIRTUAL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/checksum.h"

#define ETHERNET_HEADER 14u
#define IPV4_HEADER 20u /* we send no options */
#define ICMP_HEADER 8u
#define ARP_BYTES 28u
#define FRAME_MTU 1500u

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_ARP 0x0806u
#define ETHERTYPE_IPV6 0x86ddu
#define IP_PROTOCOL_ICMP 1u
#define IP_PROTOCOL_TCP 6u
#define IP_PROTOCOL_UDP 17u

#define FRAME_CLASSES 4u /* room for 128, 512, 1536 and 65600 bytes */

struct frame;
struct frame_pool {
	struct frame *made; /* all frames there are, by their `made` */
	struct frame *spare[FRAME_CLASSES];
	uint64_t live; /* frames taken and not given back */
};

/* Whoever holds a reference may read; only a sole holder may write (frame_writable). */
struct frame {
	struct frame_pool *pool; /* borrowed: outlives its frames */
	struct frame *next;      /* the holder's, to queue it (and the pool's) */
	struct frame *made;      /* the pool's */
	uint32_t references;
	uint32_t length;         /* Ethernet header included, no FCS, no padding */
	uint32_t class;
	uint8_t bytes[];
};

void frame_pool_init(struct frame_pool *pool);
void frame_pool_free(struct frame_pool *pool); /* frames still in flight go with it */
struct frame *frame_take(struct frame_pool *pool, uint32_t length); /* one reference; bytes undefined */
static inline struct frame *frame_ref(struct frame *frame)
{
	frame->references++;
	return frame;
}
void frame_unref(struct frame *frame);
/* The same frame if this is its only reference, else a copy; the caller's reference moves along. */
struct frame *frame_writable(struct frame *frame);

/* ---- checksums ------------------------------------------------------------------------------ */

/* RFC 1624: the field's new value after a 16-bit word under it changed from `old` to `new`. */
uint16_t checksum_update(uint16_t field, uint16_t old, uint16_t new);
/* TCP's, UDP's: pseudo header and segment. The segment's own field counts as it stands, so the
 * result is what to store if the field is zero, and 0 if a received segment is right. */
uint16_t checksum_transport(struct ip_addr source, struct ip_addr destination, uint8_t protocol,
			    const uint8_t *segment, size_t length);

/* ---- reading -------------------------------------------------------------------------------- */

struct arp_view {
	uint16_t operation; /* 1 request, 2 reply */
	struct mac_addr sender_mac, target_mac;
	struct ip_addr sender, target;
};

/* What a frame says, read once on arrival for all receivers. Points into the frame. */
struct packet {
	struct frame *frame; /* borrowed */
	struct mac_addr mac_source, mac_destination;
	bool broadcast;      /* to ff:ff:ff:ff:ff:ff or a multicast address */
	uint16_t ethertype;
	struct arp_view arp; /* ETHERTYPE_ARP */
	/* ETHERTYPE_IPV4 */
	uint8_t *ip;         /* header */
	struct ip_addr source, destination;
	uint8_t ttl, tos, protocol;
	uint16_t id;
	uint8_t *payload;    /* transport header */
	uint32_t payload_length;
	uint16_t source_port, destination_port; /* TCP, UDP; ICMP echo: the identifier in both */
	uint8_t icmp_type, icmp_code;
};

/* False: too short, bad version or checksum; such a frame is dropped without a word. */
bool packet_read(struct frame *frame, struct packet *out);
/* The packet an ICMP error quotes: addresses, protocol, ports (or echo identifier) and the first
 * eight bytes of its payload, which is all that may be there. False if it holds no such thing. */
bool packet_read_quoted(const struct packet *error, struct packet *quoted);

/* ---- building ------------------------------------------------------------------------------- */

struct frame *frame_arp(struct frame_pool *pool, uint16_t operation, struct mac_addr sender_mac,
			struct ip_addr sender, struct mac_addr target_mac, struct ip_addr target,
			struct mac_addr destination);

struct ipv4_fields {
	struct ip_addr source, destination;
	uint8_t ttl, tos, protocol;
	uint16_t id;
};
/* Ethernet (addresses still zero) and IPv4 headers with room for `length` bytes at *payload. DF is
 * set, as Linux sets it for what it sends by path MTU discovery. */
struct frame *frame_ipv4(struct frame_pool *pool, const struct ipv4_fields *fields, size_t length,
			 uint8_t **payload);
void frame_set_macs(struct frame *frame, struct mac_addr destination, struct mac_addr source);

/* ICMP header in front of `length` bytes already at payload + ICMP_HEADER, checksum last. */
void icmp_fill(uint8_t *payload, uint8_t type, uint8_t code, uint32_t rest, size_t length);

/* Twenty bytes of TCP header; the checksum stays zero. flags: 0x02 SYN, 0x10 ACK, 0x04 RST. */
void tcp_header_fill(uint8_t *header, uint16_t source_port, uint16_t destination_port,
		     uint32_t sequence, uint32_t acknowledgement, uint8_t flags);

/* In place, on a writable frame read as *packet; checksums are kept right by RFC 1624. */
void packet_decrement_ttl(struct packet *packet);
void packet_rewrite_source(struct packet *packet, struct ip_addr source, uint16_t port);
void packet_rewrite_destination(struct packet *packet, struct ip_addr destination, uint16_t port);

#define ICMP_ECHO_REPLY 0u
#define ICMP_UNREACHABLE 3u
#define ICMP_ECHO_REQUEST 8u
#define ICMP_TIME_EXCEEDED 11u
#define ICMP_CODE_NET 0u
#define ICMP_CODE_HOST 1u
#define ICMP_CODE_PROTOCOL 2u
#define ICMP_CODE_PORT 3u
#define ICMP_CODE_PROHIBITED 13u
static inline bool icmp_is_error(uint8_t type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED || type == 4 || type == 5 ||
	       type == 12;
}

extern const struct mac_addr mac_broadcast;

#endif
