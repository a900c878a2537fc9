/* Filters: the first matching rule of a chain decides, as in iptables; no rule, no objection. */
#include "sim/virtual/stack.h"

static bool matches(const struct model_filter *filter, const struct ip_query *query)
{
	if (filter->protocol && filter->protocol != query->protocol)
		return false;
	if (filter->source.addr.family && !ip_prefix_contains(filter->source, query->source))
		return false;
	if (filter->destination.addr.family &&
	    !ip_prefix_contains(filter->destination, query->destination))
		return false;
	if (filter->in_interface != MODEL_NONE && filter->in_interface != query->in_interface)
		return false;
	if (filter->established_only && !query->established)
		return false;
	bool ports = query->protocol == IP_PROTOCOL_TCP || query->protocol == IP_PROTOCOL_UDP;
	if (filter->source_port && (!ports || filter->source_port != query->source_port))
		return false;
	return !filter->destination_port ||
	       (ports && filter->destination_port == query->destination_port);
}

const struct model_filter *filter_match(const struct stack *stack, int chain,
					const struct ip_query *query)
{
	const struct model_config *config = stack->config;
	for (uint32_t i = 0; i < config->filter_count; i++)
		if ((int)config->filters[i].chain == chain &&
		    matches(&config->filters[i], query))
			return &config->filters[i];
	return NULL;
}
