#include "sim/virtual/link.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define QUEUE_DEFAULT 1000u
#define PPM_ALL 1000000u

static void side_crossed(struct event_handler *handler, struct instant now, uint64_t argument);

static void side_init(struct link *link, uint32_t end, bool sending)
{
	struct link_side *side = sending ? &link->ends[end].send : &link->ends[end].receive;
	*side = (struct link_side){
		.handler = { side_crossed },
		.link = link,
		.end = end,
		.sending = sending,
		.last_arrival_ns = INT64_MIN,
	};
}

void link_init(struct link *link, struct link_world *world, const struct model_link *model,
	       uint32_t index)
{
	*link = (struct link){
		.world = world,
		.index = index,
		.name = model->name,
		.end_count = model->end_count,
		.ends = memory_zalloc(model->end_count * sizeof(*link->ends)),
	};
	hash_index_init(&link->by_mac);
	hash_index_init(&link->by_address);
	for (uint32_t end = 0; end < model->end_count; end++) {
		side_init(link, end, true);
		side_init(link, end, false);
		link->ends[end].send.impairment = model->impairment;
		link->ends[end].node = model->ends[end].node;
	}
}

void link_free(struct link *link)
{
	for (uint32_t end = 0; end < link->end_count; end++) {
		free(link->ends[end].send.queue.leaving_ns);
		free(link->ends[end].receive.queue.leaving_ns);
		free(link->ends[end].receive.drawn);
	}
	free(link->ends);
	link_addresses_free(link);
	hash_index_free(&link->by_mac);
	*link = (struct link){ 0 };
}

static uint64_t mac_hash(struct mac_addr mac)
{
	uint64_t number = 0;
	memcpy(&number, mac.bytes, 6);
	return hash_u64(number);
}

static uint64_t rehash_mac(const void *context, uint32_t end)
{
	const struct link *link = context;
	return mac_hash(link->ends[end].mac);
}

void link_plug(struct link *link, uint32_t end, struct link_receiver *receiver,
	       struct mac_addr mac)
{
	ASSERT(end < link->end_count && !link->ends[end].receiver);
	link->ends[end].receiver = receiver;
	link->ends[end].mac = mac;
	hash_index_add(&link->by_mac, mac_hash(mac), end, rehash_mac, link);

	/* The streams are named by what is plugged in, not by a number others could shift. */
	char text[32];
	const char *name = mac_addr_format(mac, text);
	uint64_t seed = link->world->seed;
	link->ends[end].send.random = random_stream_of(seed, name, "link send");
	link->ends[end].receive.random = random_stream_of(seed, name, "link receive");
}

uint32_t link_end_of_mac(const struct link *link, struct mac_addr mac)
{
	uint32_t cursor = HASH_NONE, end;
	while ((end = hash_index_next(&link->by_mac, mac_hash(mac), &cursor)) != HASH_NONE)
		if (mac_addr_equal(link->ends[end].mac, mac))
			return end;
	return UINT32_MAX;
}

/* ---- one side ------------------------------------------------------------------------------- */

/* How many frames still wait at `now`; those that have left are forgotten. */
static uint32_t queue_length(struct link_queue *queue, int64_t now_ns)
{
	while (queue->count && queue->leaving_ns[queue->head] <= now_ns) {
		queue->head = (queue->head + 1) & (queue->capacity - 1);
		queue->count--;
	}
	return queue->count;
}

static void queue_push(struct link_queue *queue, int64_t leaving_ns)
{
	if (queue->count == queue->capacity) {
		uint32_t capacity = queue->capacity ? queue->capacity * 2 : 16;
		int64_t *ring = memory_alloc(capacity * sizeof(*ring));
		for (uint32_t i = 0; i < queue->count; i++)
			ring[i] = queue->leaving_ns[(queue->head + i) & (queue->capacity - 1)];
		free(queue->leaving_ns);
		*queue = (struct link_queue){ ring, capacity, 0, queue->count };
	}
	queue->leaving_ns[(queue->head + queue->count++) & (queue->capacity - 1)] = leaving_ns;
}

static int64_t serialization_ns(uint32_t length, uint64_t rate_bps)
{
	uint64_t bits = (uint64_t)length * 8; /* at most 65600 * 8 * 1e9: fits */
	return (int64_t)((bits * (uint64_t)NS_PER_S + rate_bps - 1) / rate_bps);
}

/* The draws for one frame. The number of a frame among those of its sender counts, not what others send:
 * one more machine on a segment changes nothing for the rest. */
static struct random_stream luck_of(struct link_side *side, const struct frame *frame)
{
	struct random_stream random = side->random;
	struct mac_addr sender;
	memcpy(sender.bytes, frame->bytes + 6, 6);
	uint32_t from = side->sending ? UINT32_MAX : link_end_of_mac(side->link, sender);
	if (from == UINT32_MAX) {
		side->random.counter += 1u << 8;
		return random;
	}
	if (!side->drawn)
		side->drawn = memory_zalloc(side->link->end_count * sizeof(*side->drawn));
	random = random_stream_part(&random, mac_hash(sender));
	random.counter = (uint64_t)side->drawn[from]++ << 8;
	return random;
}

/* When a frame entering now comes out; false: it is dropped here. */
static bool side_passes(struct link_side *side, const struct frame *frame, int64_t now_ns,
			int64_t *out_ns)
{
	const struct model_impairment *how = &side->impairment;
	if (side->cut)
		return false;
	struct random_stream random = side->random;
	if (how->loss_ppm || how->jitter_ns)
		random = luck_of(side, frame);
	if (how->loss_ppm && random_below(&random, PPM_ALL) < how->loss_ppm)
		return false;
	int64_t at = now_ns;
	if (how->rate_bps) {
		uint32_t limit = how->queue_frames ? how->queue_frames : QUEUE_DEFAULT;
		if (queue_length(&side->queue, now_ns) >= limit)
			return false;
		at = (side->busy_until_ns > at ? side->busy_until_ns : at) +
		     serialization_ns(frame->length, how->rate_bps);
		side->busy_until_ns = at;
		queue_push(&side->queue, at);
	}
	int64_t delay = how->delay_ns;
	if (how->jitter_ns)
		delay += random_between(&random, -how->jitter_ns, how->jitter_ns);
	at += delay > 0 ? delay : 0;
	if (at < side->last_arrival_ns)
		at = side->last_arrival_ns;
	side->last_arrival_ns = at;
	*out_ns = at;
	return true;
}

static bool side_impaired(const struct link_side *side)
{
	const struct model_impairment *how = &side->impairment;
	return how->delay_ns || how->jitter_ns || how->loss_ppm || how->rate_bps;
}

/* Takes the reference. False: dropped. */
static bool side_enter(struct link_side *side, struct frame *frame)
{
	struct link_world *world = side->link->world;
	int64_t out_ns;
	if (!side_passes(side, frame, world->engine->now.ns, &out_ns)) {
		world->frames_dropped++;
		frame_unref(frame);
		return false;
	}
	world->frames_flying++;
	engine_at(world->engine, (struct instant){ out_ns }, &side->handler,
		  (uint64_t)(uintptr_t)frame);
	return true;
}

/* ---- crossing ------------------------------------------------------------------------------- */

static void observe(const struct link *link, uint32_t end, const struct frame *frame, bool sent,
		    bool dropped)
{
	struct frame_sink *sink = link->world->sink;
	if (!sink)
		return;
	struct observed_frame seen = {
		.at_ns = link->world->engine->now.ns,
		.link = link->index,
		.end = end,
		.sent = sent,
		.dropped = dropped,
		.bytes = frame->bytes,
		.length = frame->length,
	};
	sink->seen(sink, &seen);
}

static bool same_island(const struct link *link, uint32_t a, uint32_t b)
{
	const uint32_t *island_of = link->world->island_of;
	return !island_of || island_of[link->ends[a].node] == island_of[link->ends[b].node];
}

void link_send(struct link *link, uint32_t end, struct frame *frame)
{
	ASSERT(end < link->end_count);
	link->world->frames_sent++;
	frame_ref(frame); /* to show it */
	bool accepted = false;
	if (link->cut) {
		link->world->frames_dropped++;
		frame_unref(frame);
	} else {
		accepted = side_enter(&link->ends[end].send, frame);
	}
	observe(link, end, frame, true, !accepted);
	frame_unref(frame);
}

static void hand_over(struct link *link, uint32_t end, const struct packet *packet)
{
	struct link_receiver *receiver = link->ends[end].receiver;
	observe(link, end, packet->frame, false, false);
	if (receiver)
		receiver->received(receiver, link->world->engine->now, packet);
}

/* Into the receiving side of an end, or straight to its receiver. `readable`: *packet holds. */
static void arrive(struct link *link, uint32_t from, uint32_t to, const struct packet *packet,
		   bool readable)
{
	struct link_side *side = &link->ends[to].receive;
	if (side->cut || !same_island(link, from, to)) {
		link->world->frames_dropped++;
	} else if (side_impaired(side)) {
		side_enter(side, frame_ref(packet->frame));
	} else if (readable) {
		hand_over(link, to, packet);
	} else {
		observe(link, to, packet->frame, false, false);
	}
}

/* A frame has reached the switch, or the middle of the cable. */
static void forward(struct link *link, uint32_t from, struct frame *frame)
{
	if (link->cut || link->ends[from].send.cut) {
		link->world->frames_dropped++;
		return;
	}
	struct packet packet;
	bool readable = packet_read(frame, &packet);
	uint32_t to = UINT32_MAX;
	if (link->end_count == 2)
		to = 1 - from;
	else if (!packet.broadcast)
		to = link_end_of_mac(link, packet.mac_destination);
	if (to != UINT32_MAX) {
		if (to != from)
			arrive(link, from, to, &packet, readable);
		return;
	}
	if (readable && packet.ethertype == ETHERTYPE_ARP && packet.arp.operation == 1 &&
	    !link->world->sink && link->impaired_receivers == 0) {
		const struct link_ends *concerned = link_concerned(link, &packet.arp);
		for (uint32_t i = 0; i < concerned->count; i++)
			if (concerned->ends[i] != from)
				arrive(link, from, concerned->ends[i], &packet, true);
		return;
	}
	for (to = 0; to < link->end_count; to++)
		if (to != from)
			arrive(link, from, to, &packet, readable);
}

static void side_crossed(struct event_handler *handler, struct instant now, uint64_t argument)
{
	(void)now;
	struct link_side *side = (struct link_side *)handler;
	struct link *link = side->link;
	struct frame *frame = (struct frame *)(uintptr_t)argument;
	link->world->frames_flying--;
	if (side->sending) {
		forward(link, side->end, frame);
	} else if (link->cut || side->cut) {
		link->world->frames_dropped++;
	} else {
		struct packet packet;
		if (packet_read(frame, &packet))
			hand_over(link, side->end, &packet);
		else
			observe(link, side->end, frame, false, false);
	}
	frame_unref(frame);
}

/* ---- faults --------------------------------------------------------------------------------- */

static bool end_cut(const struct link_end *end) { return end->send.cut && end->receive.cut; }

bool link_carrier(const struct link *link, uint32_t end)
{
	if (link->cut || end_cut(&link->ends[end]))
		return false;
	return link->end_count != 2 || !end_cut(&link->ends[1 - end]);
}

/* Sets what is cut, then tells those whose carrier changed by it, lowest end first. */
static void set_cut(struct link *link, uint32_t end, enum model_direction direction, bool cut)
{
	ASSERT(end == LINK_ALL_ENDS || end < link->end_count);
	bool *before = memory_alloc(link->end_count * sizeof(*before));
	for (uint32_t i = 0; i < link->end_count; i++)
		before[i] = link_carrier(link, i);
	if (end == LINK_ALL_ENDS)
		link->cut = cut;
	for (uint32_t i = 0; i < link->end_count; i++) {
		if (end == LINK_ALL_ENDS ? cut : i != end)
			continue;
		if (end == LINK_ALL_ENDS || direction != MODEL_RECEIVE_ONLY)
			link->ends[i].send.cut = cut;
		if (end == LINK_ALL_ENDS || direction != MODEL_SEND_ONLY)
			link->ends[i].receive.cut = cut;
	}
	for (uint32_t i = 0; i < link->end_count; i++) {
		struct link_receiver *receiver = link->ends[i].receiver;
		bool up = link_carrier(link, i);
		if (receiver && receiver->carrier && up != before[i])
			receiver->carrier(receiver, link->world->engine->now, up);
	}
	free(before);
	if (link->world->changed)
		link->world->changed(link->world, link);
}

void link_cut(struct link *link, uint32_t end, enum model_direction direction)
{
	set_cut(link, end, direction, true);
}

void link_mend(struct link *link, uint32_t end, enum model_direction direction)
{
	set_cut(link, end, direction, false);
}

static void set_receiving(struct link *link, uint32_t end,
			  const struct model_impairment *impairment)
{
	struct link_side *side = &link->ends[end].receive;
	link->impaired_receivers -= side_impaired(side);
	side->impairment = *impairment;
	link->impaired_receivers += side_impaired(side);
}

void link_impair(struct link *link, uint32_t end, enum model_direction direction,
		 const struct model_impairment *impairment)
{
	ASSERT(end == LINK_ALL_ENDS || end < link->end_count);
	for (uint32_t i = 0; i < link->end_count; i++) {
		if (end != LINK_ALL_ENDS && i != end)
			continue;
		if (end == LINK_ALL_ENDS || direction != MODEL_RECEIVE_ONLY)
			link->ends[i].send.impairment = *impairment;
		if (end != LINK_ALL_ENDS && direction != MODEL_SEND_ONLY)
			set_receiving(link, i, impairment);
	}
	if (link->world->changed)
		link->world->changed(link->world, link);
}

bool link_passes(const struct link *link, uint32_t from, uint32_t to)
{
	const struct link_side *send = &link->ends[from].send, *receive = &link->ends[to].receive;
	return !link->cut && !send->cut && !receive->cut && same_island(link, from, to) &&
	       send->impairment.loss_ppm < PPM_ALL && receive->impairment.loss_ppm < PPM_ALL;
}

