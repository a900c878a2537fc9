/* Why a BGP session's TCP connection is not made: who may call whom, and which rule of a firewall
 * stands between. Only the two ends are looked at. */
#include "checker/explain.h"
#include "checker/lookup.h"
#include "checker/words.h"

enum { BGP_PORT = 179, TCP = 6 };

/* One end of a session: the node, and the neighbour entry it has for the other. */
struct end {
	uint32_t node;
	const struct model_neighbor *other;
};

/* A segment, as a node's firewall sees it. Port 0: a client's, which no rule names. */
struct segment {
	struct ip_addr source, destination;
	uint16_t source_port, destination_port;
	bool established;
	uint32_t in_interface; /* MODEL_NONE: sent here */
};

static bool matches(const struct model_filter *filter, const struct segment *segment)
{
	return (!filter->protocol || filter->protocol == TCP) &&
	       (!filter->source.addr.family ||
		ip_prefix_contains(filter->source, segment->source)) &&
	       (!filter->destination.addr.family ||
		ip_prefix_contains(filter->destination, segment->destination)) &&
	       (!filter->source_port || filter->source_port == segment->source_port) &&
	       (!filter->destination_port ||
		filter->destination_port == segment->destination_port) &&
	       (!filter->established_only || segment->established) &&
	       (filter->in_interface == MODEL_NONE ||
		filter->in_interface == segment->in_interface);
}

/* The rule that stops it; NULL: none. */
static const struct model_filter *stopped_by(const struct model_config *config, int chain,
					     const struct segment *segment)
{
	for (uint32_t i = 0; i < config->filter_count; i++) {
		const struct model_filter *filter = &config->filters[i];
		if ((int)filter->chain == chain && matches(filter, segment))
			return filter->verdict == MODEL_ACCEPT ? NULL : filter;
	}
	return NULL;
}

static uint32_t interface_of(const struct model_config *config, struct ip_addr addr)
{
	for (uint32_t i = 0; i < config->address_count; i++)
		if (ip_addr_equal(config->addresses[i].address.addr, addr))
			return config->addresses[i].interface;
	return MODEL_NONE;
}

static bool at_end(const struct state *state, const struct end *at, const struct end *caller,
		   const struct end *callee, bool answer, struct story *story)
{
	const struct model_config *config = config_now(state, at->node);
	uint16_t port = caller->other->port ? caller->other->port : BGP_PORT;
	bool in = (at == callee) != answer;
	struct ip_addr own = at == caller ? callee->other->address : caller->other->address;
	struct segment segment = {
		.source = answer ? caller->other->address : callee->other->address,
		.destination = answer ? callee->other->address : caller->other->address,
		.source_port = answer ? port : 0,
		.destination_port = answer ? 0 : port,
		.established = answer,
		.in_interface = in ? interface_of(config, own) : MODEL_NONE,
	};
	const struct model_filter *filter =
		stopped_by(config, in ? MODEL_INPUT : MODEL_OUTPUT, &segment);
	if (!filter)
		return false;
	const struct model_node *nodes = state_model(state)->nodes;
	bullet(story);
	text_printf(&story->text, "a rule of %s %s %s to %s's TCP port %u (chain %s)",
		    nodes[at->node].name, filter->verdict == MODEL_DROP ? "drops" : "rejects",
		    answer ? "the answers to calls" : "calls", nodes[callee->node].name, port,
		    in ? "INPUT" : "OUTPUT");
	bullet_end(state, story, filter->pos);
	story_place(story, filter->pos, "this rule stops BGP between %s and %s",
		    nodes[caller->node].name, nodes[callee->node].name);
	return true;
}

static bool call(const struct state *state, const struct end *caller, const struct end *callee,
		 struct story *story)
{
	if (caller->other->passive)
		return false;
	return at_end(state, caller, caller, callee, false, story) ||
	       at_end(state, callee, caller, callee, false, story) ||
	       at_end(state, callee, caller, callee, true, story) ||
	       at_end(state, caller, caller, callee, true, story);
}

bool explain_call(const struct state *state, uint32_t node, const struct model_neighbor *mine,
		  uint32_t peer, const struct model_neighbor *theirs, struct story *story)
{
	const struct end a = { node, mine }, b = { peer, theirs };
	bool found = call(state, &a, &b, story);
	found |= call(state, &b, &a, story);
	if (!found || mine->passive == theirs->passive)
		return found;
	const struct model_node *nodes = state_model(state)->nodes;
	const struct end *waits = mine->passive ? &a : &b, *calls = mine->passive ? &b : &a;
	bullet(story);
	text_printf(&story->text, "only %s calls: %s is passive towards it",
		    nodes[calls->node].name, nodes[waits->node].name);
	bullet_end(state, story, waits->other->pos);
	return true;
}
