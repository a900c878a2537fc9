/* OPEN: what we say, what we accept, and what both together mean (RFC 4271 4.2, 6.2; RFC 5492). */
#include <string.h>

#include "base/buf.h"
#include "base/time.h"
#include "bgp/session/fsm.h"
#include "bgp/session/role.h"

static bool announces(const struct session *session, const struct session_context *context,
		      enum bgp_capability_code code)
{
	if (session->plain_open)
		return false;
	for (const uint8_t *at = context->profile->capabilities; *at; at++)
		if (*at == code)
			return true;
	return false;
}

static uint16_t hold_time(const struct session *session, const struct session_context *context)
{
	if (session->peer->hold_time_s == BGP_HOLD_TIME_OFF)
		return 0;
	if (session->peer->hold_time_s)
		return session->peer->hold_time_s;
	return (uint16_t)(context->profile->timers[BGP_TIMER_HOLD].value_ns / NS_PER_S);
}

/* RFC 4724 3: with families of our own we want our routes kept; without any we only promise to keep
 * the peer's. */
static void build_restart(const struct session *session, const struct session_context *context,
			  struct instant now, struct bgp_capabilities *ours)
{
	const struct bgp_profile *profile = context->profile;
	const struct bgp_peer_config *peer = session->peer;
	if (!announces(session, context, BGP_CAP_GRACEFUL_RESTART) ||
	    !(peer->graceful_restart || profile->restart_helper))
		return;
	ours->graceful_restart = true;
	ours->restarting = context->restarting || profile->restart_bit_always ||
			   (profile->restart_bit_at_start &&
			    instant_before(now, context->restart_bit_until));
	ours->restart_notification = profile->restart_notification;
	if (peer->graceful_restart || profile->helper_sends_time)
		ours->restart_time_s = peer->restart_time_s ? peer->restart_time_s
							    : profile->restart_time_s;
	if (!peer->graceful_restart)
		return;
	ours->restart_families = peer->families;
	ours->forwarding_families = context->restarting ? peer->families : 0;
}

/* Roles are a matter between autonomous systems. */
static enum bgp_role role_of(const struct session *session, const struct session_context *context)
{
	return session_external(session, context) ? session->peer->role : BGP_ROLE_NONE;
}

void open_build(const struct session *session, const struct session_context *context,
		struct instant now, struct bgp_open *open)
{
	const struct bgp_profile *profile = context->profile;
	const struct bgp_peer_config *peer = session->peer;
	uint32_t local_as = session_local_as(session, context);
	*open = (struct bgp_open){ .version = 4,
				   .as_number = local_as,
				   .hold_time_s = hold_time(session, context),
				   .router_id = context->router_id };
	struct bgp_capabilities *ours = &open->capabilities;
	ours->multiprotocol = announces(session, context, BGP_CAP_MULTIPROTOCOL);
	ours->families = ours->multiprotocol ? peer->families : BGP_IPV4_UNICAST;
	ours->route_refresh = announces(session, context, BGP_CAP_ROUTE_REFRESH);
	ours->refresh_old = announces(session, context, BGP_CAP_REFRESH_OLD);
	ours->enhanced_refresh = announces(session, context, BGP_CAP_ENHANCED_REFRESH);
	ours->extended_message = announces(session, context, BGP_CAP_EXTENDED_MESSAGE);
	ours->long_lived = announces(session, context, BGP_CAP_LONG_LIVED_GR) ||
			   (peer->long_lived_max_s && !session->plain_open);
	if (ours->long_lived && profile->long_lived_listed)
		ours->long_lived_families = ours->long_lived_forwarding = ours->families;
	ours->extended_next_hop = announces(session, context, BGP_CAP_EXTENDED_NEXT_HOP) ||
				  (peer->extended_next_hop && !session->plain_open);
	ours->as4 = announces(session, context, BGP_CAP_AS4);
	ours->as4_number = local_as;
	ours->host_name = context->host_name;
	if (announces(session, context, BGP_CAP_ADD_PATH)) {
		ours->add_path_send = peer->add_path_send ? ours->families : 0;
		if (peer->add_path_receive || profile->add_path_receive_always)
			ours->add_path_receive = ours->families;
	}
	if (role_of(session, context) != BGP_ROLE_NONE && !session->plain_open) {
		ours->has_role = true;
		ours->role = (uint8_t)(session->peer->role - 1);
	}
	build_restart(session, context, now, ours);
}

void open_order(const struct session *session, const struct session_context *context,
		uint8_t order[OPEN_ORDER_MAX])
{
	size_t count = 0;
	const uint8_t *usual = context->profile->capabilities;
	if (!session->plain_open) {
		for (; *usual && count < OPEN_ORDER_MAX - 4; usual++)
			order[count++] = *usual;
		/* What nobody sends unasked no profile needs to list. */
		order[count++] = BGP_CAP_ROLE;
		if (!announces(session, context, BGP_CAP_EXTENDED_NEXT_HOP))
			order[count++] = BGP_CAP_EXTENDED_NEXT_HOP;
		if (!announces(session, context, BGP_CAP_LONG_LIVED_GR))
			order[count++] = BGP_CAP_LONG_LIVED_GR;
	}
	order[count] = 0;
}

/* RFC 5492 3: 2/7 lists the capabilities we cannot do without. */
static void want_families(uint8_t families, struct bgp_error *error)
{
	struct writer out = writer_of(error->data, sizeof(error->data));
	for (unsigned i = 0; i < BGP_FAMILIES; i++) {
		uint16_t afi;
		uint8_t safi;
		if (!(families & 1u << i))
			continue;
		bgp_family_codes((uint8_t)(1u << i), &afi, &safi);
		writer_u8(&out, BGP_CAP_MULTIPROTOCOL);
		writer_u8(&out, 4);
		writer_u16(&out, afi);
		writer_u16(&out, safi); /* a reserved octet, then SAFI */
	}
	error->data_length = (uint16_t)writer_used(&out);
}

bool open_check(const struct session *session, const struct session_context *context,
		const struct bgp_open *theirs, struct bgp_error *error)
{
	struct bgp_open ours;
	*error = (struct bgp_error){ .code = 2 };
	if (theirs->as_number != session->peer->remote_as) {
		error->subcode = 2;
		return false;
	}
	/* RFC 6286 2.2: identifiers are unique within an AS only. */
	if (theirs->router_id == context->router_id && !session_external(session, context)) {
		error->subcode = 3;
		return false;
	}
	if (!role_fits(role_of(session, context), session->peer->role_strict,
		       &theirs->capabilities)) {
		error->subcode = 11;
		return false;
	}
	open_build(session, context, INSTANT_ZERO, &ours);
	if (!(ours.capabilities.families & theirs->capabilities.families)) {
		error->subcode = 7;
		want_families(ours.capabilities.families, error);
		return false;
	}
	return true;
}

static uint16_t keepalive_time(const struct session *session,
			       const struct session_context *context, uint16_t hold_s)
{
	const struct bgp_profile *profile = context->profile;
	uint16_t third = hold_s / 3, wanted = session->peer->keepalive_s;
	if (hold_s == 0)
		return 0;
	if (third == 0)
		third = 1; /* never more often than once a second: RFC 4271 4.4 */
	if (profile->keepalive_third)
		return wanted ? wanted : third;
	if (!wanted)
		wanted = (uint16_t)(profile->timers[BGP_TIMER_KEEPALIVE].value_ns / NS_PER_S);
	return wanted < third ? wanted : third;
}

struct session_terms open_agree(const struct session *session,
				const struct session_context *context, struct instant now,
				const struct bgp_open *theirs)
{
	struct bgp_open mine;
	open_build(session, context, now, &mine);
	const struct bgp_capabilities *a = &mine.capabilities, *b = &theirs->capabilities;
	uint16_t hold_s = mine.hold_time_s < theirs->hold_time_s ? mine.hold_time_s
								 : theirs->hold_time_s;
	struct session_terms terms = {
		.router_id = theirs->router_id,
		.hold_s = hold_s,
		.keepalive_s = keepalive_time(session, context, hold_s),
		.families = a->families & b->families,
		.as4 = a->as4 && b->as4,
		.route_refresh = (a->route_refresh && b->route_refresh) ||
				 (a->refresh_old && b->refresh_old),
		.extended_message = a->extended_message && b->extended_message,
		.extended_next_hop = a->extended_next_hop && b->extended_next_hop,
	};
	terms.enhanced_refresh = terms.route_refresh && a->enhanced_refresh && b->enhanced_refresh;
	terms.add_path_in = a->add_path_receive & b->add_path_send & terms.families;
	terms.add_path_out = a->add_path_send & b->add_path_receive & terms.families;
	if (a->graceful_restart && b->graceful_restart) {
		terms.restart = true;
		terms.restarting = b->restarting;
		terms.restart_notification = a->restart_notification && b->restart_notification;
		terms.restart_time_s = b->restart_time_s;
		terms.restart_families = b->restart_families & terms.families;
		terms.forwarding_families = b->forwarding_families & terms.restart_families;
		long_lived_agree(&terms, session, a, b);
	}
	return terms;
}
