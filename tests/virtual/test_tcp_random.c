/* Anything at any time: many connections, a bad pipe, random calls. What must hold: every byte read
 * is the byte sent there; a FIN comes after all of them; once the weather clears all comes to an
 * end; and two runs are equal. And segments that nobody sane sends must do no harm. */
#include "base/buf.h"
#include "tests/virtual/tcp_pair.h"

#define STREAMS 200u

struct stream { /* one direction of one connection */
	tcp_id id;
	uint64_t sent, got;
	bool open, ended, fin;
};

struct storm {
	struct stream streams[STREAMS][2]; /* [connection][side] */
	uint32_t by_port[65536];           /* dialler's port -> connection + 1 */
	uint32_t dialled;
	uint32_t loss;                     /* in a thousand */
	struct random_stream random;
};

static uint8_t stream_byte(uint32_t connection, int side, uint64_t at)
{
	return (uint8_t)(hash_u64(at / 8 << 32 | connection << 1 | (uint32_t)side) >>
			 (at % 8 * 8));
}

static bool storm_drop(struct pair *p, const struct seen *segment)
{
	struct storm *storm = p->extra;
	(void)segment;
	return random_below(&p->random, 1000) < storm->loss;
}

static int64_t storm_delay(struct pair *p, const struct seen *segment)
{
	(void)segment;
	return random_between(&p->random, 100 * NS_PER_US, 30 * MS);
}

static void storm_event(struct pair *p, int side, const struct tcp_event *event)
{
	struct storm *storm = p->extra;
	uint32_t c = (uint32_t)event->cookie;
	if (event->kind == TCP_EVENT_ACCEPTED) {
		assert_true(side == 1 && storm->by_port[event->remote_port] > 0);
		c = storm->by_port[event->remote_port] - 1;
		tcp_set_cookie(p->host[1], event->connection, c);
		storm->streams[c][1].id = event->connection;
	}
	assert_true(c < storm->dialled);
	struct stream *mine = &storm->streams[c][side], *theirs = &storm->streams[c][!side];
	assert_int_equal(mine->id, event->connection);
	switch (event->kind) {
	case TCP_EVENT_OPENED:
	case TCP_EVENT_ACCEPTED:
		mine->open = true;
		break;
	case TCP_EVENT_RECEIVED:
		assert_true(mine->open && !mine->fin && event->length > 0);
		for (size_t i = 0; i < event->length; i++)
			assert_int_equal(event->bytes[i], stream_byte(c, !side, mine->got++));
		assert_true(mine->got <= theirs->sent);
		break;
	case TCP_EVENT_PEER_FIN:
		assert_int_equal(mine->got, theirs->sent);
		assert_true(theirs->ended && !mine->fin);
		mine->fin = true;
		break;
	case TCP_EVENT_CLOSED:
		mine->open = false;
		break;
	case TCP_EVENT_SENT:
		break;
	}
}

static void storm_dial(struct pair *p, struct storm *storm)
{
	if (storm->dialled == STREAMS)
		return;
	uint32_t c = storm->dialled++;
	struct tcp_connect_options options = {
		.local = p->address[0], .remote = p->address[1], .remote_port = PORT,
		.local_port = (uint16_t)(1000 + c), .cookie = c,
		.socket.nodelay = c % 3 == 0,
	};
	storm->by_port[1000 + c] = c + 1;
	storm->streams[c][0].id = tcp_connect(p->host[0], p->now, &options);
	assert_int_not_equal(storm->streams[c][0].id, 0);
}

static void storm_send(struct pair *p, struct storm *storm, uint32_t c, int side)
{
	struct stream *s = &storm->streams[c][side];
	if (!s->open || s->ended)
		return;
	uint64_t scale = random_below(&storm->random, 16);
	size_t length = (size_t)random_between(&storm->random, 1, 1 << scale);
	uint8_t *bytes = memory_alloc(length);
	for (size_t i = 0; i < length; i++)
		bytes[i] = stream_byte(c, side, s->sent + i);
	/* False: it ended, and the event is held back because the host is not reading. */
	bool sent;
	if (random_below(&storm->random, 2)) {
		sent = tcp_send_borrowed(p->host[side], s->id, bytes, length, free, bytes);
	} else {
		sent = tcp_send(p->host[side], s->id, bytes, length);
		free(bytes);
	}
	if (sent)
		s->sent += length;
}

static void storm_end(struct pair *p, struct storm *storm, uint32_t c, int side, int how)
{
	struct stream *s = &storm->streams[c][side];
	if (!s->open)
		return;
	s->ended = true;
	if (how == 0) {
		tcp_shutdown(p->host[side], p->now, s->id);
		return;
	}
	s->open = false;
	if (how == 1)
		tcp_close(p->host[side], p->now, s->id);
	else
		tcp_abort(p->host[side], p->now, s->id);
}

static void storm_act(struct pair *p, struct storm *storm)
{
	uint32_t c = (uint32_t)random_below(&storm->random, storm->dialled + 1);
	int side = (int)random_below(&storm->random, 2);
	uint64_t dice = random_below(&storm->random, 100);
	if (c == storm->dialled || dice < 5)
		storm_dial(p, storm);
	else if (dice < 85)
		storm_send(p, storm, c, side);
	else if (dice < 92)
		tcp_set_reading(p->host[side], p->now, storm->streams[c][side].id, dice % 3 != 0);
	else if (dice < 94)
		tcp_host_set_reading(p->host[side], p->now, dice % 2 == 0);
	else
		storm_end(p, storm, c, side, (int)(dice % 3));
}

/* A RST can be lost: then the other end, having nothing left to say, waits for ever, as in life. */
static void storm_leftovers(struct pair *p, struct storm *storm)
{
	for (uint32_t c = 0; c < storm->dialled; c++)
		for (int side = 0; side < 2; side++) {
			struct stream *s = &storm->streams[c][side];
			if (!s->open)
				continue;
			assert_true(s->ended && !storm->streams[c][!side].open);
			assert_int_equal(tcp_connection_state(p->host[side], s->id),
					 TCP_FIN_WAIT_2);
			tcp_abort(p->host[side], p->now, s->id);
		}
	pair_run(p, p->now.ns + 1 * S);
}

static uint64_t storm_run(uint64_t seed, uint32_t loss)
{
	struct pair p;
	struct storm *storm = memory_zalloc(sizeof(*storm));
	pair_init(&p);
	p.extra = storm;
	p.on_event = storm_event;
	p.drop = storm_drop;
	p.delay = storm_delay;
	p.random = random_stream_of(seed, "pipe", "loss");
	storm->random = random_stream_of(seed, "storm", "actions");
	storm->loss = loss;
	pair_listen(&p, 1, 4);
	for (int i = 0; i < 1200; i++) {
		storm_act(&p, storm);
		pair_run(&p, p.now.ns + random_between(&storm->random, 0, 60 * MS));
	}
	/* The weather clears; everybody reads, finishes and closes. */
	storm->loss = 0;
	for (int side = 0; side < 2; side++) {
		tcp_host_set_reading(p.host[side], p.now, true);
		for (uint32_t c = 0; c < storm->dialled; c++)
			tcp_set_reading(p.host[side], p.now, storm->streams[c][side].id, true);
	}
	pair_run(&p, p.now.ns + 400 * S);
	for (int side = 0; side < 2; side++)
		for (uint32_t c = 0; c < storm->dialled; c++)
			storm_end(&p, storm, c, side, 0);
	pair_run(&p, p.now.ns + 2000 * S);
	storm_leftovers(&p, storm);
	for (int side = 0; side < 2; side++) {
		assert_true(tcp_quiet(p.host[side]));
		assert_int_equal(tcp_connection_count(p.host[side]), 0);
		assert_true(instant_is_never(tcp_next_wakeup(p.host[side])));
	}
	assert_true(p.seen_count > 2000);
	uint64_t digest = 0;
	for (size_t i = 0; i < p.seen_count; i++) {
		const struct seen *s = &p.seen[i];
		digest = hash_u64(digest ^ (uint64_t)s->ns ^ (uint64_t)s->sequence << 32 ^
				  s->acknowledgment ^ (uint64_t)s->length << 48 ^ s->window);
	}
	pair_free(&p);
	free(storm);
	return digest;
}

static void test_storm(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		uint64_t digest = storm_run(seed, (uint32_t)(seed % 4 * 60));
		if (seed <= 2)
			assert_true(storm_run(seed, (uint32_t)(seed % 4 * 60)) == digest);
	}
}

/* ---- malice -------------------------------------------------------------------------------- */

/* A real segment with a few bytes changed and the checksum put right again. */
static void mutate(struct pair *p, struct random_stream *random, struct flight *f)
{
	for (uint64_t n = random_between(random, 1, 3); n > 0; n--) {
		size_t at = (size_t)random_below(random, f->length < 60 ? f->length : 60);
		if (at < 4)
			continue; /* ports: it would only go astray */
		f->bytes[at] = random_below(random, 2) ? (uint8_t)random_u64(random)
						       : f->bytes[at] ^ (uint8_t)(1 << n);
	}
	put_u16(f->bytes + 16, 0);
	put_u16(f->bytes + 16, tcp_checksum(f->source, f->destination, f->bytes, f->length));
	(void)p;
}

static void test_mutated(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct pair p;
		pair_init(&p);
		struct random_stream random = random_stream_of(seed, "mutant", "test");
		pair_listen(&p, 1, 4);
		for (int i = 0; i < 300; i++) {
			if (i % 30 == 0)
				pair_dial(&p, 0, NULL);
			int side = (int)random_below(&random, 2);
			uint8_t bytes[3000] = { 0 };
			tcp_send(p.host[side], p.connection[side], bytes,
				 (size_t)random_below(&random, sizeof(bytes)));
			if (random_below(&random, 20) == 0)
				tcp_close(p.host[side], p.now, p.connection[side]);
			pair_poll(&p);
			for (size_t j = 0; j < p.flight_count; j++)
				if (p.flights[j].bytes && random_below(&random, 10) == 0)
					mutate(&p, &random, &p.flights[j]);
			pair_run(&p, p.now.ns + random_between(&random, 0, 12 * MS));
		}
		pair_run(&p, p.now.ns + 5 * S); /* no storm of ACKs between confused ends */
		size_t before = p.seen_count;
		pair_run(&p, p.now.ns + 10 * S);
		assert_true(p.seen_count - before < 2000);
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_mutated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
