/* IPv4, IPv6 and Ethernet addresses and prefixes, as plain values. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ip_family {
	IP_NONE = 0, /* the zero value: "no address" */
	IP_V4 = 4,
	IP_V6 = 6,
};

/* Network byte order; IPv4 uses the first four bytes, the others are zero. So two equal addresses
 * are equal byte for byte, and memcmp orders them as RFC 4271 compares identifiers. */
struct ip_addr {
	uint8_t family; /* enum ip_family */
	uint8_t bytes[16];
};

struct ip_prefix {
	struct ip_addr addr;
	uint8_t length; /* bits */
};

struct mac_addr {
	uint8_t bytes[6];
};

#define IP_TEXT_MAX 64 /* longest text with its NUL, prefix length included */

struct ip_addr ip_addr_v4(uint32_t host_order);
uint32_t ip_addr_to_v4(struct ip_addr addr); /* host order; 0 unless IPv4 */
bool ip_addr_equal(struct ip_addr a, struct ip_addr b);
int ip_addr_compare(struct ip_addr a, struct ip_addr b); /* family first, then bytes */
bool ip_addr_is_zero(struct ip_addr addr);               /* no family, 0.0.0.0 or :: */
uint8_t ip_addr_bits(struct ip_addr addr);               /* 32, 128, or 0 */
uint64_t ip_addr_hash(struct ip_addr addr);              /* stable across machines */

/* Parses exactly `length` bytes of text; no blanks allowed. False: *out is unchanged. */
bool ip_addr_parse(const char *text, size_t length, struct ip_addr *out);
/* Writes into a buffer of at least IP_TEXT_MAX bytes and returns it. */
const char *ip_addr_format(struct ip_addr addr, char *buffer);

/* "a.b.c.d/len" or "x::y/len". Host bits may be set: see ip_prefix_is_network. A bare address is
 * refused unless `bare_ok`, then it means the full length. */
bool ip_prefix_parse(const char *text, size_t length, bool bare_ok, struct ip_prefix *out);
const char *ip_prefix_format(struct ip_prefix prefix, char *buffer);
struct ip_prefix ip_prefix_masked(struct ip_prefix prefix);
bool ip_prefix_is_network(struct ip_prefix prefix); /* no host bits set */
bool ip_prefix_equal(struct ip_prefix a, struct ip_prefix b);
int ip_prefix_compare(struct ip_prefix a, struct ip_prefix b);
bool ip_prefix_contains(struct ip_prefix outer, struct ip_addr addr);
bool ip_prefix_covers(struct ip_prefix outer, struct ip_prefix inner); /* equal counts */
struct ip_addr ip_prefix_last(struct ip_prefix prefix); /* broadcast address of an IPv4 prefix */

const char *mac_addr_format(struct mac_addr mac, char *buffer);
bool mac_addr_equal(struct mac_addr a, struct mac_addr b);

#endif
