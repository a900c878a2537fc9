/* ARP as Linux's neighbour table does it (net/core/neighbour.c, net/ipv4/arp.c, read for behaviour):
 *
 *   NONE ──packet──► INCOMPLETE ──reply──► REACHABLE ──reachable time──► STALE ──packet──► DELAY
 *                        │ 3 broadcasts,       ▲  ▲                        ▲                 │ 5 s
 *                        ▼ 1 s apart           │  └──────── reply ─────────│──── PROBE ◄─────┘
 *                      FAILED ◄────────────────│────── 3 unicasts ─────────│───────┘
 *                                              └── confirmed by TCP (DELAY ends in REACHABLE)
 *
 * The reachable time is drawn anew every 300 s, uniform in 15 .. 45 s. A packet to a FAILED entry
 * starts over with INCOMPLETE. A request from somebody makes a STALE entry of him here, if we are
 * its target, and refreshes an existing one that is not valid in any case. Not modelled: garbage
 * collection, arp_notify, proxy ARP, and jiffies (timers are exact to the nanosecond). */
#include <stdlib.h>

#include "base/assert.h"
#include "sim/virtual/stack.h"
#include "sim/virtual/walk.h"

const char *neighbor_state_name(enum neighbor_state state)
{
	static const char *const names[] = {
		[NEIGHBOR_NONE] = "NONE",   [NEIGHBOR_INCOMPLETE] = "INCOMPLETE",
		[NEIGHBOR_REACHABLE] = "REACHABLE", [NEIGHBOR_STALE] = "STALE",
		[NEIGHBOR_DELAY] = "DELAY", [NEIGHBOR_PROBE] = "PROBE",
		[NEIGHBOR_FAILED] = "FAILED",
	};
	return names[state];
}

#define NUMBER_BITS 24

static struct instant clock_of(const struct stack *stack) { return stack->network->engine.now; }

/* ---- the table ------------------------------------------------------------------------------- */

static uint64_t key_hash(uint32_t interface, struct ip_addr address)
{
	return ip_addr_hash(address) ^ hash_u64(interface);
}

static uint64_t rehash_neighbor(const void *context, uint32_t number)
{
	const struct stack *stack = context;
	return key_hash(stack->neighbors[number]->interface, stack->neighbors[number]->address);
}

static struct neighbor *find(const struct stack *stack, uint32_t interface, struct ip_addr address)
{
	uint64_t hash = key_hash(interface, address);
	uint32_t cursor = HASH_NONE, number;
	while ((number = hash_index_next(&stack->neighbors_by_address, hash, &cursor)) !=
	       HASH_NONE) {
		struct neighbor *neighbor = stack->neighbors[number];
		if (neighbor->interface == interface && ip_addr_equal(neighbor->address, address))
			return neighbor;
	}
	return NULL;
}

const struct neighbor *arp_find(const struct stack *stack, uint32_t interface,
				struct ip_addr address)
{
	return find(stack, interface, address);
}

static struct neighbor *make(struct stack *stack, uint32_t interface, struct ip_addr address)
{
	struct neighbor *neighbor = memory_zalloc(sizeof(*neighbor));
	neighbor->address = address;
	neighbor->interface = interface;
	neighbor->number = stack->neighbor_count;
	neighbor->serial = stack->next_serial++;
	neighbor->deadline = neighbor->armed = INSTANT_NEVER;
	neighbor->updated = (struct instant){ INT64_MIN / 2 };
	neighbor->confirmed = neighbor->used = neighbor->updated;
	ASSERT(neighbor->number < 1u << NUMBER_BITS);
	if (stack->interfaces[interface].link)
		link_asker_add(stack->interfaces[interface].link, address,
			       stack->interfaces[interface].link_end);
	ARRAY_PUSH(stack->neighbors, stack->neighbor_count, stack->neighbor_capacity, neighbor);
	hash_index_add(&stack->neighbors_by_address, key_hash(interface, address),
		       neighbor->number, rehash_neighbor, stack);
	return neighbor;
}

static void observe_state(struct stack *stack, const struct neighbor *neighbor)
{
	struct network *network = stack->network;
	if (!network->observer)
		return;
	struct observation seen = {
		.at_ns = network->engine.now.ns,
		.kind = OBSERVE_NEIGHBOR,
		.node = stack->node,
		.neighbor = { stack->interfaces[neighbor->interface].name, neighbor->address,
			      neighbor_state_name(neighbor->state), neighbor->mac },
	};
	network->observer->observed(network->observer, &seen);
}

static void set_state(struct stack *stack, struct neighbor *neighbor, enum neighbor_state state)
{
	enum neighbor_state former = neighbor->state;
	if (former == state)
		return;
	neighbor->state = state;
	if (stack->network->observe_neighbors || former == NEIGHBOR_FAILED ||
	    state == NEIGHBOR_FAILED)
		observe_state(stack, neighbor);
	if (neighbor_valid(former) != neighbor_valid(state))
		watch_node_changed(stack->network->watch, stack->node);
}

static struct frame *take_waiting(struct neighbor *neighbor)
{
	struct frame *first = neighbor->waiting;
	neighbor->waiting = neighbor->waiting_last = NULL;
	neighbor->waiting_count = 0;
	return first;
}

static void drop_waiting(struct neighbor *neighbor)
{
	for (struct frame *frame = take_waiting(neighbor), *next; frame; frame = next) {
		next = frame->next;
		frame_unref(frame);
	}
}

static void forget_at_link(struct stack *stack, const struct neighbor *neighbor)
{
	const struct interface *interface = &stack->interfaces[neighbor->interface];
	if (interface->link)
		link_asker_remove(interface->link, neighbor->address, interface->link_end);
}

void arp_flush(struct stack *stack, uint32_t interface)
{
	uint32_t kept = 0;
	hash_index_free(&stack->neighbors_by_address);
	for (uint32_t i = 0; i < stack->neighbor_count; i++) {
		struct neighbor *neighbor = stack->neighbors[i];
		if (interface == FIB_NO_INTERFACE || neighbor->interface == interface) {
			drop_waiting(neighbor);
			set_state(stack, neighbor, NEIGHBOR_NONE);
			forget_at_link(stack, neighbor);
			free(neighbor);
			continue;
		}
		/* Its number changes, and with it what its events are called: wake it anew. */
		stack->neighbors[kept] = neighbor;
		neighbor->number = kept++;
		neighbor->serial = stack->next_serial++;
		neighbor->armed = INSTANT_NEVER;
		hash_index_add(&stack->neighbors_by_address,
			       key_hash(neighbor->interface, neighbor->address), neighbor->number,
			       rehash_neighbor, stack);
	}
	stack->neighbor_count = kept;
	for (uint32_t i = 0; i < kept; i++)
		arp_set_deadline(stack, stack->neighbors[i], stack->neighbors[i]->deadline);
}

void arp_free(struct stack *stack)
{
	for (uint32_t i = 0; i < stack->neighbor_count; i++) {
		drop_waiting(stack->neighbors[i]);
		free(stack->neighbors[i]);
	}
	free(stack->neighbors);
	stack->neighbors = NULL;
	stack->neighbor_count = stack->neighbor_capacity = 0;
	hash_index_free(&stack->neighbors_by_address);
}

/* ---- timers ---------------------------------------------------------------------------------- */

void arp_set_deadline(struct stack *stack, struct neighbor *neighbor, struct instant deadline)
{
	neighbor->deadline = deadline;
	if (!instant_before(deadline, neighbor->armed))
		return;
	neighbor->armed = deadline;
	engine_at(&stack->network->engine, deadline, &stack->arp_timer,
		  neighbor->serial << NUMBER_BITS | neighbor->number);
}

static int64_t reachable_ns(struct stack *stack, struct interface *interface)
{
	int64_t period = clock_of(stack).ns / ARP_REACHABLE_REDRAW_NS;
	if (period != interface->reachable_period) {
		/* Each period's draw is its own, whether or not earlier ones were made. */
		interface->random.counter = (uint64_t)period << 8;
		interface->reachable_period = period;
		interface->reachable_ns = ARP_BASE_REACHABLE_NS / 2 +
					  (int64_t)random_below(&interface->random,
								(uint64_t)ARP_BASE_REACHABLE_NS);
	}
	return interface->reachable_ns;
}

static void transmit(struct interface *interface, struct mac_addr destination, struct frame *frame)
{
	if (!interface->link || !interface->carrier) {
		frame_unref(frame);
		return;
	}
	frame = frame_writable(frame);
	frame_set_macs(frame, destination, interface->mac);
	link_send(interface->link, interface->link_end, frame);
}

static void solicit(struct stack *stack, struct neighbor *neighbor)
{
	struct interface *interface = &stack->interfaces[neighbor->interface];
	struct ip_addr sender =
		stack_address_toward(stack, neighbor->interface, neighbor->address);
	bool unicast = neighbor->state == NEIGHBOR_PROBE;
	struct mac_addr to = unicast ? neighbor->mac : mac_broadcast, unknown = { 0 };
	neighbor->probes++;
	if (ip_addr_is_zero(sender))
		return;
	transmit(interface, to,
		 frame_arp(&stack->network->pool, 1, interface->mac, sender, unknown,
			   neighbor->address, to));
}

static void give_up(struct stack *stack, struct neighbor *neighbor)
{
	neighbor->updated = clock_of(stack);
	set_state(stack, neighbor, NEIGHBOR_FAILED);
	/* Errors may be packets for the same neighbour, so the queue is detached first. */
	for (struct frame *frame = take_waiting(neighbor), *next; frame; frame = next) {
		next = frame->next;
		frame->next = NULL;
		ip_unresolved(stack, frame);
		frame_unref(frame);
	}
}

/* neigh_timer_handler. */
static void neighbor_expired(struct stack *stack, struct neighbor *neighbor, struct instant now)
{
	struct interface *interface = &stack->interfaces[neighbor->interface];
	struct instant next = instant_add(now, ARP_RETRANS_NS);
	switch (neighbor->state) {
	case NEIGHBOR_REACHABLE: {
		struct instant end =
			instant_add(neighbor->confirmed, reachable_ns(stack, interface));
		if (instant_before(now, end)) {
			next = end;
			break;
		}
		neighbor->updated = now;
		if (instant_before(instant_add(neighbor->used, ARP_DELAY_FIRST_PROBE_NS), now)) {
			set_state(stack, neighbor, NEIGHBOR_STALE);
			return;
		}
		set_state(stack, neighbor, NEIGHBOR_DELAY);
		next = instant_add(now, ARP_DELAY_FIRST_PROBE_NS);
		break;
	}
	case NEIGHBOR_DELAY:
		neighbor->updated = now;
		if (!instant_before(instant_add(neighbor->confirmed, ARP_DELAY_FIRST_PROBE_NS),
				    now)) {
			set_state(stack, neighbor, NEIGHBOR_REACHABLE);
			next = instant_add(neighbor->confirmed, reachable_ns(stack, interface));
			break;
		}
		neighbor->probes = 0;
		set_state(stack, neighbor, NEIGHBOR_PROBE);
		break;
	case NEIGHBOR_INCOMPLETE:
	case NEIGHBOR_PROBE:
		break;
	default:
		return;
	}
	bool probing =
		neighbor->state == NEIGHBOR_INCOMPLETE || neighbor->state == NEIGHBOR_PROBE;
	uint32_t limit = neighbor->state == NEIGHBOR_PROBE ? ARP_UNICAST_PROBES :
							     ARP_MULTICAST_PROBES;
	if (probing && neighbor->probes >= limit) {
		give_up(stack, neighbor);
		return;
	}
	arp_set_deadline(stack, neighbor, next);
	if (probing)
		solicit(stack, neighbor);
}

void arp_timer_fired(struct event_handler *handler, struct instant now, uint64_t argument)
{
	struct stack *stack =
		(struct stack *)(void *)((char *)handler - offsetof(struct stack, arp_timer));
	uint32_t number = argument & ((1u << NUMBER_BITS) - 1);
	if (number >= stack->neighbor_count)
		return;
	struct neighbor *neighbor = stack->neighbors[number];
	if (neighbor->serial != argument >> NUMBER_BITS || neighbor->armed.ns != now.ns)
		return;
	neighbor->armed = INSTANT_NEVER;
	struct instant deadline = neighbor->deadline;
	if (instant_before(now, deadline)) {
		arp_set_deadline(stack, neighbor, deadline);
		return;
	}
	neighbor->deadline = INSTANT_NEVER;
	neighbor_expired(stack, neighbor, now);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void wait_for_answer(struct neighbor *neighbor, struct frame *frame)
{
	if (neighbor->waiting_count == ARP_QUEUE) {
		struct frame *oldest = neighbor->waiting;
		neighbor->waiting = oldest->next;
		neighbor->waiting_count--;
		frame_unref(oldest);
	}
	frame->next = NULL;
	if (neighbor->waiting)
		neighbor->waiting_last->next = frame;
	else
		neighbor->waiting = frame;
	neighbor->waiting_last = frame;
	neighbor->waiting_count++;
}

void arp_output(struct stack *stack, struct interface *interface, struct ip_addr next_hop,
		struct frame *frame)
{
	struct instant now = clock_of(stack);
	struct neighbor *neighbor = find(stack, interface->index, next_hop);
	if (!neighbor)
		neighbor = make(stack, interface->index, next_hop);
	/* A connected entry's cached header is used without a look at the clock (neigh_hh_output). */
	if (neighbor->state != NEIGHBOR_REACHABLE)
		neighbor->used = now;
	switch (neighbor->state) {
	case NEIGHBOR_STALE:
		neighbor->updated = now;
		set_state(stack, neighbor, NEIGHBOR_DELAY);
		arp_set_deadline(stack, neighbor, instant_add(now, ARP_DELAY_FIRST_PROBE_NS));
		break;
	case NEIGHBOR_NONE:
	case NEIGHBOR_FAILED:
		neighbor->probes = 0;
		neighbor->updated = now;
		set_state(stack, neighbor, NEIGHBOR_INCOMPLETE);
		arp_set_deadline(stack, neighbor, instant_add(now, ARP_RETRANS_NS));
		wait_for_answer(neighbor, frame_writable(frame));
		solicit(stack, neighbor);
		return;
	case NEIGHBOR_INCOMPLETE:
		wait_for_answer(neighbor, frame_writable(frame));
		return;
	default:
		break;
	}
	transmit(interface, neighbor->mac, frame);
}

void arp_confirm(struct stack *stack, struct interface *interface, struct ip_addr next_hop)
{
	struct neighbor *neighbor = find(stack, interface->index, next_hop);
	if (neighbor && neighbor_valid(neighbor->state))
		neighbor->confirmed = clock_of(stack);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* neigh_update: somebody said where he is. reply: an answer to us, which proves he can be reached;
 * override: believed even against an address we have. */
static void learned(struct stack *stack, struct neighbor *neighbor, struct mac_addr mac, bool reply,
		    bool override)
{
	struct instant now = clock_of(stack);
	struct interface *interface = &stack->interfaces[neighbor->interface];
	enum neighbor_state former = neighbor->state,
			    state = reply ? NEIGHBOR_REACHABLE : NEIGHBOR_STALE;
	bool was_valid = neighbor_valid(former), same = mac_addr_equal(neighbor->mac, mac);
	if (reply)
		neighbor->confirmed = now;
	if (was_valid && !same && !override)
		return;
	if (was_valid && same && !reply)
		state = former; /* no news */
	if (state != former || !same || !was_valid)
		neighbor->updated = now;
	neighbor->mac = mac;
	if (!same && !reply)
		neighbor->confirmed = instant_add(now, -2 * ARP_BASE_REACHABLE_NS);
	if (state != former) {
		set_state(stack, neighbor, state);
		arp_set_deadline(stack, neighbor,
				 reply ? instant_add(now, reachable_ns(stack, interface)) :
					 INSTANT_NEVER);
	}
	if (was_valid && !same)
		watch_node_changed(stack->network->watch, stack->node);
	if (was_valid)
		return;
	for (struct frame *frame = take_waiting(neighbor), *next; frame; frame = next) {
		next = frame->next;
		frame->next = NULL;
		transmit(interface, mac, frame);
	}
}

void arp_received(struct stack *stack, struct interface *interface, const struct packet *packet)
{
	const struct arp_view *arp = &packet->arp;
	bool to_us = mac_addr_equal(packet->mac_destination, interface->mac);
	if ((!to_us && !packet->broadcast) || ip_addr_is_zero(arp->sender))
		return;
	struct neighbor *neighbor = find(stack, interface->index, arp->sender);
	if (arp->operation == 1 && stack_is_local(stack, arp->target)) {
		if (stack_is_local(stack, arp->sender))
			return;
		if (!neighbor)
			neighbor = make(stack, interface->index, arp->sender);
		learned(stack, neighbor, arp->sender_mac, false, true);
		transmit(interface, arp->sender_mac,
			 frame_arp(&stack->network->pool, 2, interface->mac, arp->target,
				   arp->sender_mac, arp->sender, arp->sender_mac));
		return;
	}
	if (!neighbor)
		return;
	bool settled = instant_before(instant_add(neighbor->updated, ARP_LOCKTIME_NS),
				      clock_of(stack));
	learned(stack, neighbor, arp->sender_mac, arp->operation == 2 && to_us, settled);
}
