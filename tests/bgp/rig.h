/* One session by itself, told facts by hand, its actions written down as short words:
 *   d dial, o OPEN, k KEEPALIVE, n6.2 NOTIFICATION, U UPDATE, c close, C reset, u up, w1 down (kept
 *   families), f1 stale flushed (families), r1 refresh, l1 long-lived stale (families), b1 BoRR, e1 EoRR (families), s may send; joined by commas. */
#ifndef TESTS_BGP_RIG_H
#define TESTS_BGP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "bgp/session/fsm.h"

#define RIG __attribute__((unused)) static

struct rig {
	struct bgp_profile profile;
	struct bgp_peer_config peer;
	struct session_context context;
	struct session session;
	struct instant now;
	char log[512];
	uint32_t dialled;        /* the last connection asked for */
	uint8_t open[512];       /* our last OPEN */
	uint32_t open_length;
	struct session_action state; /* the last TELL_STATE */
	int states;              /* how many there were */
};

static const uint8_t rig_capabilities[] = { 1, 2, 64, 65, 69, 70, 0 };

/* RFC 4271 to the letter, with pauses long enough not to matter. */
RIG struct bgp_profile rig_textbook(void)
{
	return (struct bgp_profile){
		.name = "textbook",
		.title = "RFC 4271",
		.timers = {
			[BGP_TIMER_CONNECT_RETRY] = { 120 * NS_PER_S, 0, BGP_JITTER_NONE },
			[BGP_TIMER_HOLD] = { 90 * NS_PER_S, 0, BGP_JITTER_NONE },
			[BGP_TIMER_KEEPALIVE] = { 30 * NS_PER_S, 0, BGP_JITTER_NONE },
			[BGP_TIMER_OPEN_HOLD] = { 240 * NS_PER_S, 0, BGP_JITTER_NONE },
			[BGP_TIMER_IDLE_AFTER_LOSS] = { 10 * NS_PER_S, 0, BGP_JITTER_NONE },
			[BGP_TIMER_IDLE_AFTER_ERROR] = { 60 * NS_PER_S, 300 * NS_PER_S,
							 BGP_JITTER_NONE },
		},
		.idle_refuses = true,
		.refused_goes_idle = true,
		.notification_answered = true,
		.keepalive_third = true,
		.capabilities = rig_capabilities,
		.restart_helper = true,
		.restart_time_s = 120,
	};
}

RIG void rig_init(struct rig *rig, const struct bgp_profile *profile)
{
	memset(rig, 0, sizeof(*rig));
	rig->profile = *profile;
	rig->peer = (struct bgp_peer_config){
		.name = "peer",
		.remote = ip_addr_v4(0x0a000002),
		.remote_as = 64512,
		.families = BGP_IPV4_UNICAST,
	};
	rig->context = (struct session_context){
		.profile = &rig->profile,
		.host_name = "me",
		.router_id = 0x0a000001,
		.local_as = 64512,
		.event_mask = 1u << BGP_EVENT_SESSION,
		.random = random_stream_of(1, "rig", "session"),
	};
	session_context_init(&rig->context);
	session_init(&rig->session, 7, &rig->peer);
}

RIG void rig_free(struct rig *rig)
{
	session_free(&rig->session);
	session_context_free(&rig->context);
}

RIG void rig_word(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
RIG void rig_word(struct rig *rig, const char *format, ...)
{
	size_t used = strlen(rig->log);
	va_list list;
	if (used) {
		rig->log[used++] = ',';
		rig->log[used] = '\0';
	}
	va_start(list, format);
	vsnprintf(rig->log + used, sizeof(rig->log) - used, format, list);
	va_end(list);
}

RIG void rig_sent(struct rig *rig, const struct bgp_slice *slice)
{
	switch (slice->bytes[18]) {
	case BGP_OPEN:
		rig_word(rig, "o");
		assert_true(slice->length <= sizeof(rig->open));
		memcpy(rig->open, slice->bytes, slice->length);
		rig->open_length = slice->length;
		break;
	case BGP_UPDATE:
		rig_word(rig, "U");
		break;
	case BGP_NOTIFICATION:
		rig_word(rig, "n%u.%u", slice->bytes[19], slice->bytes[20]);
		break;
	case BGP_KEEPALIVE:
		rig_word(rig, "k");
		break;
	default:
		fail_msg("sent a message of type %u", slice->bytes[18]);
	}
}

/* Takes all queued actions; the words since the last call are in rig->log. */
RIG const char *rig_actions(struct rig *rig)
{
	struct session_action action;
	rig->log[0] = '\0';
	while (session_action_next(&rig->context, &action)) {
		assert_int_equal(action.session, 7);
		switch (action.kind) {
		case SESSION_DO_CONNECT:
			rig->dialled = action.connection;
			rig_word(rig, "d");
			break;
		case SESSION_DO_SEND:
			rig_sent(rig, action.slice);
			bgp_slice_unref(action.slice);
			break;
		case SESSION_DO_CLOSE:
			rig_word(rig, "%s", action.flag ? "C" : "c");
			break;
		case SESSION_DO_UP:
			rig_word(rig, "u");
			break;
		case SESSION_DO_DOWN:
			rig_word(rig, "w%u", action.families);
			break;
		case SESSION_DO_STALE_FLUSH:
			rig_word(rig, "f%u", action.families);
			break;
		case SESSION_DO_REFRESH:
			rig_word(rig, "r%u%s", action.families, action.flag ? "e" : "");
			break;
		case SESSION_DO_LONG_STALE:
			rig_word(rig, "l%u", action.families);
			break;
		case SESSION_DO_REPEAT_BEGIN:
			rig_word(rig, "b%u", action.families);
			break;
		case SESSION_DO_REPEAT_END:
			rig_word(rig, "e%u", action.families);
			break;
		case SESSION_DO_DRAIN:
			rig_word(rig, "s");
			break;
		case SESSION_TELL_STATE:
			rig->state = action;
			rig->states++;
			break;
		case SESSION_TELL_MESSAGE:
		case SESSION_TELL_TIMER:
			break;
		}
	}
	return rig->log;
}

RIG void rig_event(struct rig *rig, enum session_event event)
{
	static const struct session_input nothing = { 0 };
	session_event(&rig->session, &rig->context, rig->now, event, NULL, &nothing);
}

/* ---- the peer's messages, made by hand ---- */

RIG size_t rig_header(uint8_t *bytes, uint8_t type, size_t body)
{
	memset(bytes, 0xff, 16);
	put_u16(bytes + 16, (uint16_t)(19 + body));
	bytes[18] = type;
	return 19 + body;
}

struct rig_open {
	uint16_t as_number, hold_s; /* 0: 64512, 90 */
	uint32_t router_id;         /* 0: 10.0.0.2 */
	const char *capabilities;   /* one parameter's value, NULL: 1/1 and four-octet AS */
	size_t length;
};

RIG size_t rig_make_open(uint8_t *bytes, const struct rig_open *open)
{
	static const char usual[] = "\x01\x04\x00\x01\x00\x01\x02\x00\x41\x04\x00\x00\xfc\x00";
	const char *capabilities = open->capabilities ? open->capabilities : usual;
	size_t length = open->capabilities ? open->length : sizeof(usual) - 1;
	uint8_t *at = bytes + 19;
	*at++ = 4;
	put_u16(at, open->as_number ? open->as_number : 64512);
	put_u16(at + 2, open->hold_s ? open->hold_s : 90);
	put_u32(at + 4, open->router_id ? open->router_id : 0x0a000002);
	at[8] = (uint8_t)(length ? length + 2 : 0);
	at += 9;
	if (length) {
		*at++ = 2;
		*at++ = (uint8_t)length;
		memcpy(at, capabilities, length);
		at += length;
	}
	return rig_header(bytes, BGP_OPEN, (size_t)(at - bytes) - 19);
}

/* Bytes on a connection; UPDATEs are taken for good, `outcome` of each says what came of it. */
RIG int rig_bytes(struct rig *rig, uint32_t connection, const void *bytes, size_t length)
{
	struct reader in = reader_of(bytes, length);
	struct session_update update;
	int updates = 0;
	while (session_read(&rig->session, &rig->context, rig->now, connection, &in, &update)) {
		updates++;
		if (update.length == 4)
			update.end_of_rib = BGP_IPV4_UNICAST;
		session_update_done(&rig->session, &rig->context, rig->now, connection, &update);
	}
	return updates;
}

RIG void rig_peer_open(struct rig *rig, uint32_t connection, const struct rig_open *open)
{
	static const struct rig_open usual = { 0 };
	uint8_t bytes[512];
	rig_bytes(rig, connection, bytes, rig_make_open(bytes, open ? open : &usual));
}

RIG void rig_peer_keepalive(struct rig *rig, uint32_t connection)
{
	uint8_t bytes[19];
	rig_bytes(rig, connection, bytes, rig_header(bytes, BGP_KEEPALIVE, 0));
}

RIG void rig_peer_notification(struct rig *rig, uint32_t connection, uint8_t code, uint8_t subcode)
{
	uint8_t bytes[21];
	size_t length = rig_header(bytes, BGP_NOTIFICATION, 2);
	bytes[19] = code;
	bytes[20] = subcode;
	rig_bytes(rig, connection, bytes, length);
}

/* An End-of-RIB marker: the shortest UPDATE there is. */
RIG void rig_peer_end_of_rib(struct rig *rig, uint32_t connection)
{
	uint8_t bytes[23] = { 0 };
	rig_bytes(rig, connection, bytes, rig_header(bytes, BGP_UPDATE, 4));
}

RIG void rig_opened(struct rig *rig)
{
	session_opened(&rig->session, &rig->context, rig->now, rig->dialled,
		       ip_addr_v4(0x0a000001));
}

RIG uint32_t rig_arrived(struct rig *rig)
{
	return session_arrived(&rig->session, &rig->context, rig->now, ip_addr_v4(0x0a000001));
}

/* Dials if it has to, and goes on until Established. */
RIG void rig_establish(struct rig *rig, const struct rig_open *open)
{
	if (session_state(&rig->session) == BGP_IDLE)
		rig_event(rig, SESSION_AUTOMATIC_START);
	rig_actions(rig);
	rig_opened(rig);
	rig_peer_open(rig, rig->dialled, open);
	rig_peer_keepalive(rig, rig->dialled);
	rig_actions(rig);
	assert_int_equal(session_state(&rig->session), BGP_ESTABLISHED);
}

/* Lets time pass until `to`, waking the session whenever it wants to be. */
RIG void rig_until(struct rig *rig, struct instant to)
{
	for (;;) {
		struct instant at = session_deadline(&rig->session);
		if (instant_before(to, at))
			break;
		rig->now = at;
		session_time(&rig->session, &rig->context, at);
	}
	rig->now = to;
}

/* Lets time pass to the next deadline; how long that was. */
RIG int64_t rig_wake(struct rig *rig)
{
	struct instant at = session_deadline(&rig->session);
	assert_false(instant_is_never(at));
	int64_t span = instant_since(at, rig->now);
	rig_until(rig, at);
	return span;
}

#endif
