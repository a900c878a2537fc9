#include "bgp/wire/capability.h"

/* A capability that is there or not, without a value. */
#define PLAIN_CAPABILITY(name)                                                                     \
	static void name##_decode(struct bgp_open *open, struct reader *value)                     \
	{                                                                                          \
		(void)value;                                                                       \
		open->capabilities.name = true;                                                    \
	}                                                                                          \
	static bool name##_encode(const struct bgp_open *open, unsigned instance,                  \
				  struct writer *out)                                              \
	{                                                                                          \
		(void)out;                                                                         \
		return instance == 0 && open->capabilities.name;                                   \
	}

PLAIN_CAPABILITY(route_refresh)
PLAIN_CAPABILITY(enhanced_refresh)
PLAIN_CAPABILITY(refresh_old)
PLAIN_CAPABILITY(extended_message)

/* The nth family of a set, in order of AFI; 0 if there are fewer. */
static uint8_t family_at(uint8_t families, unsigned n)
{
	for (unsigned i = 0; i < BGP_FAMILIES; i++)
		if ((families & 1u << i) && n-- == 0)
			return (uint8_t)(1u << i);
	return 0;
}

static uint8_t family_read(struct reader *value)
{
	uint16_t afi = reader_u16(value);
	return bgp_family_of(afi, reader_u8(value));
}

static void family_write(uint8_t family, struct writer *out)
{
	uint16_t afi;
	uint8_t safi;
	bgp_family_codes(family, &afi, &safi);
	writer_u16(out, afi);
	writer_u8(out, safi);
}

static void multiprotocol_decode(struct bgp_open *open, struct reader *value)
{
	uint16_t afi = reader_u16(value);
	reader_u8(value); /* reserved */
	open->capabilities.multiprotocol = true;
	open->capabilities.families |= bgp_family_of(afi, reader_u8(value));
}

static bool multiprotocol_encode(const struct bgp_open *open, unsigned instance, struct writer *out)
{
	uint8_t family = family_at(open->capabilities.families, instance);
	if (!open->capabilities.multiprotocol || family == 0)
		return false;
	uint16_t afi;
	uint8_t safi;
	bgp_family_codes(family, &afi, &safi);
	writer_u16(out, afi);
	writer_u8(out, 0);
	writer_u8(out, safi);
	return true;
}

#define NEXT_HOP_AFI_IPV6 2u

/* RFC 8950 4: of its triples we know one. SAFI has two octets here. */
static void extended_next_hop_decode(struct bgp_open *open, struct reader *value)
{
	while (reader_left(value) > 0) {
		uint16_t afi = reader_u16(value);
		uint16_t safi = reader_u16(value);
		bool over_ipv6 = reader_u16(value) == NEXT_HOP_AFI_IPV6;
		if (over_ipv6 && safi <= UINT8_MAX &&
		    bgp_family_of(afi, (uint8_t)safi) == BGP_IPV4_UNICAST)
			open->capabilities.extended_next_hop = true;
	}
}

static bool extended_next_hop_encode(const struct bgp_open *open, unsigned instance,
				     struct writer *out)
{
	uint16_t afi;
	uint8_t safi;
	if (instance > 0 || !open->capabilities.extended_next_hop)
		return false;
	bgp_family_codes(BGP_IPV4_UNICAST, &afi, &safi);
	writer_u16(out, afi);
	writer_u16(out, safi);
	writer_u16(out, NEXT_HOP_AFI_IPV6);
	return true;
}

static void role_decode(struct bgp_open *open, struct reader *value)
{
	struct bgp_capabilities *to = &open->capabilities;
	uint8_t role = reader_u8(value);
	to->role_unclear |= to->has_role && to->role != role;
	to->has_role = true;
	to->role = role;
}

static bool role_encode(const struct bgp_open *open, unsigned instance, struct writer *out)
{
	if (instance > 0 || !open->capabilities.has_role)
		return false;
	writer_u8(out, open->capabilities.role);
	return true;
}

#define RESTARTING 0x8u
#define RESTART_NOTIFICATION 0x4u
#define FORWARDING_KEPT 0x80u

/* RFC 4724 3: of several instances the last one counts. */
static void restart_decode(struct bgp_open *open, struct reader *value)
{
	struct bgp_capabilities *to = &open->capabilities;
	uint16_t head = reader_u16(value);
	to->graceful_restart = true;
	to->restarting = head >> 12 & RESTARTING;
	to->restart_notification = head >> 12 & RESTART_NOTIFICATION;
	to->restart_time_s = head & 0xfff;
	to->restart_families = to->forwarding_families = 0;
	while (reader_left(value) > 0) {
		uint8_t family = family_read(value);
		to->restart_families |= family;
		if (reader_u8(value) & FORWARDING_KEPT)
			to->forwarding_families |= family;
	}
}

static bool restart_encode(const struct bgp_open *open, unsigned instance, struct writer *out)
{
	const struct bgp_capabilities *from = &open->capabilities;
	if (instance > 0 || !from->graceful_restart)
		return false;
	unsigned flags = (from->restarting ? RESTARTING : 0) |
			 (from->restart_notification ? RESTART_NOTIFICATION : 0);
	writer_u16(out, (uint16_t)(flags << 12 | (from->restart_time_s & 0xfffu)));
	uint8_t family;
	for (unsigned i = 0; (family = family_at(from->restart_families, i)) != 0; i++) {
		family_write(family, out);
		writer_u8(out, from->forwarding_families & family ? FORWARDING_KEPT : 0);
	}
	return true;
}

static void as4_decode(struct bgp_open *open, struct reader *value)
{
	open->capabilities.as4 = true;
	open->capabilities.as4_number = reader_u32(value);
}

static bool as4_encode(const struct bgp_open *open, unsigned instance, struct writer *out)
{
	if (instance > 0 || !open->capabilities.as4)
		return false;
	writer_u32(out, open->capabilities.as4_number);
	return true;
}

#define ADD_PATH_RECEIVE 1u
#define ADD_PATH_SEND 2u

/* RFC 7911 4: a tuple with any other mode is passed over. */
static void add_path_decode(struct bgp_open *open, struct reader *value)
{
	struct bgp_capabilities *to = &open->capabilities;
	while (reader_left(value) > 0) {
		uint8_t family = family_read(value);
		uint8_t mode = reader_u8(value);
		if (mode == 0 || mode > (ADD_PATH_RECEIVE | ADD_PATH_SEND))
			continue;
		to->add_path_receive |= mode & ADD_PATH_RECEIVE ? family : 0;
		to->add_path_send |= mode & ADD_PATH_SEND ? family : 0;
	}
}

static bool add_path_encode(const struct bgp_open *open, unsigned instance, struct writer *out)
{
	const struct bgp_capabilities *from = &open->capabilities;
	uint8_t either = from->add_path_send | from->add_path_receive;
	if (instance > 0 || either == 0)
		return false;
	uint8_t family;
	for (unsigned i = 0; (family = family_at(either, i)) != 0; i++) {
		family_write(family, out);
		writer_u8(out, (from->add_path_receive & family ? ADD_PATH_RECEIVE : 0) |
			       (from->add_path_send & family ? ADD_PATH_SEND : 0));
	}
	return true;
}

static void long_lived_decode(struct bgp_open *open, struct reader *value)
{
	struct bgp_capabilities *to = &open->capabilities;
	to->long_lived = true;
	while (reader_left(value) > 0) {
		uint8_t family = family_read(value);
		to->long_lived_families |= family;
		if (reader_u8(value) & FORWARDING_KEPT)
			to->long_lived_forwarding |= family;
		uint32_t time_s = (uint32_t)reader_u8(value) << 16;
		time_s |= reader_u16(value);
		for (unsigned i = 0; i < BGP_FAMILIES; i++)
			if (family & 1u << i)
				to->long_lived_times_s[i] = time_s;
	}
}

static bool long_lived_encode(const struct bgp_open *open, unsigned instance, struct writer *out)
{
	const struct bgp_capabilities *from = &open->capabilities;
	if (instance > 0 || !from->long_lived)
		return false;
	uint8_t family;
	for (unsigned i = 0; (family = family_at(from->long_lived_families, i)) != 0; i++) {
		family_write(family, out);
		writer_u8(out, from->long_lived_forwarding & family ? FORWARDING_KEPT : 0);
		writer_u8(out, (uint8_t)(from->long_lived_time_s >> 16));
		writer_u16(out, (uint16_t)from->long_lived_time_s);
	}
	return true;
}

#define HOST_NAME_MAX_BYTES 64u

static void fqdn_decode(struct bgp_open *open, struct reader *value)
{
	(void)open;
	(void)value; /* a name for people; nothing depends on it */
}

static bool fqdn_encode(const struct bgp_open *open, unsigned instance, struct writer *out)
{
	const char *name = open->capabilities.host_name;
	if (instance > 0 || !name)
		return false;
	size_t length = strlen(name);
	if (length > HOST_NAME_MAX_BYTES)
		length = HOST_NAME_MAX_BYTES;
	writer_u8(out, (uint8_t)length);
	writer_bytes(out, name, length);
	writer_u8(out, 0); /* no domain name */
	return true;
}

static const struct capability_row rows[] = {
	{ BGP_CAP_MULTIPROTOCOL, 4, 0, multiprotocol_decode, multiprotocol_encode },
	{ BGP_CAP_ROUTE_REFRESH, 0, 1, route_refresh_decode, route_refresh_encode },
	{ BGP_CAP_EXTENDED_NEXT_HOP, 0, 6, extended_next_hop_decode, extended_next_hop_encode },
	{ BGP_CAP_EXTENDED_MESSAGE, 0, 1, extended_message_decode, extended_message_encode },
	{ BGP_CAP_ROLE, 1, 0, role_decode, role_encode },
	{ BGP_CAP_GRACEFUL_RESTART, 2, 4, restart_decode, restart_encode },
	{ BGP_CAP_AS4, 4, 0, as4_decode, as4_encode },
	{ BGP_CAP_ADD_PATH, 0, 4, add_path_decode, add_path_encode },
	{ BGP_CAP_ENHANCED_REFRESH, 0, 1, enhanced_refresh_decode, enhanced_refresh_encode },
	{ BGP_CAP_LONG_LIVED_GR, 0, 7, long_lived_decode, long_lived_encode },
	{ BGP_CAP_FQDN, 0, 1, fqdn_decode, fqdn_encode },
	{ BGP_CAP_REFRESH_OLD, 0, 1, refresh_old_decode, refresh_old_encode },
};

const struct capability_row *capability_row(uint8_t code)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}
