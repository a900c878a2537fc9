#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

struct ip_addr ip_addr_v4(uint32_t host_order)
{
	struct ip_addr addr = { .family = IP_V4 };
	addr.bytes[0] = (uint8_t)(host_order >> 24);
	addr.bytes[1] = (uint8_t)(host_order >> 16);
	addr.bytes[2] = (uint8_t)(host_order >> 8);
	addr.bytes[3] = (uint8_t)host_order;
	return addr;
}

uint32_t ip_addr_to_v4(struct ip_addr addr)
{
	if (addr.family != IP_V4)
		return 0;
	return (uint32_t)addr.bytes[0] << 24 | (uint32_t)addr.bytes[1] << 16 |
	       (uint32_t)addr.bytes[2] << 8 | addr.bytes[3];
}

bool ip_addr_equal(struct ip_addr a, struct ip_addr b) { return ip_addr_compare(a, b) == 0; }

int ip_addr_compare(struct ip_addr a, struct ip_addr b)
{
	if (a.family != b.family)
		return a.family < b.family ? -1 : 1;
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes));
}

bool ip_addr_is_zero(struct ip_addr addr)
{
	static const uint8_t zero[16];
	return memcmp(addr.bytes, zero, sizeof(zero)) == 0;
}

uint8_t ip_addr_bits(struct ip_addr addr)
{
	return addr.family == IP_V4 ? 32 : addr.family == IP_V6 ? 128 : 0;
}

uint64_t ip_addr_hash(struct ip_addr addr)
{
	uint64_t high = 0, low = 0;
	for (int i = 0; i < 8; i++) {
		high = high << 8 | addr.bytes[i];
		low = low << 8 | addr.bytes[8 + i];
	}
	return hash_u64(high ^ hash_u64(low + addr.family));
}

bool ip_addr_parse(const char *text, size_t length, struct ip_addr *out)
{
	char copy[IP_TEXT_MAX];
	if (length == 0 || length >= sizeof(copy) || memchr(text, '\0', length))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	struct ip_addr addr = { 0 };
	if (inet_pton(AF_INET, copy, addr.bytes) == 1)
		addr.family = IP_V4;
	else if (inet_pton(AF_INET6, copy, addr.bytes) == 1)
		addr.family = IP_V6;
	else
		return false;
	*out = addr;
	return true;
}

const char *ip_addr_format(struct ip_addr addr, char *buffer)
{
	if (addr.family == IP_NONE)
		return strcpy(buffer, "-");
	int family = addr.family == IP_V4 ? AF_INET : AF_INET6;
	const char *text = inet_ntop(family, addr.bytes, buffer, IP_TEXT_MAX);
	ASSERT(text);
	return text;
}

bool ip_prefix_parse(const char *text, size_t length, bool bare_ok, struct ip_prefix *out)
{
	const char *slash = memchr(text, '/', length);
	struct ip_prefix prefix;
	if (!slash) {
		if (!bare_ok || !ip_addr_parse(text, length, &prefix.addr))
			return false;
		prefix.length = ip_addr_bits(prefix.addr);
		*out = prefix;
		return true;
	}
	if (!ip_addr_parse(text, (size_t)(slash - text), &prefix.addr))
		return false;
	size_t digits = length - (size_t)(slash + 1 - text);
	if (digits == 0 || digits > 3 || (digits > 1 && slash[1] == '0'))
		return false;
	unsigned value = 0;
	for (size_t i = 0; i < digits; i++) {
		char c = slash[1 + i];
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (unsigned)(c - '0');
	}
	if (value > ip_addr_bits(prefix.addr))
		return false;
	prefix.length = (uint8_t)value;
	*out = prefix;
	return true;
}

const char *ip_prefix_format(struct ip_prefix prefix, char *buffer)
{
	ip_addr_format(prefix.addr, buffer);
	size_t used = strlen(buffer);
	snprintf(buffer + used, IP_TEXT_MAX - used, "/%u", prefix.length);
	return buffer;
}

struct ip_prefix ip_prefix_masked(struct ip_prefix prefix)
{
	for (int i = 0; i < 16; i++) {
		int bits = (int)prefix.length - 8 * i;
		if (bits <= 0)
			prefix.addr.bytes[i] = 0;
		else if (bits < 8)
			prefix.addr.bytes[i] &= (uint8_t)(0xff << (8 - bits));
	}
	return prefix;
}

bool ip_prefix_is_network(struct ip_prefix prefix)
{
	return ip_addr_equal(prefix.addr, ip_prefix_masked(prefix).addr);
}

bool ip_prefix_equal(struct ip_prefix a, struct ip_prefix b)
{
	return a.length == b.length && ip_addr_equal(a.addr, b.addr);
}

int ip_prefix_compare(struct ip_prefix a, struct ip_prefix b)
{
	int order = ip_addr_compare(a.addr, b.addr);
	return order ? order : (int)a.length - (int)b.length;
}

bool ip_prefix_contains(struct ip_prefix outer, struct ip_addr addr)
{
	if (outer.addr.family != addr.family)
		return false;
	struct ip_prefix inner = { addr, outer.length };
	return ip_addr_equal(ip_prefix_masked(inner).addr, ip_prefix_masked(outer).addr);
}

bool ip_prefix_covers(struct ip_prefix outer, struct ip_prefix inner)
{
	return outer.length <= inner.length && ip_prefix_contains(outer, inner.addr);
}

struct ip_addr ip_prefix_last(struct ip_prefix prefix)
{
	struct ip_addr last = ip_prefix_masked(prefix).addr;
	for (int bit = prefix.length; bit < ip_addr_bits(prefix.addr); bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	return last;
}

const char *mac_addr_format(struct mac_addr mac, char *buffer)
{
	const uint8_t *b = mac.bytes;
	snprintf(buffer, IP_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		 b[5]);
	return buffer;
}

bool mac_addr_equal(struct mac_addr a, struct mac_addr b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}
