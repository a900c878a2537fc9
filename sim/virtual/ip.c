/* IPv4: what becomes of a packet, in the order Linux asks (ip_route_input, ip_forward, ip_output).
 *
 * Not modelled, on purpose: ICMP redirects (a Linux router on one segment sends them; the outside
 * hosts measured did not follow them), fragmentation and path MTU, IP options, ICMP rate limits,
 * multicast and broadcast. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/buf.h"
#include "sim/virtual/probe.h"
#include "sim/virtual/stack.h"

/* ---- the decision ---------------------------------------------------------------------------- */

/* fib_validate_source. A packet from one of our own addresses is a martian in any case. */
static bool source_valid(const struct stack *stack, const struct ip_query *query)
{
	if (stack_is_local(stack, query->source))
		return false;
	if (stack->config->rp_filter == 0)
		return true;
	const struct fib_route *back = fib_lookup(&stack->fib, query->source, false, NULL);
	if (!back || back->hop_count == 0)
		return false;
	if (stack->config->rp_filter == 2)
		return true;
	for (uint32_t i = 0; i < back->hop_count; i++)
		if (back->hops[i].interface == query->in_interface)
			return true;
	return false;
}

struct hop_context {
	const struct stack *stack;
	const struct fib_route *route;
};

/* ipv4_good_nh: no entry counts as good. */
static bool hop_good(const void *context, uint32_t hop)
{
	const struct hop_context *of = context;
	const struct fib_hop *member = &of->route->hops[hop];
	if (member->via.family == IP_NONE)
		return true;
	const struct neighbor *neighbor = arp_find(of->stack, member->interface, member->via);
	return !neighbor || neighbor_valid(neighbor->state);
}

/* fib_multipath_hash_policy 0: source and destination. Linux mixes in a secret drawn at boot, so no
 * two routers split alike; ours is drawn from the node's stream. A group installed by way of nexthop
 * objects skips members whose neighbour entry is not valid; a plain multipath route does so only
 * with fib_multipath_use_neigh, which is off by default. */
static uint32_t choose_hop(const struct stack *stack, const struct ip_query *query,
			   const struct fib_route *route)
{
	if (route->hop_count == 1)
		return 0;
	uint64_t hash = hash_u64(ip_addr_hash(query->source) ^ stack->flow_salt);
	hash = hash_u64(hash ^ ip_addr_hash(query->destination));
	struct hop_context context = { stack, route };
	return fib_select((uint32_t)(hash >> 33), route->hop_count,
			  route->nexthop_object ? hop_good : NULL, &context);
}

static const struct model_pool *pool_of(const struct stack *stack, struct ip_addr address)
{
	for (uint32_t i = 0; i < stack->pool_count; i++)
		if (ip_prefix_contains(stack->pools[i].cidr, address))
			return &stack->pools[i];
	return NULL;
}

/* Felix's natOutgoing: from a pool that has it to outside every pool; never answers. */
static bool masquerades(const struct stack *stack, const struct ip_query *query)
{
	if (!stack->config->nat_outgoing || query->established)
		return false;
	const struct model_pool *pool = pool_of(stack, query->source);
	return pool && pool->nat_outgoing && !pool_of(stack, query->destination);
}

static bool drop(struct ip_decision *out, enum disposition why)
{
	out->verdict = IP_DROP;
	out->why = why;
	return false;
}

static bool filter_passes(const struct stack *stack, int chain, const struct ip_query *query,
			  struct ip_decision *out)
{
	const struct model_filter *filter = filter_match(stack, chain, query);
	if (!filter || filter->verdict == MODEL_ACCEPT)
		return true;
	out->filter = filter;
	out->reject = filter->verdict == MODEL_REJECT;
	return drop(out, chain == MODEL_OUTPUT ? DISPOSITION_DENIED_OUT : DISPOSITION_DENIED_IN);
}

/* A route and its next hop for a packet that is not for us. */
static bool find_way(const struct stack *stack, const struct ip_query *query, bool forwarded,
		     struct ip_decision *out)
{
	if (forwarded && !stack->config->ip_forward)
		return drop(out, DISPOSITION_NOT_FORWARDING);
	out->route = fib_lookup(&stack->fib, query->destination, false, &out->prefix_id);
	if (!out->route)
		return drop(out, DISPOSITION_NO_ROUTE);
	out->has_route = true;
	if (out->route->hop_count == 0)
		return drop(out, DISPOSITION_NULL_ROUTED);
	out->hop = out->route->hops[choose_hop(stack, query, out->route)];
	out->next_hop = out->hop.via.family == IP_NONE ? query->destination : out->hop.via;
	if (query->in_interface != FIB_NO_INTERFACE && !source_valid(stack, query))
		return drop(out, DISPOSITION_RP_FILTERED);
	if (forwarded && query->ttl <= 1)
		return drop(out, DISPOSITION_TTL_EXPIRED);
	return filter_passes(stack, forwarded ? MODEL_FORWARD : MODEL_OUTPUT, query, out);
}

void ip_decide(const struct stack *stack, const struct ip_query *query, struct ip_decision *out)
{
	bool input = query->in_interface != FIB_NO_INTERFACE;
	*out = (struct ip_decision){ .verdict = IP_LOCAL, .prefix_id = FIB_NO_PREFIX };
	if (!stack->up) {
		drop(out, DISPOSITION_NODE_DOWN);
		return;
	}
	if (stack_is_local(stack, query->destination)) {
		if (input && !source_valid(stack, query))
			drop(out, DISPOSITION_RP_FILTERED);
		else if (input || query->from_pod)
			filter_passes(stack, MODEL_INPUT, query, out);
		return;
	}
	if (!find_way(stack, query, input || query->from_pod, out))
		return;
	if (out->route->source == ROUTE_POD && out->hop.interface == FIB_NO_INTERFACE) {
		out->verdict = IP_POD;
		return;
	}
	out->verdict = IP_SEND;
	if (masquerades(stack, query))
		out->new_source =
			stack_address_toward(stack, out->hop.interface, out->next_hop);
}

/* ---- packets --------------------------------------------------------------------------------- */

static struct ip_query query_of(const struct packet *packet, uint32_t in_interface)
{
	return (struct ip_query){
		.source = packet->source,
		.destination = packet->destination,
		.protocol = packet->protocol,
		.source_port = packet->source_port,
		.destination_port = packet->destination_port,
		.in_interface = in_interface,
		.ttl = packet->ttl,
	};
}

/* What a router says about a packet it drops; the other reasons are silent. */
static void explain_drop(struct stack *stack, const struct packet *packet,
			 const struct ip_decision *decision, bool local)
{
	if (decision->reject)
		icmp_send_error(stack, packet, ICMP_UNREACHABLE, ICMP_CODE_PORT, local);
	else if (decision->why == DISPOSITION_TTL_EXPIRED)
		icmp_send_error(stack, packet, ICMP_TIME_EXCEEDED, 0, local);
	else if (decision->why == DISPOSITION_NO_ROUTE)
		icmp_send_error(stack, packet, ICMP_UNREACHABLE, ICMP_CODE_NET, local);
}

/* A pod answers pings, and SYNs to any port; what else it gets it keeps to itself. */
static void deliver_to_pod(struct stack *stack, const struct packet *packet)
{
	if (packet->protocol == IP_PROTOCOL_ICMP) {
		icmp_received(stack, packet);
		return;
	}
	if (packet->protocol != IP_PROTOCOL_TCP || packet->payload_length < 20)
		return;
	if (stack->network->prober && prober_received(stack->network->prober, stack, packet))
		return;
	const uint8_t *syn = packet->payload;
	if ((syn[13] & 0x17) != 0x02) /* SYN alone among FIN, SYN, RST, ACK */
		return;
	uint32_t sequence = (uint32_t)syn[4] << 24 | (uint32_t)syn[5] << 16 |
			    (uint32_t)syn[6] << 8 | syn[7];
	uint8_t answer[20];
	tcp_header_fill(answer, packet->destination_port, packet->source_port,
			(uint32_t)hash_u64(sequence), sequence + 1, 0x12);
	put_u16(answer + 16, checksum_transport(packet->destination, packet->source,
						IP_PROTOCOL_TCP, answer, sizeof(answer)));
	struct stack_packet reply = { .source = packet->destination,
				      .destination = packet->source,
				      .protocol = IP_PROTOCOL_TCP,
				      .bytes = answer,
				      .length = sizeof(answer) };
	stack_send(stack, &reply);
}

void ip_deliver(struct stack *stack, const struct packet *packet)
{
	struct prober *prober = stack->network->prober;
	switch (packet->protocol) {
	case IP_PROTOCOL_ICMP:
		icmp_received(stack, packet);
		return;
	case IP_PROTOCOL_TCP:
		if (prober && prober_received(prober, stack, packet))
			return;
		if (stack->host)
			stack->host->tcp_arrived(stack->host, stack->network->engine.now,
						 packet->source, packet->destination, packet->ttl,
						 packet->payload, packet->payload_length);
		return;
	default:
		icmp_send_error(stack, packet, ICMP_UNREACHABLE,
				packet->protocol == IP_PROTOCOL_UDP ? ICMP_CODE_PORT :
								      ICMP_CODE_PROTOCOL,
				false);
	}
}

/* Out of an interface, as decided. The packet is read from a frame of ours alone; takes the frame's
 * reference. */
static void emit(struct stack *stack, struct packet *packet, const struct ip_decision *decision)
{
	struct ip_addr mask = decision->new_source;
	if (stack->track)
		mask = track_note(stack, packet, mask);
	if (mask.family != IP_NONE)
		packet_rewrite_source(packet, mask, packet->source_port);
	arp_output(stack, &stack->interfaces[decision->hop.interface], decision->next_hop,
		   packet->frame);
}

/* A packet on its way through, from a link or a pod; the frame is borrowed. */
static void pass_on(struct stack *stack, const struct packet *packet, const struct ip_query *query)
{
	struct ip_decision decision;
	ip_decide(stack, query, &decision);
	switch (decision.verdict) {
	case IP_DROP:
		explain_drop(stack, packet, &decision, query->from_pod);
		return;
	case IP_LOCAL:
		if (stack->track)
			track_note(stack, packet, (struct ip_addr){ 0 });
		if (query->from_pod)
			stack_loop_back(stack, frame_ref(packet->frame));
		else
			ip_deliver(stack, packet);
		return;
	case IP_POD:
		if (stack->track && !query->unmasked)
			track_note(stack, packet, (struct ip_addr){ 0 });
		deliver_to_pod(stack, packet);
		return;
	case IP_SEND: {
		struct packet own;
		struct frame *frame = frame_writable(frame_ref(packet->frame));
		if (!packet_read(frame, &own))
			UNREACHABLE();
		packet_decrement_ttl(&own);
		emit(stack, &own, &decision);
		return;
	}
	}
}

void ip_received(struct stack *stack, struct interface *interface, const struct packet *packet)
{
	struct ip_query query = query_of(packet, interface->index);
	if (!track_ready(stack)) {
		pass_on(stack, packet, &query);
		return;
	}
	query.established = track_seen(stack, packet);
	struct ip_addr pod = track_unmask(stack, packet);
	if (pod.family == IP_NONE) {
		pass_on(stack, packet, &query);
		return;
	}
	struct packet own;
	struct frame *frame = frame_writable(frame_ref(packet->frame));
	if (!packet_read(frame, &own))
		UNREACHABLE();
	track_note(stack, packet, (struct ip_addr){ 0 }); /* as it came: the answer */
	packet_rewrite_destination(&own, pod, own.destination_port);
	query.destination = pod;
	query.unmasked = true;
	pass_on(stack, &own, &query);
	frame_unref(frame);
}

/* What a send call returns for a packet that goes nowhere. */
static int errno_of(const struct ip_decision *decision)
{
	switch (decision->why) {
	case DISPOSITION_NO_ROUTE: return -ENETUNREACH;
	case DISPOSITION_NULL_ROUTED: return -EINVAL;
	case DISPOSITION_NODE_DOWN: return -ENETDOWN;
	default: return decision->reject ? -ECONNREFUSED : -EPERM;
	}
}

static struct frame *frame_of(struct stack *stack, const struct stack_packet *packet,
			      struct ip_addr source)
{
	struct ipv4_fields fields = {
		.source = source,
		.destination = packet->destination,
		.ttl = packet->ttl ? packet->ttl : 64,
		.tos = packet->tos,
		.protocol = packet->protocol,
		.id = stack->next_ip_id++,
	};
	uint8_t *payload;
	struct frame *frame =
		frame_ipv4(&stack->network->pool, &fields, packet->length, &payload);
	memcpy(payload, packet->bytes, packet->length);
	return frame;
}

int stack_send(struct stack *stack, const struct stack_packet *packet)
{
	if (!stack->up)
		return -ENETDOWN;
	struct ip_addr source = packet->source;
	if (source.family == IP_NONE)
		source = stack_choose_source(stack, packet->destination);
	if (source.family == IP_NONE)
		return -ENETUNREACH;

	struct packet view;
	struct frame *frame = frame_of(stack, packet, source);
	if (!packet_read(frame, &view))
		UNREACHABLE();
	struct ip_query query = query_of(&view, FIB_NO_INTERFACE);
	query.established = track_ready(stack) && track_seen(stack, &view);
	query.from_pod = stack_pod_find(stack, source) != NULL;
	if (query.from_pod) {
		pass_on(stack, &view, &query);
		frame_unref(frame);
		return 0;
	}
	struct ip_decision decision;
	ip_decide(stack, &query, &decision);
	switch (decision.verdict) {
	case IP_LOCAL:
		stack_loop_back(stack, frame);
		return 0;
	case IP_POD:
		if (stack->track)
			track_note(stack, &view, (struct ip_addr){ 0 });
		deliver_to_pod(stack, &view);
		frame_unref(frame);
		return 0;
	case IP_SEND:
		emit(stack, &view, &decision);
		return 0;
	default:
		frame_unref(frame);
		return errno_of(&decision);
	}
}

void ip_unresolved(struct stack *stack, struct frame *frame)
{
	struct packet packet;
	if (!packet_read(frame, &packet))
		return;
	bool ours = stack_is_local(stack, packet.source) || stack_pod_find(stack, packet.source);
	icmp_send_error(stack, &packet, ICMP_UNREACHABLE, ICMP_CODE_HOST, ours);
}

void stack_confirm(struct stack *stack, struct ip_addr destination)
{
	struct ip_query query = {
		.source = stack_choose_source(stack, destination),
		.destination = destination,
		.in_interface = FIB_NO_INTERFACE,
		.ttl = 64,
	};
	struct ip_decision decision;
	ip_decide(stack, &query, &decision);
	if (decision.verdict == IP_SEND)
		arp_confirm(stack, &stack->interfaces[decision.hop.interface],
			    decision.next_hop);
}
