#include "sim/virtual/walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

/* Where the walking packet is. */
struct walker {
	const struct network *network;
	struct walk *walk;
	struct ip_query packet;
	uint32_t node;
	const struct walk *forth;
	/* Where it has been, to know a loop from a long way: what a node does with a packet depends on
	 * the way in and the source as well. */
	struct {
		uint32_t node, in_interface;
		struct ip_addr source;
	} been[WALK_HOPS_MAX];
};

static const struct stack *stack_at(const struct walker *walker, uint32_t node)
{
	return walker->network->stacks[node];
}

static void touch(struct walker *walker, uint32_t node)
{
	struct walk *walk = walker->walk;
	for (uint32_t i = 0; i < walk->touched_count; i++)
		if (walk->touched[i] == node)
			return;
	ASSERT(walk->touched_count < WALK_HOPS_MAX + 1);
	walk->touched[walk->touched_count++] = node;
}

static bool touched(const struct walk *walk, uint32_t node)
{
	for (uint32_t i = 0; walk && i < walk->touched_count; i++)
		if (walk->touched[i] == node)
			return true;
	return false;
}

/* Ends the walk. False, so that callers can return it. */
__attribute__((format(printf, 3, 4))) static bool
ended(struct walker *walker, enum disposition disposition, const char *detail, ...)
{
	va_list list;
	va_start(list, detail);
	vsnprintf(walker->walk->detail, sizeof(walker->walk->detail), detail, list);
	va_end(list);
	walker->walk->disposition = disposition;
	walker->walk->source = walker->packet.source;
	walker->walk->end_node = walker->node;
	return false;
}

static struct observed_hop *add_hop(struct walker *walker, uint32_t node)
{
	struct walk *walk = walker->walk;
	ASSERT(walk->hop_count < WALK_HOPS_MAX);
	struct observed_hop *hop = &walk->hops[walk->hop_count++];
	*hop = (struct observed_hop){ .node = node,
				      .next_hop = { .interface = "" },
				      .neighbor_state = "" };
	return hop;
}

/* ---- from one node to the next --------------------------------------------------------------- */

struct owner_context {
	const struct walker *walker;
	const struct link *link;
	uint32_t from;
};

static bool owner_answers(const void *context, uint32_t end)
{
	const struct owner_context *of = context;
	return of->walker->network->stacks[of->link->ends[end].node]->up &&
	       link_passes(of->link, of->from, end) && link_passes(of->link, end, of->from);
}

static bool owner_any(const void *context, uint32_t end)
{
	(void)context;
	(void)end;
	return true;
}

/* The end a neighbour entry without a usable MAC address would lead to, were it asked for now.
 * UINT32_MAX: the walk has ended. */
static uint32_t end_by_asking(struct walker *walker, const struct interface *out,
			      struct ip_addr next_hop, const struct neighbor *neighbor)
{
	char text[IP_TEXT_MAX];
	struct owner_context context = { walker, out->link, out->link_end };
	uint32_t end = link_owner_find(out->link, next_hop, owner_answers, &context);
	if (end != UINT32_MAX)
		return end;
	const char *state = !neighbor || neighbor->state == NEIGHBOR_NONE ?
				    "would not be answered" :
				    neighbor_state_name(neighbor->state);
	ip_addr_format(next_hop, text);
	end = link_owner_find(out->link, next_hop, owner_any, NULL);
	if (end == UINT32_MAX) {
		ended(walker, DISPOSITION_NEIGHBOR_UNREACHABLE, "ARP for %s %s: nobody has it",
		      text, state);
		return end;
	}
	uint32_t node = out->link->ends[end].node;
	touch(walker, node);
	ended(walker, DISPOSITION_NEIGHBOR_UNREACHABLE, "ARP for %s %s: %s is %s", text, state,
	      stack_at(walker, node)->name,
	      stack_at(walker, node)->up ? "cut off" : "off");
	return UINT32_MAX;
}

/* Moves the packet across a link. False: the walk has ended. */
static bool cross(struct walker *walker, const struct interface *out, struct ip_addr next_hop,
		  struct observed_hop *hop)
{
	const struct neighbor *neighbor =
		arp_find(stack_at(walker, walker->node), out->index, next_hop);
	if (neighbor)
		hop->neighbor_state = neighbor_state_name(neighbor->state);
	if (!out->link)
		return ended(walker, DISPOSITION_LINK_DOWN, "%s is not plugged in", out->name);
	if (!out->carrier)
		return ended(walker, DISPOSITION_LINK_DOWN, "%s has no carrier", out->name);
	uint32_t end;
	if (neighbor && neighbor_valid(neighbor->state)) {
		char text[32];
		end = link_end_of_mac(out->link, neighbor->mac);
		if (end == UINT32_MAX)
			return ended(walker, DISPOSITION_NEIGHBOR_UNREACHABLE,
				     "nobody on %s has MAC address %s", out->link->name,
				     mac_addr_format(neighbor->mac, text));
	} else {
		end = end_by_asking(walker, out, next_hop, neighbor);
		if (end == UINT32_MAX)
			return false;
	}
	uint32_t node = out->link->ends[end].node;
	const struct stack *next = stack_at(walker, node);
	touch(walker, node);
	if (!link_passes(out->link, out->link_end, end))
		return ended(walker, DISPOSITION_LINK_DOWN, "%s does not carry frames from %s to %s",
			     out->link->name, stack_at(walker, walker->node)->name, next->name);
	walker->node = node;
	for (uint32_t i = 0; i < next->interface_count; i++)
		if (next->interfaces[i].link == out->link && next->interfaces[i].link_end == end)
			walker->packet.in_interface = i;
	if (!next->up) {
		add_hop(walker, node);
		return ended(walker, DISPOSITION_NODE_DOWN, "%s is off", next->name);
	}
	return true;
}

/* ---- at a node ------------------------------------------------------------------------------- */

static bool dropped(struct walker *walker, const struct ip_decision *decision)
{
	const struct stack *stack = stack_at(walker, walker->node);
	char text[IP_TEXT_MAX];
	ip_addr_format(walker->packet.destination, text);
	switch (decision->why) {
	case DISPOSITION_NO_ROUTE:
		return ended(walker, decision->why, "%s has no route to %s", stack->name, text);
	case DISPOSITION_NULL_ROUTED:
		return ended(walker, decision->why, "%s has a blackhole route for %s", stack->name,
			     text);
	case DISPOSITION_NODE_DOWN:
		return ended(walker, decision->why, "%s is off", stack->name);
	case DISPOSITION_NOT_FORWARDING:
		return ended(walker, decision->why, "ip_forward is 0 on %s", stack->name);
	case DISPOSITION_RP_FILTERED:
		return ended(walker, decision->why, "reverse path filter on %s: %s may not come in by %s",
			     stack->name, ip_addr_format(walker->packet.source, text),
			     stack->interfaces[walker->packet.in_interface].name);
	case DISPOSITION_TTL_EXPIRED:
		return ended(walker, decision->why, "TTL ran out on %s", stack->name);
	default:
		return ended(walker, decision->why, "%s by a filter on %s",
			     decision->reject ? "rejected" : "dropped", stack->name);
	}
}

static bool looped(struct walker *walker)
{
	uint32_t count = walker->walk->hop_count;
	for (uint32_t i = 0; i < count; i++)
		if (walker->been[i].node == walker->node &&
		    walker->been[i].in_interface == walker->packet.in_interface &&
		    ip_addr_equal(walker->been[i].source, walker->packet.source))
			return true;
	walker->been[count].node = walker->node;
	walker->been[count].in_interface = walker->packet.in_interface;
	walker->been[count].source = walker->packet.source;
	return false;
}

/* Answers to a masked source are turned back into the pod's (see track_unmask). */
static void unmask(struct walker *walker)
{
	const struct walk *forth = walker->forth;
	if (!forth || ip_addr_equal(forth->source, forth->first_source) ||
	    !ip_addr_equal(walker->packet.destination, forth->source) ||
	    !stack_pod_find(stack_at(walker, walker->node), forth->first_source))
		return;
	walker->packet.destination = forth->first_source;
}

/* One node. False: the walk has ended. */
static bool step(struct walker *walker)
{
	const struct stack *stack = stack_at(walker, walker->node);
	struct ip_decision decision;
	touch(walker, walker->node);
	bool again = looped(walker);
	struct observed_hop *hop = add_hop(walker, walker->node);
	if (again)
		return ended(walker, DISPOSITION_LOOP, "back at %s", stack->name);
	walker->packet.established = touched(walker->forth, walker->node);
	unmask(walker);
	ip_decide(stack, &walker->packet, &decision);
	if (decision.has_route) {
		struct ip_prefix prefix =
			bgp_prefix_of(walker->network->table, decision.prefix_id);
		hop->has_route = true;
		hop->prefix = prefix;
		hop->source = decision.route->source;
		hop->next_hop_count = decision.route->hop_count;
		if (decision.route->hop_count)
			hop->next_hop = (struct observed_next_hop){
				decision.hop.via,
				stack_interface_name(stack, &decision.hop, prefix.addr),
			};
	}
	switch (decision.verdict) {
	case IP_DROP: return dropped(walker, &decision);
	case IP_LOCAL:
	case IP_POD: return ended(walker, DISPOSITION_ACCEPTED, "%s", "");
	case IP_SEND: break;
	}
	if (walker->packet.in_interface != FIB_NO_INTERFACE || walker->packet.from_pod)
		walker->packet.ttl--;
	if (!ip_addr_is_zero(decision.new_source))
		walker->packet.source = decision.new_source;
	walker->packet.from_pod = false;
	return cross(walker, &stack->interfaces[decision.hop.interface], decision.next_hop, hop);
}

void walk_flow(const struct network *network, const struct walk_query *query, struct walk *walk)
{
	struct walker walker = {
		.network = network,
		.walk = walk,
		.node = query->node,
		.forth = query->forth,
		.packet = {
			.source = query->source,
			.destination = query->destination,
			.protocol = query->protocol,
			.source_port = query->source_port,
			.destination_port = query->destination_port,
			.in_interface = FIB_NO_INTERFACE,
			.ttl = 64,
		},
	};
	const struct stack *stack = network->stacks[query->node];
	walk->hop_count = walk->touched_count = 0;
	walk->detail[0] = '\0';
	if (ip_addr_is_zero(query->source) && stack->up)
		walker.packet.source = stack_choose_source(stack, query->destination);
	walker.packet.from_pod = stack_pod_find(stack, walker.packet.source) != NULL;
	walk->first_source = walker.packet.source;
	if (ip_addr_is_zero(query->destination)) {
		ended(&walker, DISPOSITION_INSUFFICIENT_INFO, "no address to send to");
		return;
	}
	while (step(&walker))
		;
}
