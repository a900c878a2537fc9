/* A RIB with peers around it, for tests: routes go in as real UPDATE messages and come out as such;
 * every peer has a table of what it was told, kept as text. */
#ifndef TESTS_BGP_ROUTE_NET_H
#define TESTS_BGP_ROUTE_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "bgp/profile.h"
#include "bgp/route/paths.h"
#include "bgp/route/rib.h"
#include "bgp/wire/update.h"

#define NET_PEERS 24
#define NET_ROUTES 4096
#define UNUSED __attribute__((unused))

/* What a peer was told and holds now. */
struct told {
	struct ip_prefix prefix;
	uint32_t path_id;
	char attrs[256];
};

struct net_peer {
	bool used, up, blocked; /* blocked: takes nothing */
	struct bgp_peer_config config;
	struct rib_peer about;
	struct told *told;
	size_t told_count;
	uint32_t messages, announced, withdrawn, end_of_rib;
	uint32_t spurious;      /* withdrawals of what it did not hold */
	struct text log;        /* "ANN 20.0.1.0/24 ..." and "WD ...", a line each */
};

struct net {
	struct bgp_table *table, *view; /* view: to decode what peers get */
	struct bgp_profile profile;
	struct bgp_config config;
	struct rib *rib;
	struct net_peer peers[NET_PEERS];
	struct arena arena;
	struct text changes;   /* "FIB 20.0.1.0/24 10.0.0.2", "WATCH 10.0.0.2", ... a line each */
	bool answer;           /* next hops at once, with net_answer */
	uint32_t slices_shared;
	char fib[1024][128];    /* by prefix id: "10.0.0.2 10.0.0.3" */
	struct bgp_next_hop_state (*resolve)(struct ip_addr next_hop);
};

static const struct instant now = { 0 };

static UNUSED struct ip_addr addr(const char *text)
{
	struct ip_addr a = { 0 };
	assert_true(ip_addr_parse(text, strlen(text), &a));
	return a;
}

static UNUSED struct ip_prefix pfx(const char *text)
{
	struct ip_prefix p = { 0 };
	assert_true(ip_prefix_parse(text, strlen(text), false, &p));
	return p;
}

static UNUSED uint32_t id4(const char *text) { return ip_addr_to_v4(addr(text)); }

/* Everything in 10.0.0.0/24 and 2001:db8::/64 is on our link, 10.0.1.0/24 on another of ours,
 * 172.16.0.0/12 nowhere. */
static UNUSED struct bgp_next_hop_state net_resolve(struct ip_addr next_hop)
{
	struct bgp_next_hop_state state = { .reachable = true };
	if (ip_prefix_contains(pfx("10.0.0.0/24"), next_hop)) {
		state.connected = true;
		state.local = addr("10.0.0.1");
	} else if (ip_prefix_contains(pfx("10.0.1.0/24"), next_hop)) {
		state.connected = true;
		state.local = addr("10.0.1.1");
	} else if (ip_prefix_contains(pfx("2001:db8::/64"), next_hop)) {
		state.connected = true;
		state.local = addr("2001:db8::1");
	} else if (ip_prefix_contains(pfx("172.16.0.0/12"), next_hop)) {
		state.reachable = false;
	} else {
		state.metric = 10;
	}
	return state;
}

/* ---- profiles ------------------------------------------------------------------------------- */

/* Copies, for tests to change. */
static UNUSED struct bgp_profile profile_bird(void) { return bgp_profile_calico_bird; }
static UNUSED struct bgp_profile profile_frr(void) { return bgp_profile_frr; }

/* ---- attributes ----------------------------------------------------------------------------- */

/* A route as a test writes it. */
struct spec {
	const char *prefixes;    /* "20.0.1.0/24 20.0.2.0/24" */
	const char *next_hop;
	const char *path;        /* "65100 65300" */
	const char *communities; /* "65000:1 65535:65281" */
	const char *originator, *clusters; /* "8.8.8.8 7.7.7.7" */
	bool has_med, has_local_pref;
	uint32_t med, local_pref, path_id;
	uint8_t origin;
	const uint8_t *unknown;  /* whole attributes */
	uint16_t unknown_length;
};

/* Next blank-separated word; false at the end. */
static UNUSED bool word(const char **at, char *out, size_t size)
{
	while (**at == ' ')
		++*at;
	size_t n = strcspn(*at, " ");
	if (n == 0)
		return false;
	assert_true(n < size);
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n;
	return true;
}

static UNUSED void spec_lists(const struct spec *spec, struct arena *arena, struct bgp_attrs *attrs)
{
	char w[64];
	uint8_t *list = arena_alloc(arena, 256 * 4);
	for (const char *at = spec->communities; at && word(&at, w, sizeof(w));) {
		unsigned high, low;
		assert_int_equal(sscanf(w, "%u:%u", &high, &low), 2);
		put_u32(list + 4 * attrs->community_count++, high << 16 | low);
		attrs->communities = list;
		attrs->present |= 1u << BGP_ATTR_COMMUNITIES;
	}
	uint8_t *clusters = arena_alloc(arena, 256 * 4);
	for (const char *at = spec->clusters; at && word(&at, w, sizeof(w));) {
		put_u32(clusters + 4 * attrs->cluster_count++, id4(w));
		attrs->cluster_list = clusters;
		attrs->present |= 1u << BGP_ATTR_CLUSTER_LIST;
	}
	uint32_t as[64], n = 0;
	for (const char *at = spec->path; at && word(&at, w, sizeof(w));)
		as[n++] = (uint32_t)strtoul(w, NULL, 10);
	while (n)
		bgp_as_path_prepend(attrs, as[--n], arena);
}

static UNUSED struct bgp_attrs spec_attrs(const struct spec *spec, struct arena *arena)
{
	struct bgp_attrs attrs = { .present = 1u << BGP_ATTR_ORIGIN | 1u << BGP_ATTR_AS_PATH,
				   .origin = spec->origin };
	attrs.next_hop = addr(spec->next_hop);
	if (attrs.next_hop.family == IP_V4)
		attrs.present |= 1u << BGP_ATTR_NEXT_HOP;
	if (spec->has_med || spec->med) {
		attrs.present |= 1u << BGP_ATTR_MED;
		attrs.med = spec->med;
	}
	if (spec->has_local_pref || spec->local_pref) {
		attrs.present |= 1u << BGP_ATTR_LOCAL_PREF;
		attrs.local_pref = spec->local_pref;
	}
	if (spec->originator) {
		attrs.present |= 1u << BGP_ATTR_ORIGINATOR_ID;
		attrs.originator_id = id4(spec->originator);
	}
	attrs.unknown = spec->unknown;
	attrs.unknown_length = spec->unknown_length;
	spec_lists(spec, arena, &attrs);
	return attrs;
}

/* In the manner of the observed matrix: "P=[65000] NH=10.0.0.2 MED=0 LP=100 C=65000:1 O=..
 * CL=..". */
static UNUSED void attrs_text(const struct bgp_attrs *a, struct text *out)
{
	char buffer[IP_TEXT_MAX];
	struct text path;
	text_init(&path);
	bgp_as_path_print(a, &path);
	text_put(out, path.length ? "P=[" : "P=empty");
	for (size_t i = 0; i < path.length; i++)
		text_put(out, path.data[i] == ' ' ? ", " : (char[]){ path.data[i], '\0' });
	text_put(out, path.length ? "]" : "");
	text_free(&path);
	text_printf(out, " NH=%s", ip_addr_format(a->next_hop, buffer));
	if (bgp_has(a, BGP_ATTR_MED))
		text_printf(out, " MED=%u", a->med);
	if (bgp_has(a, BGP_ATTR_LOCAL_PREF))
		text_printf(out, " LP=%u", a->local_pref);
	for (uint16_t i = 0; i < a->community_count; i++) {
		struct reader r = reader_of(a->communities + 4 * i, 4);
		unsigned high = reader_u16(&r), low = reader_u16(&r);
		text_printf(out, "%s%u:%u", i ? "," : " C=", high, low);
	}
	if (bgp_has(a, BGP_ATTR_ORIGINATOR_ID))
		text_printf(out, " O=%s", ip_addr_format(ip_addr_v4(a->originator_id), buffer));
	for (uint16_t i = 0; i < a->cluster_count; i++) {
		struct reader r = reader_of(a->cluster_list + 4 * i, 4);
		text_printf(out, "%s%s", i ? "," : " CL=",
			    ip_addr_format(ip_addr_v4(reader_u32(&r)), buffer));
	}
	struct reader u = reader_of(a->unknown, a->unknown_length);
	while (reader_left(&u)) {
		unsigned flags = reader_u8(&u), code = reader_u8(&u);
		unsigned length = flags & BGP_FLAG_EXTENDED ? reader_u16(&u) : reader_u8(&u);
		text_printf(out, " %u(%02x)=", code, flags);
		for (unsigned i = 0; i < length; i++)
			text_printf(out, "%02x", reader_u8(&u));
	}
}

/* ---- the net -------------------------------------------------------------------------------- */

static UNUSED void net_init(struct net *net, struct bgp_profile profile)
{
	memset(net, 0, sizeof(*net));
	net->table = bgp_table_new();
	net->view = bgp_table_new();
	net->profile = profile;
	net->config = (struct bgp_config){ .name = "dut", .profile = &net->profile,
					   .router_id = id4("10.0.0.1"), .local_as = 65000 };
	net->rib = rib_new(net->table, &net->config);
	arena_init(&net->arena);
	text_init(&net->changes);
	net->answer = true;
	net->resolve = net_resolve;
}

static UNUSED void net_free(struct net *net)
{
	rib_free(net->rib);
	assert_int_equal(bgp_attrs_live(net->table), 0);
	assert_int_equal(path_lists_live(net->table), 0);
	bgp_table_free(net->table);
	bgp_table_free(net->view);
	for (int i = 0; i < NET_PEERS; i++) {
		free(net->peers[i].told);
		text_free(&net->peers[i].log);
	}
	arena_free(&net->arena);
	text_free(&net->changes);
}

/* Describes a peer; the session is up only after net_up. */
static UNUSED struct net_peer *net_peer(struct net *net, uint32_t index, const char *remote,
					uint32_t remote_as)
{
	struct net_peer *peer = &net->peers[index];
	peer->used = true;
	peer->told = peer->told ? peer->told : calloc(NET_ROUTES, sizeof(*peer->told));
	peer->config = (struct bgp_peer_config){ .name = remote, .remote = addr(remote),
						 .remote_as = remote_as,
						 .families = BGP_IPV4_UNICAST };
	bool external = remote_as != net->config.local_as;
	peer->about = (struct rib_peer){
		.config = &peer->config,
		.codec = { .as4 = true, .external = external, .families = BGP_IPV4_UNICAST,
			   .unknown_sets_partial = net->profile.unknown_sets_partial,
			   .reactions = net->profile.reactions,
			   .as_path_extended_length = net->profile.as_path_extended_length },
		.router_id = id4(remote), .external = external,
		.local_as = net->config.local_as, .local = addr("10.0.0.1"),
		.message_max = BGP_MESSAGE_MAX,
	};
	return peer;
}

static UNUSED void net_up(struct net *net, uint32_t index)
{
	struct net_peer *peer = &net->peers[index];
	peer->up = true;
	peer->told_count = 0;
	peer->about.config = &peer->config;
	rib_peer_up(net->rib, index, &peer->about, now);
}

static UNUSED void net_down(struct net *net, uint32_t index, uint8_t keep_stale)
{
	net->peers[index].up = false;
	rib_peer_down(net->rib, index, keep_stale, now);
}

/* ---- what comes out ------------------------------------------------------------------------- */

static UNUSED struct told *told_find(struct net_peer *peer, struct ip_prefix prefix,
				     uint32_t path_id)
{
	for (size_t i = 0; i < peer->told_count; i++)
		if (ip_prefix_equal(peer->told[i].prefix, prefix) &&
		    peer->told[i].path_id == path_id)
			return &peer->told[i];
	return NULL;
}

/* Attributes a peer holds for a prefix; "-" for none. */
static UNUSED const char *net_told(struct net *net, uint32_t peer, const char *prefix)
{
	for (size_t i = 0; i < net->peers[peer].told_count; i++)
		if (ip_prefix_equal(net->peers[peer].told[i].prefix, pfx(prefix)))
			return net->peers[peer].told[i].attrs;
	return "-";
}

static UNUSED void receive_withdrawn(struct net_peer *peer, const struct bgp_nlri *nlri)
{
	struct bgp_nlri_item item;
	char buffer[IP_TEXT_MAX];
	for (uint32_t offset = 0; bgp_nlri_next(nlri, &offset, &item);) {
		struct told *told = told_find(peer, item.prefix, item.path_id);
		peer->withdrawn++;
		text_printf(&peer->log, "WD %s", ip_prefix_format(item.prefix, buffer));
		text_printf(&peer->log, item.path_id ? "#%u\n" : "\n", item.path_id);
		if (told)
			*told = peer->told[--peer->told_count];
		else
			peer->spurious++;
	}
}

static UNUSED void receive_announced(struct net_peer *peer, const struct bgp_nlri *nlri,
				     const char *attrs)
{
	struct bgp_nlri_item item;
	char buffer[IP_TEXT_MAX];
	for (uint32_t offset = 0; bgp_nlri_next(nlri, &offset, &item);) {
		struct told *told = told_find(peer, item.prefix, item.path_id);
		peer->announced++;
		text_printf(&peer->log, "ANN %s", ip_prefix_format(item.prefix, buffer));
		if (item.path_id)
			text_printf(&peer->log, "#%u", item.path_id);
		text_printf(&peer->log, " %s\n", attrs);
		if (!told) {
			assert_true(peer->told_count < NET_ROUTES);
			told = &peer->told[peer->told_count++];
		}
		told->prefix = item.prefix;
		told->path_id = item.path_id;
		snprintf(told->attrs, sizeof(told->attrs), "%s", attrs);
	}
}

static UNUSED void net_receive(struct net *net, struct net_peer *peer,
			       const struct bgp_slice *slice, struct rib_update_counts counts)
{
	struct bgp_codec codec = peer->about.codec;
	codec.add_path_in = codec.add_path_out;
	struct bgp_update update;
	arena_rewind(&net->arena);
	assert_int_equal(slice->bytes[18], BGP_UPDATE);
	assert_true(slice->length <= peer->about.message_max);
	assert_int_equal(bgp_update_split(slice->bytes + BGP_HEADER_BYTES,
					  slice->length - BGP_HEADER_BYTES, &codec, &net->arena,
					  &update), BGP_OUTCOME_OK);
	peer->messages++;
	peer->end_of_rib |= update.end_of_rib;
	assert_int_equal(update.end_of_rib, counts.end_of_rib);
	assert_int_equal(update.withdrawn[0].count + update.withdrawn[1].count, counts.withdrawn);
	assert_int_equal(update.announced[0].count + update.announced[1].count, counts.announced);
	for (int i = 0; i < 2; i++) {
		receive_withdrawn(peer, &update.withdrawn[i]);
		if (!update.announced[i].count)
			continue;
		enum bgp_outcome outcome;
		uint8_t bad;
		struct bgp_error error;
		codec.unknown_sets_partial = false;
		uint32_t id = bgp_attrs_received(net->view, &update, i, &codec, &net->arena,
						 &outcome, &bad, &error);
		assert_int_not_equal(id, 0);
		/* Not even "attribute discard": LOCAL_PREF and the like stay inside the AS. */
		assert_int_equal(outcome, BGP_OUTCOME_OK);
		struct text text;
		text_init(&text);
		attrs_text(bgp_attrs_of(net->view, id), &text);
		receive_announced(peer, &update.announced[i], text_string(&text));
		text_free(&text);
		bgp_attrs_unref(net->view, id);
	}
}

static UNUSED void net_change(struct net *net, const struct rib_change *change)
{
	static const char *const names[] = { "FIB", "NOFIB", "WATCH", "UNWATCH", "PATH", "BEST" };
	char buffer[IP_TEXT_MAX];
	if (change->kind == RIB_FIB_SET || change->kind == RIB_FIB_REMOVE) {
		assert_true(change->prefix_id < 1024);
		char *fib = net->fib[change->prefix_id];
		fib[0] = '\0';
		for (uint32_t i = 0; i < change->next_hop_count; i++)
			snprintf(fib + strlen(fib), sizeof(net->fib[0]) - strlen(fib), "%s%s",
				 i ? " " : "", ip_addr_format(change->next_hops[i], buffer));
	}
	text_printf(&net->changes, "%s", names[change->kind]);
	if (change->kind == RIB_WATCH || change->kind == RIB_UNWATCH) {
		text_printf(&net->changes, " %s\n", ip_addr_format(change->next_hop, buffer));
		return;
	}
	text_printf(&net->changes, " %s",
		    ip_prefix_format(bgp_prefix_of(net->table, change->prefix_id), buffer));
	for (uint32_t i = 0; change->kind == RIB_FIB_SET && i < change->next_hop_count; i++)
		text_printf(&net->changes, " %s", ip_addr_format(change->next_hops[i], buffer));
	if (change->kind == RIB_FIB_SET && change->external)
		text_put(&net->changes, " external");
	if (change->kind == RIB_PATH || change->kind == RIB_BEST) {
		if (change->attrs_id == 0)
			text_put(&net->changes, " none");
		else if (change->peer == UINT32_MAX)
			text_put(&net->changes, " local");
		else
			text_printf(&net->changes, " peer %u", change->peer);
		if (change->stale)
			text_put(&net->changes, " stale");
		if (change->kind == RIB_BEST)
			text_printf(&net->changes, " (%s)", change->rule);
	}
	text_put(&net->changes, "\n");
}

static UNUSED bool net_drain(struct net *net, uint32_t index)
{
	struct net_peer *peer = &net->peers[index];
	struct rib_update_counts counts;
	struct bgp_slice *slice;
	if (peer->blocked)
		return false;
	while ((slice = rib_send_next(net->rib, index, &counts))) {
		net->slices_shared += slice->references > 1;
		net_receive(net, peer, slice, counts);
		bgp_slice_unref(slice);
	}
	assert_false(rib_send_pending(net->rib, index));
	return true;
}

/* Carries out all changes; next hops are answered on the spot. False: there were none. */
static UNUSED bool net_changes(struct net *net)
{
	struct rib_change change;
	bool any = false;
	while (rib_change_next(net->rib, &change)) {
		any = true;
		net_change(net, &change);
		if (change.kind == RIB_WATCH && net->answer)
			rib_next_hop_changed(net->rib, change.next_hop,
					     net->resolve(change.next_hop), now);
	}
	return any;
}

/* Carries out everything the RIB asks for, and lets all peers that are not blocked drain. */
static UNUSED void net_run(struct net *net)
{
	for (;;) {
		bool any = net_changes(net);
		uint32_t index;
		while ((index = rib_pending_peer(net->rib)) != UINT32_MAX) {
			assert_true(rib_send_pending(net->rib, index));
			any |= net_drain(net, index);
		}
		if (!any)
			return;
	}
}

/* A peer takes messages again: nobody names it a second time, so whoever blocked it goes on. */
static UNUSED void net_unblock(struct net *net, uint32_t index)
{
	net->peers[index].blocked = false;
	net_drain(net, index);
}

static UNUSED void net_clear(struct net *net)
{
	text_clear(&net->changes);
	for (int i = 0; i < NET_PEERS; i++) {
		struct net_peer *peer = &net->peers[i];
		text_clear(&peer->log);
		peer->messages = peer->announced = peer->withdrawn = peer->end_of_rib = 0;
	}
}

/* ---- what goes in --------------------------------------------------------------------------- */

static UNUSED enum bgp_outcome net_send(struct net *net, uint32_t index, uint8_t *bytes,
					size_t length, struct rib_update_counts *counts)
{
	struct bgp_error error;
	return rib_update(net->rib, index, bytes + BGP_HEADER_BYTES, length - BGP_HEADER_BYTES,
			  now, counts, &error);
}

static UNUSED void put_all(struct bgp_update_writer *writer, const char *prefixes, uint32_t path_id)
{
	char w[64];
	for (const char *at = prefixes; word(&at, w, sizeof(w));) {
		struct bgp_nlri_item item = { pfx(w), path_id };
		assert_true(bgp_update_add(writer, &item));
	}
}

static UNUSED uint8_t family_of(const char *prefixes)
{
	return strchr(prefixes, ':') ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST;
}

static UNUSED void net_announce(struct net *net, uint32_t index, struct spec spec)
{
	struct net_peer *peer = &net->peers[index];
	struct bgp_codec codec = peer->about.codec;
	codec.add_path_out = codec.add_path_in;
	codec.unknown_sets_partial = false;
	static uint8_t room[BGP_MESSAGE_MAX];
	arena_rewind(&net->arena);
	struct bgp_attrs attrs = spec_attrs(&spec, &net->arena);
	struct bgp_update_writer writer;
	bgp_update_begin(&writer, room, sizeof(room), &attrs, &codec, family_of(spec.prefixes));
	put_all(&writer, spec.prefixes, spec.path_id);
	struct rib_update_counts counts;
	size_t length = bgp_update_finish(&writer);
	assert_true(length > 0);
	assert_int_equal(net_send(net, index, room, length, &counts), BGP_OUTCOME_OK);
	assert_int_equal(counts.announced, writer.count);
}

static UNUSED void net_withdraw(struct net *net, uint32_t index, const char *prefixes,
				uint32_t path_id)
{
	struct bgp_codec codec = net->peers[index].about.codec;
	codec.add_path_out = codec.add_path_in;
	static uint8_t room[BGP_MESSAGE_MAX];
	struct bgp_update_writer writer;
	bgp_update_begin(&writer, room, sizeof(room), NULL, &codec, family_of(prefixes));
	put_all(&writer, prefixes, path_id);
	struct rib_update_counts counts;
	assert_int_equal(net_send(net, index, room, bgp_update_finish(&writer), &counts),
			 BGP_OUTCOME_OK);
}

static UNUSED void net_originate(struct net *net, const char *prefix, const char *next_hop)
{
	struct bgp_local_route route = { .prefix = pfx(prefix) };
	if (next_hop)
		route.next_hop = addr(next_hop);
	rib_originate(net->rib, &route, now);
}

#endif
