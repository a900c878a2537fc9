/* Long-lived graceful restart, as helper: RFC 9494. A peer that asks for it has its routes kept
 * beyond its Restart Time, as the last resort, for as long as it says and we allow. */
#include "base/time.h"
#include "bgp/session/fsm.h"

uint8_t long_lived_families(const struct session_terms *terms)
{
	uint8_t families = 0;
	for (unsigned i = 0; i < BGP_FAMILIES; i++)
		if (terms->long_lived_s[i])
			families |= (uint8_t)(1u << i);
	return families;
}

/* 4.5: capability 71 means nothing without 64; the decoder has seen to that. */
void long_lived_agree(struct session_terms *terms, const struct session *session,
		      const struct bgp_capabilities *ours, const struct bgp_capabilities *theirs)
{
	uint32_t most_s = session->peer->long_lived_max_s;
	terms->long_lived = theirs->long_lived;
	if (!ours->long_lived || !theirs->long_lived)
		return;
	for (unsigned i = 0; i < BGP_FAMILIES; i++) {
		uint32_t wanted_s = theirs->long_lived_times_s[i];
		if (terms->restart_families & 1u << i)
			terms->long_lived_s[i] = wanted_s < most_s ? wanted_s : most_s;
	}
	terms->long_lived_forwarding = theirs->long_lived_forwarding;
}

/* 4.2: a time that runs already, because the peer was lost before it had told all, runs on. */
void long_lived_lost(struct session *session, const struct session_terms *terms)
{
	for (unsigned i = 0; i < BGP_FAMILIES; i++)
		session->long_lived_s[i] = terms->long_lived_s[i];
}

uint8_t long_lived_begin(struct session *session, struct session_context *context,
			 struct instant now)
{
	uint8_t begun = 0, kept = 0;
	for (unsigned i = 0; i < BGP_FAMILIES; i++) {
		uint8_t family = (uint8_t)(1u << i);
		if (!(session->stale_families & family) || !session->long_lived_s[i])
			continue;
		kept |= family;
		begun |= family;
		if (instant_is_never(session->long_stale_until[i]))
			session->long_stale_until[i] =
				instant_add(now, session->long_lived_s[i] * NS_PER_S);
	}
	if (begun)
		action_push(context, session, SESSION_DO_LONG_STALE)->families = begun;
	return session->stale_families & (uint8_t)~kept;
}

void long_lived_end(struct session *session, uint8_t families)
{
	for (unsigned i = 0; i < BGP_FAMILIES; i++)
		if (families & 1u << i)
			session->long_stale_until[i] = INSTANT_NEVER;
}

uint8_t long_lived_running(const struct session *session)
{
	uint8_t families = 0;
	for (unsigned i = 0; i < BGP_FAMILIES; i++)
		if (!instant_is_never(session->long_stale_until[i]))
			families |= (uint8_t)(1u << i);
	return families;
}

struct instant long_lived_deadline(const struct session *session)
{
	struct instant least = INSTANT_NEVER;
	for (unsigned i = 0; i < BGP_FAMILIES; i++)
		least = instant_min(least, session->long_stale_until[i]);
	return least;
}

uint8_t long_lived_due(const struct session *session, struct instant at)
{
	uint8_t families = 0;
	for (unsigned i = 0; i < BGP_FAMILIES; i++)
		if (session->long_stale_until[i].ns == at.ns)
			families |= (uint8_t)(1u << i);
	return families;
}
