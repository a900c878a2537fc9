/* When may an UPDATE end the session? RFC 7606, read once more and written down the obvious way, to
 * be held against the decoder. It says "may" wherever the RFCs leave a choice. */
#ifndef TESTS_FUZZ_RFC7606_H
#define TESTS_FUZZ_RFC7606_H

#include "bgp/wire/update.h"
#include "tests/fuzz/fuzz.h"

struct rfc7606 {
	bool must_reset, may_reset;
	uint32_t reachable, unreachable; /* prefixes seen */
};

/* Prefixes in a field; -1: it cannot be read. RFC 7606 5.3. */
FUZZ int rfc7606_prefixes(const uint8_t *at, size_t length, unsigned bits_max, bool add_path)
{
	int count = 0;
	size_t used = 0;
	while (used < length) {
		used += add_path ? 4 : 0;
		if (used >= length)
			return -1;
		unsigned bits = at[used++];
		if (bits > bits_max)
			return -1;
		used += (bits + 7) / 8;
		if (used > length)
			return -1;
		count++;
	}
	return count;
}

/* RFC 7606 7.11, 7.12: an MP attribute of a family we speak. False: its prefixes cannot be found. */
FUZZ bool rfc7606_mp(const struct bgp_codec *codec, bool reach, const uint8_t *at, size_t length,
		     struct rfc7606 *verdict)
{
	size_t used = 3;
	if (length < 3)
		return false;
	bool ipv4 = at[0] == 0 && at[1] == 1, ipv6 = at[0] == 0 && at[1] == 2;
	uint8_t family = at[2] != 1 ? 0 : ipv4 ? BGP_IPV4_UNICAST : ipv6 ? BGP_IPV6_UNICAST : 0;
	bool ours = family & codec->families;
	if (reach) {
		if (length < 4)
			return false;
		size_t hop = at[3];
		if (length < 5 + hop)
			return false;
		bool long_hop = hop == 16 || hop == 32;
		if (ours && !(ipv4 ? hop == 4 || (codec->extended_next_hop && long_hop) : long_hop))
			return false;
		used = 5 + hop;
	}
	if (!ours)
		return true;
	int count = rfc7606_prefixes(at + used, length - used, ipv4 ? 32 : 128,
				     codec->add_path_in & family);
	if (count < 0)
		return false;
	*(reach ? &verdict->reachable : &verdict->unreachable) += (uint32_t)count;
	return true;
}

FUZZ void rfc7606_attributes(const struct bgp_codec *codec, const uint8_t *at, size_t left,
			     struct rfc7606 *verdict, bool *others)
{
	bool seen[2] = { false, false };
	while (left >= 3) {
		bool extended = at[0] & BGP_FLAG_EXTENDED;
		size_t head = extended ? 4 : 3;
		if (left < head)
			break;
		size_t length = extended ? (size_t)at[2] << 8 | at[3] : at[2];
		if (length > left - head)
			break; /* RFC 7606 4: treat-as-withdraw, if the prefixes are known */
		uint8_t code = at[1];
		if (code == BGP_ATTR_MP_REACH || code == BGP_ATTR_MP_UNREACH) {
			bool reach = code == BGP_ATTR_MP_REACH;
			if (seen[reach] ||
			    !rfc7606_mp(codec, reach, at + head, length, verdict))
				verdict->must_reset = true;
			seen[reach] = true;
		} else {
			*others = true;
			/* RFC 4271 6.3: unrecognized, and said to be well-known */
			if (!(at[0] & BGP_FLAG_OPTIONAL) && !bgp_attr_row(code))
				verdict->may_reset = true;
		}
		at += head + length;
		left -= head + length;
	}
	*others |= left > 0;
}

FUZZ struct rfc7606 rfc7606_judge(const struct bgp_codec *codec, const uint8_t *body, size_t length)
{
	struct rfc7606 verdict = { 0 };
	bool others = false;
	size_t withdrawn = length >= 2 ? (size_t)body[0] << 8 | body[1] : 0;
	if (length < 4 || withdrawn > length - 4) {
		verdict.must_reset = verdict.may_reset = true;
		return verdict;
	}
	const uint8_t *at = body + 2 + withdrawn;
	size_t attributes = (size_t)at[0] << 8 | at[1];
	if (attributes > length - 4 - withdrawn) {
		verdict.must_reset = verdict.may_reset = true;
		return verdict;
	}
	if (codec->families & BGP_IPV4_UNICAST) {
		bool path_ids = codec->add_path_in & BGP_IPV4_UNICAST;
		int gone = rfc7606_prefixes(body + 2, withdrawn, 32, path_ids);
		int here = rfc7606_prefixes(at + 2 + attributes,
					    length - 4 - withdrawn - attributes, 32, path_ids);
		verdict.must_reset = gone < 0 || here < 0;
		verdict.unreachable = gone > 0 ? (uint32_t)gone : 0;
		verdict.reachable = here > 0 ? (uint32_t)here : 0;
	}
	rfc7606_attributes(codec, at + 2, attributes, &verdict, &others);
	verdict.may_reset |= verdict.must_reset;
	/* RFC 7606 5.2: attributes, one of them bad perhaps, and no prefix they could belong to. */
	if (verdict.reachable == 0 && others)
		verdict.may_reset = true;
	return verdict;
}

#endif
