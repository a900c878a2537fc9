/* TCP segments as bytes: RFC 9293 section 3.1, and the options simrun knows. */
#ifndef SIM_VIRTUAL_TCP_SEGMENT_H
#define SIM_VIRTUAL_TCP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_RST 0x04u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u

#define TCP_HEADER_BYTES 20u
#define TCP_HEADER_BYTES_MAX 60u
#define TCP_MD5_BYTES 16u
#define TCP_MD5_OPTION_BYTES 20u /* with the two NOPs that align it */
#define TCP_NO_SHIFT 0xffu

/* A header with its options. When parsed, the pointers lead into the segment. */
struct tcp_header {
	uint16_t source_port, destination_port;
	uint32_t sequence, acknowledgment;
	uint8_t flags;
	uint8_t shift;       /* window scale, at most 14; TCP_NO_SHIFT: no such option */
	uint16_t window;     /* as it stands in the header */
	uint16_t mss;        /* 0: no such option */
	uint16_t header_length;
	const uint8_t *md5;  /* TCP_MD5_BYTES, or NULL: no such option */
	const uint8_t *payload;
	uint32_t length;     /* of the payload */
};

/* False: too short, or the data offset or an option's length cannot be. */
bool tcp_header_parse(const uint8_t *bytes, size_t length, struct tcp_header *header);
/* Writes header and options, with checksum 0 and, if `md5` is asked for, a zeroed digest; returns
 * the length, a multiple of four up to TCP_HEADER_BYTES_MAX. *md5_offset: where the digest goes. */
size_t tcp_header_write(const struct tcp_header *header, bool md5, uint8_t *bytes,
			size_t *md5_offset);
/* Sequence numbers taken: payload, SYN and FIN. */
static inline uint32_t tcp_header_span(const struct tcp_header *header)
{
	return header->length + ((header->flags & TCP_SYN) != 0) + ((header->flags & TCP_FIN) != 0);
}

/* The value to put, in network order, at bytes[16] of a segment whose checksum field is zero; 0
 * over a segment that holds a right one. IPv4 or IPv6 pseudo header, by the addresses' family. */
uint16_t tcp_checksum(struct ip_addr source, struct ip_addr destination, const uint8_t *bytes,
		      size_t length);

/* Order of sequence numbers, modulo 2^32. */
static inline bool seq_before(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }
static inline bool seq_after(uint32_t a, uint32_t b) { return (int32_t)(b - a) < 0; }

#endif
