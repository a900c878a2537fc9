/* Whether two configurations make the same node; where they were written does not matter. */
#include <string.h>

#include "topo/scenario.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_policy(const struct model_policy *a, const struct model_policy *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->count != b->count || a->accept_rest != b->accept_rest)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct model_policy_rule *x = &a->rules[i], *y = &b->rules[i];
		if (!ip_prefix_equal(x->prefix, y->prefix) || x->length_min != y->length_min ||
		    x->length_max != y->length_max || x->verdict != y->verdict ||
		    x->add_community_count != y->add_community_count)
			return false;
		for (uint32_t k = 0; k < x->add_community_count; k++)
			if (x->add_communities[k] != y->add_communities[k])
				return false;
	}
	return true;
}

static bool same_neighbor(const struct model_neighbor *a, const struct model_neighbor *b)
{
	return same_text(a->name, b->name) && a->type == b->type &&
	       ip_addr_equal(a->address, b->address) && a->port == b->port &&
	       ip_addr_equal(a->source, b->source) && a->remote_as == b->remote_as &&
	       a->local_as == b->local_as && a->passive == b->passive &&
	       a->rr_client == b->rr_client && a->cluster_id == b->cluster_id &&
	       a->next_hop == b->next_hop && a->multihop == b->multihop &&
	       a->ttl_hops == b->ttl_hops && a->ttl_security == b->ttl_security &&
	       same_text(a->password, b->password) && a->hold_s == b->hold_s &&
	       a->keepalive_s == b->keepalive_s && a->connect_retry_s == b->connect_retry_s &&
	       a->restart_time_s == b->restart_time_s &&
	       a->graceful_restart == b->graceful_restart && a->add_path == b->add_path &&
	       a->allow_as_in == b->allow_as_in && a->max_prefixes == b->max_prefixes &&
	       a->shutdown == b->shutdown && a->ipv4 == b->ipv4 && a->ipv6 == b->ipv6 &&
	       same_policy(a->import, b->import) && same_policy(a->export, b->export) &&
	       same_text(a->resource, b->resource);
}

static bool same_bgp(const struct model_bgp *a, const struct model_bgp *b)
{
	if (a->enabled != b->enabled || !same_text(a->why_not, b->why_not) ||
	    !same_text(a->process, b->process) || !same_text(a->profile, b->profile) ||
	    a->local_as != b->local_as || a->router_id != b->router_id ||
	    a->cluster_id != b->cluster_id || a->listen_port != b->listen_port ||
	    a->maximum_paths != b->maximum_paths ||
	    a->maximum_paths_ibgp != b->maximum_paths_ibgp ||
	    a->ebgp_requires_policy != b->ebgp_requires_policy ||
	    a->redistribute_connected != b->redistribute_connected ||
	    a->redistribute_static != b->redistribute_static ||
	    a->redistribute_kernel != b->redistribute_kernel ||
	    a->neighbor_count != b->neighbor_count || a->network_count != b->network_count)
		return false;
	for (uint32_t i = 0; i < a->neighbor_count; i++)
		if (!same_neighbor(&a->neighbors[i], &b->neighbors[i]))
			return false;
	for (uint32_t i = 0; i < a->network_count; i++)
		if (!ip_prefix_equal(a->networks[i].prefix, b->networks[i].prefix))
			return false;
	return true;
}

static bool same_route(const struct model_route *a, const struct model_route *b)
{
	return ip_prefix_equal(a->prefix, b->prefix) && ip_addr_equal(a->via, b->via) &&
	       a->interface == b->interface && a->blackhole == b->blackhole &&
	       a->metric == b->metric;
}

static bool same_filter(const struct model_filter *a, const struct model_filter *b)
{
	return a->chain == b->chain && a->protocol == b->protocol &&
	       ip_prefix_equal(a->source, b->source) &&
	       ip_prefix_equal(a->destination, b->destination) &&
	       a->source_port == b->source_port && a->destination_port == b->destination_port &&
	       a->in_interface == b->in_interface &&
	       a->established_only == b->established_only && a->verdict == b->verdict;
}

static bool same_machine(const struct model_config *a, const struct model_config *b)
{
	if (a->address_count != b->address_count || a->route_count != b->route_count ||
	    a->filter_count != b->filter_count)
		return false;
	for (uint32_t i = 0; i < a->address_count; i++)
		if (a->addresses[i].interface != b->addresses[i].interface ||
		    !ip_prefix_equal(a->addresses[i].address, b->addresses[i].address))
			return false;
	for (uint32_t i = 0; i < a->route_count; i++)
		if (!same_route(&a->routes[i], &b->routes[i]))
			return false;
	for (uint32_t i = 0; i < a->filter_count; i++)
		if (!same_filter(&a->filters[i], &b->filters[i]))
			return false;
	return a->ip_forward == b->ip_forward && a->rp_filter == b->rp_filter;
}

bool config_equal(const struct model_config *a, const struct model_config *b)
{
	if (a == b)
		return true;
	if (a->pod_count != b->pod_count || a->block_count != b->block_count ||
	    a->kernel_rule_count != b->kernel_rule_count || a->reflector != b->reflector ||
	    a->nat_outgoing != b->nat_outgoing)
		return false;
	for (uint32_t i = 0; i < a->pod_count; i++)
		if (!ip_addr_equal(a->pods[i].address, b->pods[i].address))
			return false;
	for (uint32_t i = 0; i < a->block_count; i++)
		if (!ip_prefix_equal(a->blocks[i].prefix, b->blocks[i].prefix) ||
		    a->blocks[i].exported != b->blocks[i].exported)
			return false;
	for (uint32_t i = 0; i < a->kernel_rule_count; i++)
		if (!ip_prefix_equal(a->kernel_rules[i].prefix, b->kernel_rules[i].prefix) ||
		    a->kernel_rules[i].how != b->kernel_rules[i].how)
			return false;
	return same_machine(a, b) && same_bgp(&a->bgp, &b->bgp);
}
