/* fuzz: bgp base
 *
 * Two whole speakers and the bytes between them. The input says who they are, then what happens:
 * time, routes, crashes, lost connections, and one mutation after another of what is under way.
 *
 * Always: no crash, no leak, and a session that has heard only whole UPDATEs stays up through one
 * that RFC 7606 does not let it end for. At the end all is mended: if no byte was changed, sessions
 * and tables must be what the slow reference says; if some were, the connection is lost once, and
 * then the same must hold. */
/* The harness is not what is to be covered. */
#define PIPE __attribute__((unused, no_sanitize("coverage"))) static
#define PIPE_SPEAKERS 2
#define PIPE_LINKS 2048
#define PIPE_EVENTS 1
#define PIPE_ROUTES 16
#include "tests/bgp/speaker_reference.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rfc7606.h"

#define STEPS_MAX 48
#define SIMULATED_MAX_S 3000

struct duo {
	struct pipe pipe; /* first: the pipe's hooks find the rest behind it */
	struct bgp_profile profiles[2];
	struct bgp_config configs[2][2];
	struct bgp_peer_config peers[2][2];
	bool turn[2];
	struct bgp_local_route locals[2][REF_PREFIXES];
	bool local[2][REF_PREFIXES];
	struct reference ref;
	/* the next mutation */
	bool armed;
	uint8_t kind, victim, value;
	uint16_t offset;
	bool hit;
	bool dirty[PIPE_LINKS][2]; /* what went to that end is no longer a row of whole messages */
	bool told[PIPE_LINKS];     /* an OPEN was changed: nobody knows what they agreed on */
	bool watch;                /* the message being taken must not end the session */
};

static const uint32_t colour[] = { 0xfde80007 }, no_export[] = { 0xffffff01 };
static const struct bgp_policy_rule rules[] = {
	{ .prefix = { { IP_V4, { 20, 0, 2 } }, 24 }, .verdict = BGP_RULE_REJECT },
	{ .prefix = { { IP_V4, { 20, 0, 0 } }, 23 }, .verdict = BGP_RULE_NEXT,
	  .add_communities = colour, .add_community_count = 1, .set_local_pref = true,
	  /* Less than what is usual: to prefer each other's routes would have two outcomes. */
	  .local_pref = 50 },
	{ .verdict = BGP_RULE_ACCEPT, .add_communities = no_export, .add_community_count = 1 },
};
static const struct bgp_policy policies[] = {
	{ &rules[0], 1, true }, { &rules[1], 1, true }, { &rules[0], 3, false },
	{ &rules[1], 2, true }, { &rules[0], 1, false },
};

/* ---- mutations ------------------------------------------------------------------------------- */

static bool is_whole(const uint8_t *bytes, size_t length, uint8_t type)
{
	static const uint8_t ones[16] = { 255, 255, 255, 255, 255, 255, 255, 255,
					  255, 255, 255, 255, 255, 255, 255, 255 };
	return length >= 19 && memcmp(bytes, ones, 16) == 0 &&
	       ((size_t)bytes[16] << 8 | bytes[17]) == length && bytes[18] == type;
}

/* A new attribute before the others, lengths set right; values from the input. */
static size_t attribute_inserted(const struct duo *duo, uint8_t *bytes, size_t length)
{
	static const uint8_t codes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 32, 35,
					 40, 99, 128 };
	static const uint8_t flags[] = { 0x40, 0x80, 0xc0, 0xe0, 0x50, 0x00, 0xd0, 0x90 };
	if (!is_whole(bytes, length, 2) || length < 23)
		return length;
	size_t withdrawn = (size_t)bytes[19] << 8 | bytes[20];
	if (withdrawn > length - 23)
		return length;
	uint8_t *at = bytes + 21 + withdrawn;
	size_t attributes = (size_t)at[0] << 8 | at[1], size = duo->offset % 40u;
	uint8_t flag = flags[duo->value % 8] & (uint8_t)~BGP_FLAG_EXTENDED;
	memmove(at + 2 + 3 + size, at + 2, length - (size_t)(at + 2 - bytes));
	at[2] = flag;
	at[3] = codes[(duo->offset >> 6) % sizeof(codes)];
	at[4] = (uint8_t)size;
	memset(at + 5, duo->value, size);
	put_u16(at, (uint16_t)(attributes + 3 + size));
	put_u16(bytes + 16, (uint16_t)(length + 3 + size));
	return length + 3 + size;
}

/* A byte of an attribute's header, or of its value: the nth of the block. */
static size_t attribute_changed(const struct duo *duo, uint8_t *bytes, size_t length)
{
	if (!is_whole(bytes, length, 2) || length < 24)
		return length;
	size_t withdrawn = (size_t)bytes[19] << 8 | bytes[20];
	if (withdrawn > length - 24)
		return length;
	size_t from = 23 + withdrawn;
	bytes[from + duo->offset % (length - from)] ^= duo->value ? duo->value : 0x80;
	return length;
}

static size_t mutated(const struct duo *duo, uint8_t *bytes, size_t length)
{
	size_t at = duo->offset % length;
	switch (duo->kind % 9) {
	case 0:
		bytes[at] ^= duo->value ? duo->value : 1;
		return length;
	case 1: /* one more byte */
		memmove(bytes + at + 1, bytes + at, length - at);
		bytes[at] = duo->value;
		return length + 1;
	case 2: /* some fewer */
		memmove(bytes + at, bytes + at + 1, length - at - 1);
		return length - 1;
	case 3:
		return at;
	case 4:
	case 5:
		return attribute_changed(duo, bytes, length);
	case 6:
	case 7:
		return attribute_inserted(duo, bytes, length);
	default: /* the message twice */
		if (length > PIPE_GROWTH)
			return length;
		memcpy(bytes + length, bytes, length);
		return 2 * length;
	}
}

static struct bgp_codec codec_of(const struct duo *duo, uint32_t at)
{
	const struct bgp_peer_config *own = &duo->pipe.speakers[at].config.peers[0];
	const struct bgp_peer_config *theirs = &duo->pipe.speakers[1 - at].config.peers[0];
	const struct bgp_profile *profile = duo->pipe.speakers[at].config.profile;
	const struct bgp_profile *their = duo->pipe.speakers[1 - at].config.profile;
	struct bgp_codec codec = { .as4 = true, .families = own->families & theirs->families };
	bool both = strchr((const char *)profile->capabilities, BGP_CAP_ADD_PATH) &&
		    strchr((const char *)their->capabilities, BGP_CAP_ADD_PATH);
	if (both && theirs->add_path_send &&
	    (own->add_path_receive || profile->add_path_receive_always))
		codec.add_path_in = codec.families;
	return codec;
}

static bool established(const struct duo *duo, uint32_t at)
{
	return duo->pipe.speakers[at].speaker &&
	       bgp_peer_state(duo->pipe.speakers[at].speaker, "other") == BGP_ESTABLISHED;
}

static size_t mangle(struct pipe *pipe, uint32_t link, uint32_t end, uint8_t *bytes, size_t length)
{
	struct duo *duo = (struct duo *)pipe;
	uint32_t to = pipe->links[link].speaker[end];
	uint8_t type = bytes[18];
	bool was_up = established(duo, to);
	bool sound = !duo->dirty[link][end];
	if (duo->armed && duo->victim == to) {
		uint8_t *before = exact_copy(bytes, length);
		size_t old = length;
		duo->armed = false;
		length = mutated(duo, bytes, length);
		bool changed = length != old || memcmp(before, bytes, length) != 0;
		free(before);
		duo->hit |= changed;
		if (changed && !is_whole(bytes, length, type) && duo->kind % 9 != 8)
			duo->dirty[link][end] = true;
		if (changed && type == BGP_OPEN)
			duo->told[link] = true;
	}
	duo->watch = false;
	if (was_up && sound && !duo->told[link] && is_whole(bytes, length, BGP_UPDATE)) {
		struct bgp_codec codec = codec_of(duo, to);
		struct rfc7606 verdict = rfc7606_judge(&codec, bytes + 19, length - 19);
		duo->watch = !verdict.may_reset && !duo->profiles[to].reactions;
	}
	return length;
}

static void taken(struct pipe *pipe, uint32_t link, uint32_t end)
{
	struct duo *duo = (struct duo *)pipe;
	ASSERT(!duo->watch || established(duo, pipe->links[link].speaker[end]));
	duo->watch = false;
}

/* ---- the two, and what happens to them ------------------------------------------------------ */

static void duo_init(struct duo *duo, struct feed *feed)
{
	uint8_t kinds = feed_u8(feed), ways = feed_u8(feed);
	pipe_init(&duo->pipe);
	duo->pipe.mangle = mangle;
	duo->pipe.taken = taken;
	duo->pipe.delay_ns = NS_PER_MS;
	duo->ref.pipe = &duo->pipe;
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t own = feed_u8(feed);
		struct bgp_peer_config *peer = &duo->peers[i][0];
		*peer = (struct bgp_peer_config){
			.name = "other",
			.remote = ip_addr_v4(0x0a000002u - i),
			.remote_as = (ways & 1) ? 65000u + 70000u * (1 - i) : 65000u,
			.families = BGP_IPV4_UNICAST | ((ways & 2) ? BGP_IPV6_UNICAST : 0),
			.graceful_restart = own & 1,
			.add_path_send = own & 2,
			.add_path_receive = own & 4,
			.rr_client = !(ways & 1) && (own & 8),
			.passive = (own & 0x30) == 0x30 && i == 0,
			.next_hop = own & 0x40 ? BGP_NEXT_HOP_SELF : BGP_NEXT_HOP_AUTO,
			.hold_time_s = own & 0x80 ? 9 : 0,
		};
		duo->profiles[i] = reference_profile(bgp_profile_at(kinds % 8));
		if (!(ways & 8)) /* else each daemon's own ways, which RFC 7606 may not like */
			duo->profiles[i].reactions = NULL;
		/* All paths, the receiver's own among them, are more than the reference knows of. */
		peer->add_path_send = peer->add_path_send && !duo->profiles[i].reflect_to_source;
		kinds /= 8;
		struct pipe_speaker *node =
			pipe_add(&duo->pipe, &duo->profiles[i], 0x0a000001u + i,
				 (ways & 1) ? 65000u + 70000u * i : 65000u, peer, 1);
		node->config.event_mask = ways & 4 ? UINT32_MAX : 0;
		duo->turn[i] = true;
	}
}

static void start(struct duo *duo, uint32_t at)
{
	struct pipe_speaker *node = &duo->pipe.speakers[at];
	if (node->speaker)
		return;
	memset(node->fib, 0, sizeof(node->fib));
	pipe_start(&duo->pipe, node);
	for (int i = 0; i < REF_PREFIXES; i++)
		if (duo->local[at][i])
			bgp_route_originated(node->speaker, duo->pipe.now, &duo->locals[at][i]);
	pipe_poll(&duo->pipe, node);
}

static void originate(struct duo *duo, uint32_t at, int prefix, uint8_t med)
{
	struct pipe_speaker *node = &duo->pipe.speakers[at];
	struct bgp_local_route *route = &duo->locals[at][prefix];
	duo->local[at][prefix] = med != 0xff;
	*route = (struct bgp_local_route){ .prefix = ref_prefix(prefix), .has_med = med & 1,
					   .med = med & 1 ? med : 0, .origin = med % 3 };
	ref_local(&duo->ref, at, prefix, duo->local[at][prefix] ? route : NULL);
	if (!node->speaker)
		return;
	if (duo->local[at][prefix])
		bgp_route_originated(node->speaker, duo->pipe.now, route);
	else
		bgp_route_retracted(node->speaker, duo->pipe.now, route->prefix);
	pipe_poll(&duo->pipe, node);
}

static void cut(struct duo *duo)
{
	for (uint32_t i = 0; i < duo->pipe.link_count; i++)
		pipe_cut(&duo->pipe, i);
}

static void silence(struct duo *duo, uint32_t at, bool silent)
{
	struct pipe_speaker *node = &duo->pipe.speakers[at];
	bool was = node->silent;
	node->silent = silent;
	if (was && !silent)
		cut(duo);
}

static void configure(struct duo *duo, uint32_t at, uint8_t what)
{
	struct pipe_speaker *node = &duo->pipe.speakers[at];
	struct bgp_config *config = &duo->configs[at][duo->turn[at]];
	struct bgp_peer_config *peer = &duo->peers[at][duo->turn[at]];
	unsigned import = what % 6u, export = what / 6u % 6u;
	if (!node->speaker)
		return;
	*config = node->config;
	*peer = node->config.peers[0];
	config->peers = peer;
	peer->import = import ? &policies[import - 1] : NULL;
	peer->export = export ? &policies[export - 1] : NULL;
	if (what > 200) /* a new start of the session */
		peer->keepalive_s = what % 7;
	config->ebgp_requires_policy = what % 11 == 0;
	bgp_configured(node->speaker, duo->pipe.now, config);
	pipe_poll(&duo->pipe, node);
	node->config = *config;
	duo->turn[at] = !duo->turn[at];
}

static void kill_it(struct duo *duo, uint32_t at, bool gently)
{
	struct pipe_speaker *node = &duo->pipe.speakers[at];
	if (!node->speaker)
		return;
	if (gently) {
		bgp_stopped(node->speaker, duo->pipe.now);
		pipe_poll(&duo->pipe, node);
	}
	pipe_kill(&duo->pipe, node);
}

static void step(struct duo *duo, struct feed *feed)
{
	static const int64_t spans_ms[] = { 0, 1, 2, 20, 60, 200, 1000, 3000,
					    5000, 10000, 31000, 61000, 95000, 125000, 185000, 245000 };
	uint8_t what = feed_u8(feed);
	uint32_t at = what >> 7;
	switch (what & 15) {
	case 0: case 1: case 2: case 3:
		pipe_run(&duo->pipe, instant_add(duo->pipe.now,
						 spans_ms[feed_u8(feed) & 15] * NS_PER_MS));
		break;
	case 4: case 5:
		originate(duo, at, (what >> 4 & 7) % REF_PREFIXES, feed_u8(feed));
		break;
	case 6: case 7: case 8: case 9: case 10:
		duo->armed = true;
		duo->victim = (uint8_t)at;
		duo->kind = (what >> 4) & 7;
		duo->offset = feed_u16(feed);
		duo->value = feed_u8(feed);
		if (duo->offset & 0x8000)
			duo->kind++;
		break;
	case 11: cut(duo); break;
	case 12:
		silence(duo, at, what & 16);
		break;
	case 13: configure(duo, at, feed_u8(feed)); break;
	case 14: kill_it(duo, at, what & 16); break;
	default: start(duo, at); break;
	}
}

static void mend(struct duo *duo)
{
	duo->armed = false;
	for (uint32_t i = 0; i < 2; i++) {
		duo->pipe.speakers[i].silent = false;
		start(duo, i);
	}
	/* Silence lost bytes, which no TCP would, and a changed byte may have left anything. */
	cut(duo);
	bool up = ref_settle(&duo->ref, 1200);
	ASSERT(up);
	pipe_run_s(&duo->pipe, 30);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = feed_of(data, size);
	struct duo *duo = memory_zalloc(sizeof(*duo));
	duo_init(duo, &feed);
	start(duo, 0);
	start(duo, 1);
	bool lossy = false;
	for (int i = 0; i < STEPS_MAX && feed_left(&feed); i++) {
		step(duo, &feed);
		lossy |= duo->pipe.speakers[0].silent || duo->pipe.speakers[1].silent;
		if (duo->pipe.now.ns > SIMULATED_MAX_S * NS_PER_S)
			break;
	}
	if (!duo->hit && !lossy) {
		start(duo, 0);
		start(duo, 1);
		duo->armed = false;
		bool up = ref_settle(&duo->ref, 1200);
		ASSERT(up);
		pipe_run_s(&duo->pipe, 30);
		ref_judge(&duo->ref);
	}
	mend(duo);
	ref_judge(&duo->ref);
	pipe_free(&duo->pipe);
	free(duo);
	return 0;
}
