/* Netlink messages -> the mirror. */
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "simbgpd/kernel.h"

#define NONE UINT32_MAX

static struct ip_addr addr_from(const struct nlattr *attr, uint8_t family)
{
	struct ip_addr addr = { .family = family == AF_INET6 ? IP_V6 : IP_V4 };
	int bytes = addr.family == IP_V6 ? 16 : 4;
	if (!attr || nla_len(attr) < bytes)
		return (struct ip_addr){ 0 };
	memcpy(addr.bytes, nla_data(attr), (size_t)bytes);
	return addr;
}

/* ---- links and addresses ---- */

static void carrier_lost(struct kernel *kernel, int link)
{
	for (uint32_t i = 0; i < kernel->address_count; i++)
		if (kernel->addresses[i].link == link)
			ARRAY_PUSH(kernel->lost, kernel->lost_count, kernel->lost_capacity,
				   kernel->addresses[i].prefix.addr);
}

static struct kernel_link *link_find(const struct kernel *kernel, int index)
{
	for (uint32_t i = 0; i < kernel->link_count; i++)
		if (kernel->links[i].index == index)
			return &kernel->links[i];
	return NULL;
}

static void link_heard(struct kernel *kernel, struct nlmsghdr *message)
{
	struct nlattr *attrs[IFLA_MAX + 1];
	const struct ifinfomsg *info = nlmsg_data(message);
	if (nlmsg_parse(message, sizeof(*info), attrs, IFLA_MAX, NULL) < 0)
		return;
	struct kernel_link *link = link_find(kernel, info->ifi_index);
	bool usable = message->nlmsg_type == RTM_NEWLINK && (info->ifi_flags & IFF_UP) &&
		      (info->ifi_flags & IFF_LOWER_UP);
	if (link && link->usable && !usable)
		carrier_lost(kernel, link->index);
	/* The kernel drops routes of a link that goes down without saying so. */
	kernel->overrun |= link && link->usable != usable;
	kernel->changed |= !link || link->usable != usable;
	if (message->nlmsg_type == RTM_DELLINK) {
		if (link)
			*link = kernel->links[--kernel->link_count];
		return;
	}
	if (!link) {
		struct kernel_link fresh = { .index = info->ifi_index };
		ARRAY_PUSH(kernel->links, kernel->link_count, kernel->link_capacity, fresh);
		link = &kernel->links[kernel->link_count - 1];
	}
	link->usable = usable;
	if (attrs[IFLA_IFNAME])
		nla_strlcpy(link->name, attrs[IFLA_IFNAME], sizeof(link->name));
}

static void address_heard(struct kernel *kernel, struct nlmsghdr *message)
{
	struct nlattr *attrs[IFA_MAX + 1];
	const struct ifaddrmsg *info = nlmsg_data(message);
	if ((info->ifa_family != AF_INET && info->ifa_family != AF_INET6) ||
	    nlmsg_parse(message, sizeof(*info), attrs, IFA_MAX, NULL) < 0)
		return;
	struct kernel_address address = { .link = (int)info->ifa_index };
	/* LOCAL is ours, ADDRESS the other end's on a point-to-point link; IPv6 has ADDRESS alone. */
	address.prefix.addr = addr_from(attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS],
					info->ifa_family);
	address.prefix.length = info->ifa_prefixlen;
	if (address.prefix.addr.family == IP_NONE)
		return;
	kernel->changed = true;
	for (uint32_t i = 0; i < kernel->address_count; i++) {
		struct kernel_address *known = &kernel->addresses[i];
		if (known->link != address.link || !ip_prefix_equal(known->prefix, address.prefix))
			continue;
		if (message->nlmsg_type == RTM_DELADDR)
			*known = kernel->addresses[--kernel->address_count];
		return;
	}
	if (message->nlmsg_type == RTM_NEWADDR)
		ARRAY_PUSH(kernel->addresses, kernel->address_count, kernel->address_capacity,
			   address);
}

/* ---- routes ---- */

static uint32_t hop_read(struct rtnexthop *at, uint8_t family, struct kernel_hop *hop)
{
	struct nlattr *attrs[RTA_MAX + 1];
	struct nlattr *first = (struct nlattr *)(void *)RTNH_DATA(at);
	if (nla_parse(attrs, RTA_MAX, first, (int)(at->rtnh_len - sizeof(*at)), NULL) < 0)
		return 0;
	*hop = (struct kernel_hop){ .link = at->rtnh_ifindex };
	hop->via = addr_from(attrs[RTA_GATEWAY], family);
	return 1;
}

static void multipath_read(const struct nlattr *attr, uint8_t family, struct kernel_route *route)
{
	struct rtnexthop *at = nla_data(attr);
	int left = nla_len(attr);
	while (left >= (int)sizeof(*at) && RTNH_OK(at, left) && route->hop_count < KERNEL_HOPS_MAX) {
		route->hops = memory_resize(route->hops,
					    (route->hop_count + 1) * sizeof(*route->hops));
		route->hop_count += hop_read(at, family, &route->hops[route->hop_count]);
		left -= (int)RTNH_ALIGN(at->rtnh_len);
		at = RTNH_NEXT(at);
	}
}

static bool route_read(struct nlmsghdr *message, struct kernel_route *route)
{
	struct nlattr *attrs[RTA_MAX + 1];
	const struct rtmsg *info = nlmsg_data(message);
	if (nlmsg_parse(message, sizeof(*info), attrs, RTA_MAX, NULL) < 0)
		return false;
	*route = (struct kernel_route){ .protocol = info->rtm_protocol, .live = true, .next = NONE };
	route->prefix.addr = addr_from(attrs[RTA_DST], info->rtm_family);
	route->prefix.addr.family = info->rtm_family == AF_INET6 ? IP_V6 : IP_V4;
	route->prefix.length = info->rtm_dst_len;
	route->metric = attrs[RTA_PRIORITY] ? nla_get_u32(attrs[RTA_PRIORITY]) : 0;
	route->unicast = info->rtm_type == RTN_UNICAST;
	if (attrs[RTA_MULTIPATH]) {
		multipath_read(attrs[RTA_MULTIPATH], info->rtm_family, route);
	} else if (attrs[RTA_OIF]) {
		route->hops = memory_zalloc(sizeof(*route->hops));
		route->hop_count = 1;
		route->hops[0].link = (int)nla_get_u32(attrs[RTA_OIF]);
		route->hops[0].via = addr_from(attrs[RTA_GATEWAY], info->rtm_family);
	}
	return true;
}

static bool route_same(const struct kernel_route *a, const struct kernel_route *b)
{
	if (a->metric != b->metric || a->protocol != b->protocol)
		return false;
	/* IPv6 tells each next hop of a multipath route apart; IPv4 the whole. */
	if (a->prefix.addr.family == IP_V4)
		return true;
	return a->hop_count == b->hop_count &&
	       (a->hop_count == 0 || (a->hops[0].link == b->hops[0].link &&
				      ip_addr_equal(a->hops[0].via, b->hops[0].via)));
}

static void route_remove(struct kernel *kernel, const struct kernel_route *like)
{
	uint32_t head = trie_get(&kernel->by_prefix, like->prefix), former = NONE;
	for (uint32_t at = head; at != NONE; former = at, at = kernel->routes[at].next) {
		struct kernel_route *route = &kernel->routes[at];
		if (!route_same(route, like))
			continue;
		if (former != NONE)
			kernel->routes[former].next = route->next;
		else if (route->next != NONE)
			trie_set(&kernel->by_prefix, like->prefix, route->next);
		else
			trie_remove(&kernel->by_prefix, like->prefix);
		free(route->hops);
		*route = (struct kernel_route){ .next = kernel->route_free };
		kernel->route_free = at;
		return;
	}
}

/* The lowest metric stands first. */
static void route_insert(struct kernel *kernel, const struct kernel_route *route)
{
	uint32_t place = kernel->route_free;
	if (place != NONE)
		kernel->route_free = kernel->routes[place].next;
	else {
		place = kernel->route_count;
		ARRAY_PUSH(kernel->routes, kernel->route_count, kernel->route_capacity, *route);
	}
	struct kernel_route *added = &kernel->routes[place];
	*added = *route;
	uint32_t head = trie_get(&kernel->by_prefix, route->prefix), former = NONE, at = head;
	while (at != NONE && kernel->routes[at].metric <= route->metric) {
		former = at;
		at = kernel->routes[at].next;
	}
	added->next = at;
	if (former == NONE)
		trie_set(&kernel->by_prefix, route->prefix, place);
	else
		kernel->routes[former].next = place;
}

static void own_heard(struct kernel *kernel, const struct kernel_route *route)
{
	if (trie_get(&kernel->own_by_prefix, route->prefix) != TRIE_NONE ||
	    trie_get(&kernel->stale_by_prefix, route->prefix) != TRIE_NONE)
		return;
	trie_set(&kernel->stale_by_prefix, route->prefix, kernel->stale_count);
	ARRAY_PUSH(kernel->stale, kernel->stale_count, kernel->stale_capacity, route->prefix);
}

static void route_heard(struct kernel *kernel, struct nlmsghdr *message)
{
	const struct rtmsg *info = nlmsg_data(message);
	struct kernel_route route;
	if (kernel->options.detached || info->rtm_table != RT_TABLE_MAIN ||
	    (info->rtm_flags & RTM_F_CLONED) ||
	    (info->rtm_family != AF_INET && info->rtm_family != AF_INET6))
		return;
	bool ours = info->rtm_protocol == RTPROT_BGP;
	if (ours && !(message->nlmsg_flags & NLM_F_MULTI))
		return; /* an echo of what we did ourselves */
	if (!route_read(message, &route))
		return;
	if (ours) {
		if (route.metric == kernel->options.metric)
			own_heard(kernel, &route);
		free(route.hops);
		return;
	}
	kernel->changed = true;
	route_remove(kernel, &route);
	if (message->nlmsg_type == RTM_NEWROUTE)
		route_insert(kernel, &route);
	else
		free(route.hops);
}

void kernel_heard(struct kernel *kernel, const void *bytes)
{
	union { const void *in; struct nlmsghdr *out; } message = { .in = bytes };
	switch (message.out->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK: link_heard(kernel, message.out); break;
	case RTM_NEWADDR:
	case RTM_DELADDR: address_heard(kernel, message.out); break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE: route_heard(kernel, message.out); break;
	default: break;
	}
}

void kernel_clear(struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->route_count; i++)
		free(kernel->routes[i].hops);
	trie_free(&kernel->by_prefix);
	trie_init(&kernel->by_prefix);
	kernel->route_count = kernel->address_count = 0;
	kernel->route_free = NONE;
}
