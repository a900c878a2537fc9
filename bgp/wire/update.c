/* Taking an UPDATE apart (RFC 4271 4.3, RFC 4760, RFC 7606). An UPDATE without MP_* attributes is
 * only looked over: its attributes' headers, and its prefixes' lengths. */
#include "bgp/wire/attr_table.h"
#include "bgp/wire/nlri.h"

/* What stands between MP_* attributes: at most three stretches. */
struct stretches {
	struct {
		const uint8_t *at;
		uint32_t length;
	} items[3];
	unsigned count;
	bool reach_seen, unreach_seen;
	uint8_t unreach_family; /* of an MP_UNREACH without a prefix */
};

static void judge(struct bgp_update *update, enum bgp_outcome outcome, uint8_t code,
		  uint8_t subcode, const void *data, size_t length)
{
	if (outcome <= update->outcome)
		return;
	update->outcome = outcome;
	update->bad_attribute = code;
	bgp_error_set(&update->error, 3, subcode, data, length);
}

static struct bgp_reaction found(struct bgp_update *update, const struct bgp_codec *codec,
				 enum bgp_fault fault, uint8_t code, enum bgp_outcome outcome,
				 uint8_t subcode, const void *data, size_t length)
{
	struct bgp_reaction reaction = bgp_react(codec, fault, code, outcome, subcode, true);
	judge(update, (enum bgp_outcome)reaction.outcome, code, reaction.subcode, data, length);
	return reaction;
}

/* Which of the two it is that nlri_check found. */
static enum bgp_fault prefix_fault(const struct bgp_nlri *nlri)
{
	const size_t head = nlri->add_path ? 5 : 1;
	const unsigned bits_max = nlri->family == BGP_IPV6_UNICAST ? 128 : 32;
	for (size_t at = head - 1; at < nlri->length; at += head + (nlri->bytes[at] + 7u) / 8u)
		if (nlri->bytes[at] > bits_max)
			return BGP_FAULT_PREFIX_LENGTH;
	return BGP_FAULT_PREFIX_CUT;
}

/* Prefixes of a family the session does not carry are not even looked at. */
static bool nlri_taken(struct bgp_nlri *nlri, const struct bgp_codec *codec, uint8_t family,
		       const uint8_t *bytes, size_t length)
{
	if (length == 0 || !(codec->families & family))
		return true;
	*nlri = (struct bgp_nlri){
		.bytes = bytes,
		.length = (uint32_t)length,
		.family = family,
		.add_path = codec->add_path_in & family,
	};
	return nlri_check(nlri);
}

static bool is_link_local(const uint8_t *addr)
{
	return addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
}

/* Multicast, loopback and unspecified addresses; IPv4 as in NEXT_HOP. */
static bool is_martian(const struct ip_addr *addr)
{
	static const uint8_t zero[15];
	const uint8_t *bytes = addr->bytes;
	if (addr->family == IP_V6)
		return bytes[0] == 0xff || (memcmp(bytes, zero, 15) == 0 && bytes[15] <= 1);
	return bytes[0] == 0 || bytes[0] == 127 || bytes[0] >> 4 == 0xe ||
	       get_u32(bytes) == UINT32_MAX;
}

/* RFC 2545 3: 16 octets, or 32 with a link-local one behind. Some senders put the link-local
 * address beside an unspecified global one; it is then the next hop. */
static bool mp_next_hop_taken(struct bgp_update *update, const struct bgp_codec *codec,
			      uint8_t family, const uint8_t *bytes, size_t length)
{
	struct ip_addr *global = &update->mp_next_hop, *link = &update->mp_next_hop_link;
	/* RFC 8950 3: the length says which. */
	if (family == BGP_IPV4_UNICAST && !(codec->extended_next_hop && length != 4)) {
		global->family = IP_V4;
		if (length == 4)
			memcpy(global->bytes, bytes, 4);
		return length == 4;
	}
	if (length != 16 && length != 32)
		return false;
	global->family = IP_V6;
	memcpy(global->bytes, bytes, 16);
	if (length == 32 && is_link_local(bytes + 16)) {
		link->family = IP_V6;
		memcpy(link->bytes, bytes + 16, 16);
		if (ip_addr_is_zero(*global))
			*global = *link;
	}
	return true;
}

/* RFC 7606 7.11: once the next hop's length is in doubt the prefixes cannot be found. */
static void reach_taken(struct bgp_update *update, const struct bgp_codec *codec,
			const uint8_t *at, const struct attr_header *header)
{
	struct reader in = reader_of(at + header->head, header->length);
	uint16_t afi = reader_u16(&in);
	uint8_t family = bgp_family_of(afi, reader_u8(&in)) & codec->families;
	size_t length = reader_u8(&in);
	const uint8_t *next_hop = reader_bytes(&in, length);
	reader_u8(&in); /* reserved */
	bool sound = !in.failed;
	if (sound && family == 0)
		return;
	if (sound && !mp_next_hop_taken(update, codec, family, next_hop, length)) {
		struct bgp_reaction reaction =
			found(update, codec, BGP_FAULT_MP_HOP_LENGTH, BGP_ATTR_MP_REACH,
			      BGP_OUTCOME_RESET, UPDATE_OPTIONAL, at, header->total);
		update->passed_over |= reaction.whole;
		return;
	}
	sound = sound &&
		nlri_taken(&update->announced[1], codec, family, in.at, reader_left(&in));
	if (!sound)
		judge(update, BGP_OUTCOME_RESET, BGP_ATTR_MP_REACH, UPDATE_OPTIONAL, at,
		      header->total);
	else if (update->announced[1].count > 0 && is_martian(&update->mp_next_hop))
		judge(update, BGP_OUTCOME_WITHDRAW, BGP_ATTR_MP_REACH, UPDATE_OPTIONAL, at,
		      header->total);
}

static void unreach_taken(struct bgp_update *update, const struct bgp_codec *codec,
			  const uint8_t *at, const struct attr_header *header,
			  struct stretches *plain)
{
	struct reader in = reader_of(at + header->head, header->length);
	uint16_t afi = reader_u16(&in);
	uint8_t family = bgp_family_of(afi, reader_u8(&in)) & codec->families;
	bool sound = !in.failed;
	if (sound && family == 0)
		return;
	sound = sound &&
		nlri_taken(&update->withdrawn[1], codec, family, in.at, reader_left(&in));
	if (!sound)
		judge(update, BGP_OUTCOME_RESET, BGP_ATTR_MP_UNREACH, UPDATE_OPTIONAL, at,
		      header->total);
	else if (reader_left(&in) == 0)
		plain->unreach_family = family;
}

static void mp_taken(struct bgp_update *update, const struct bgp_codec *codec, const uint8_t *at,
		     const struct attr_header *header, struct stretches *plain)
{
	bool reach = header->code == BGP_ATTR_MP_REACH;
	bool *seen = reach ? &plain->reach_seen : &plain->unreach_seen;
	if (*seen) { /* RFC 7606 3 g */
		judge(update, BGP_OUTCOME_RESET, header->code, UPDATE_MALFORMED_LIST, NULL, 0);
		return;
	}
	*seen = true;
	const uint8_t kind = BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE;
	if ((header->flags & kind) != BGP_FLAG_OPTIONAL)
		judge(update, BGP_OUTCOME_WITHDRAW, header->code, UPDATE_FLAGS, at, header->total);
	if (reach)
		reach_taken(update, codec, at, header);
	else
		unreach_taken(update, codec, at, header, plain);
}

static void stretch_ended(struct stretches *plain, const uint8_t *from, const uint8_t *to)
{
	if (from == to)
		return;
	plain->items[plain->count].at = from;
	plain->items[plain->count++].length = (uint32_t)(to - from);
}

/* Walks the attributes' headers. */
static void attributes_scanned(struct bgp_update *update, const struct bgp_codec *codec,
			       struct stretches *plain)
{
	const uint8_t *at = update->attr_bytes, *end = at + update->attr_length;
	const uint8_t *from = at;
	while (at < end) {
		struct attr_header header;
		if (!attr_header_read(at, (size_t)(end - at), &header)) { /* RFC 7606 4 */
			found(update, codec, BGP_FAULT_OVERRUN, header.code, BGP_OUTCOME_WITHDRAW,
			      UPDATE_MALFORMED_LIST, NULL, 0);
			break;
		}
		if (header.code == BGP_ATTR_MP_REACH || header.code == BGP_ATTR_MP_UNREACH) {
			mp_taken(update, codec, at, &header, plain);
			if (update->outcome == BGP_OUTCOME_RESET)
				return;
			stretch_ended(plain, from, at);
			from = at + header.total;
		}
		at += header.total;
	}
	stretch_ended(plain, from, end);
}

static void plain_joined(struct bgp_update *update, const struct stretches *plain,
			 struct arena *arena)
{
	update->plain_bytes = update->attr_bytes;
	if (plain->count == 0)
		return;
	update->plain_bytes = plain->items[0].at;
	update->plain_length = plain->items[0].length;
	if (plain->count == 1)
		return;
	uint8_t *joined = arena_alloc(arena, update->attr_length);
	struct writer out = writer_of(joined, update->attr_length);
	for (unsigned i = 0; i < plain->count; i++)
		writer_bytes(&out, plain->items[i].at, plain->items[i].length);
	update->plain_bytes = joined;
	update->plain_length = (uint32_t)writer_used(&out);
}

/* RFC 4724 2: nothing at all, or an MP_UNREACH without a prefix and nothing else. */
static uint8_t end_of_rib(const struct bgp_codec *codec, size_t length,
			  const struct bgp_update *update, const struct stretches *plain)
{
	if (length == 4)
		return codec->families & BGP_IPV4_UNICAST;
	bool alone = update->withdrawn[0].count == 0 && update->announced[0].count == 0 &&
		     update->plain_length == 0 && !plain->reach_seen;
	return alone ? plain->unreach_family : 0;
}

enum bgp_outcome bgp_update_split(const uint8_t *body, size_t length, const struct bgp_codec *codec,
				  struct arena *arena, struct bgp_update *update)
{
	*update = (struct bgp_update){ 0 };
	struct reader in = reader_of(body, length);
	size_t withdrawn_length = reader_u16(&in);
	const uint8_t *withdrawn = reader_bytes(&in, withdrawn_length);
	update->attr_length = reader_u16(&in);
	update->attr_bytes = reader_bytes(&in, update->attr_length);
	if (in.failed) { /* RFC 7606 3 b */
		judge(update, BGP_OUTCOME_RESET, 0, UPDATE_MALFORMED_LIST, NULL, 0);
		return update->outcome;
	}
	if (!nlri_taken(&update->withdrawn[0], codec, BGP_IPV4_UNICAST, withdrawn,
			withdrawn_length) ||
	    !nlri_taken(&update->announced[0], codec, BGP_IPV4_UNICAST, in.at, reader_left(&in))) {
		bool first = !nlri_check(&update->withdrawn[0]);
		enum bgp_fault fault = prefix_fault(first ? &update->withdrawn[0] :
							    &update->announced[0]);
		found(update, codec, fault, 0, BGP_OUTCOME_RESET, UPDATE_NETWORK, NULL, 0);
		return update->outcome;
	}
	struct stretches plain = { .count = 0 };
	attributes_scanned(update, codec, &plain);
	if (update->outcome == BGP_OUTCOME_RESET)
		return update->outcome;
	plain_joined(update, &plain, arena);
	if (update->passed_over)
		update->announced[0] = update->announced[1] = (struct bgp_nlri){ 0 };
	update->end_of_rib = end_of_rib(codec, length, update, &plain);
	/* RFC 7606 5.2: with no reachable prefix in sight one may have been misread. */
	bool reach = update->announced[0].count > 0 || update->announced[1].count > 0;
	if (update->outcome == BGP_OUTCOME_WITHDRAW && !reach && update->plain_length > 0)
		update->outcome = BGP_OUTCOME_RESET;
	return update->outcome;
}
