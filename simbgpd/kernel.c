#include "simbgpd/kernel.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/memory.h"
#include "simbgpd/log.h"

#define EVENT_BUFFER_BYTES (4 << 20)
#define REFUSALS_LOGGED 10

/* ---- sockets ---- */

static int heard(struct nl_msg *message, void *context)
{
	kernel_heard(context, nlmsg_hdr(message));
	return NL_OK;
}

static int refused(struct sockaddr_nl *from, struct nlmsgerr *error, void *context)
{
	struct kernel *kernel = context;
	(void)from;
	/* Gone already is as good as removed. */
	if (error->error == -ESRCH || error->error == -ENOENT)
		return NL_SKIP;
	if (kernel->refused++ < REFUSALS_LOGGED)
		log_error(error->msg.nlmsg_type == RTM_NEWROUTE ? "a route was not taken"
								: "a route was not removed",
			  error->error);
	return NL_SKIP;
}

static int errno_of(int nl_error)
{
	switch (-nl_error) {
	case NLE_PERM: return -EPERM;
	case NLE_NOMEM: return -ENOBUFS;
	case NLE_AGAIN: return -EAGAIN;
	default: return -EIO;
	}
}

static struct nl_sock *open_socket(struct kernel *kernel)
{
	struct nl_sock *socket = nl_socket_alloc();
	if (!socket)
		return NULL;
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, heard, kernel);
	nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, refused, kernel);
	nl_socket_disable_seq_check(socket);
	if (nl_connect(socket, NETLINK_ROUTE) < 0) {
		nl_socket_free(socket);
		return NULL;
	}
	return socket;
}

static void events_ready(struct loop_watch *watch, uint32_t events)
{
	struct kernel *kernel = (struct kernel *)(void *)watch;
	int error = nl_recvmsgs_default(kernel->events);
	(void)events;
	if (error == -NLE_NOMEM)
		kernel->overrun = true;
}

static int read_all(struct kernel *kernel)
{
	static const int requests[] = { RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE };
	struct nl_sock *socket = open_socket(kernel);
	int error = socket ? 0 : -ENOMEM;
	uint32_t count = kernel->options.detached ? 2 : 3;
	for (uint32_t i = 0; i < count && !error; i++) {
		struct rtgenmsg any = { .rtgen_family = AF_UNSPEC };
		int sent = nl_send_simple(socket, requests[i], NLM_F_DUMP, &any, sizeof(any));
		int got = sent < 0 ? sent : nl_recvmsgs_default(socket);
		error = got < 0 ? errno_of(got) : 0;
	}
	if (socket)
		nl_socket_free(socket);
	kernel->changed = true;
	kernel->overrun = false;
	return error;
}

int kernel_read_again(struct kernel *kernel)
{
	kernel_clear(kernel);
	return read_all(kernel);
}

static int listen_for_events(struct kernel *kernel)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE };
	uint32_t count = kernel->options.detached ? 3 : 5;
	kernel->events = open_socket(kernel);
	if (!kernel->events)
		return -ENOMEM;
	nl_socket_set_buffer_size(kernel->events, EVENT_BUFFER_BYTES, 0);
	nl_socket_set_nonblocking(kernel->events);
	for (uint32_t i = 0; i < count; i++) {
		int error = nl_socket_add_membership(kernel->events, groups[i]);
		if (error < 0)
			return errno_of(error);
	}
	kernel->watch = (struct loop_watch){ nl_socket_get_fd(kernel->events), events_ready };
	return loop_add(kernel->loop, &kernel->watch, EPOLLIN);
}

int kernel_open(struct kernel *kernel, struct loop *loop, const struct kernel_options *options)
{
	*kernel = (struct kernel){ .watch.fd = -1, .loop = loop, .options = *options,
				   .route_free = UINT32_MAX };
	trie_init(&kernel->by_prefix);
	trie_init(&kernel->own_by_prefix);
	trie_init(&kernel->stale_by_prefix);
	int error = listen_for_events(kernel); /* before the dump: nothing falls between them */
	if (error)
		return error;
	kernel->requests = open_socket(kernel);
	if (!kernel->requests)
		return -ENOMEM;
	/* Only refusals are answered: an ack a route would overrun the socket at the first full table. */
	nl_socket_disable_auto_ack(kernel->requests);
	nl_socket_set_nonblocking(kernel->requests);
	return read_all(kernel);
}

/* ---- our routes ---- */

static void put_hop(struct nl_msg *message, const struct kernel_hop *hop)
{
	size_t bytes = hop->via.family == IP_V6 ? 16 : 4;
	if (hop->via.family != IP_NONE)
		nla_put(message, RTA_GATEWAY, (int)bytes, hop->via.bytes);
}

static void put_hops(struct nl_msg *message, const struct kernel_hop *hops, uint32_t count)
{
	if (count == 1) {
		put_hop(message, &hops[0]);
		nla_put_u32(message, RTA_OIF, (uint32_t)hops[0].link);
		return;
	}
	struct nlattr *all = nla_nest_start(message, RTA_MULTIPATH);
	for (uint32_t i = 0; all && i < count; i++) {
		struct rtnexthop *at = nlmsg_reserve(message, sizeof(*at), NLMSG_ALIGNTO);
		if (!at)
			return;
		memset(at, 0, sizeof(*at));
		at->rtnh_ifindex = hops[i].link;
		put_hop(message, &hops[i]);
		char *end = (char *)nlmsg_tail(nlmsg_hdr(message));
		at->rtnh_len = (unsigned short)(end - (char *)at);
	}
	if (all)
		nla_nest_end(message, all);
}

int kernel_request(struct kernel *kernel, int type, struct ip_prefix prefix,
		   const struct kernel_hop *hops, uint32_t count)
{
	bool v6 = prefix.addr.family == IP_V6;
	int flags = type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_REPLACE : 0;
	struct rtmsg route = {
		.rtm_family = v6 ? AF_INET6 : AF_INET,
		.rtm_dst_len = prefix.length,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BGP,
		.rtm_scope = type == RTM_NEWROUTE ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE,
		.rtm_type = RTN_UNICAST,
	};
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);
	if (!message)
		return -ENOMEM;
	nlmsg_append(message, &route, sizeof(route), NLMSG_ALIGNTO);
	nla_put(message, RTA_DST, v6 ? 16 : 4, prefix.addr.bytes);
	nla_put_u32(message, RTA_PRIORITY, kernel->options.metric);
	if (count)
		put_hops(message, hops, count);
	int error = nl_send_auto(kernel->requests, message);
	nlmsg_free(message);
	/* The kernel acted within sendmsg: what it refused can be read at once. */
	nl_recvmsgs_default(kernel->requests);
	return error < 0 ? errno_of(error) : 0;
}

static bool hop_known(const struct kernel_hop *hops, uint32_t count, struct kernel_hop hop)
{
	for (uint32_t i = 0; i < count; i++)
		if (hops[i].link == hop.link && ip_addr_equal(hops[i].via, hop.via))
			return true;
	return false;
}

static uint32_t hops_of(const struct kernel *kernel, const struct kernel_own *own,
			struct kernel_hop hops[KERNEL_HOPS_MAX])
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < own->hop_count; i++) {
		struct kernel_hop some[KERNEL_HOPS_MAX];
		uint32_t found = kernel_hops(kernel, own->hops[i], some);
		for (uint32_t k = 0; k < found && count < KERNEL_HOPS_MAX; k++)
			if (!hop_known(hops, count, some[k]))
				hops[count++] = some[k];
	}
	return count;
}

static void write_own(struct kernel *kernel, const struct kernel_own *own)
{
	struct kernel_hop hops[KERNEL_HOPS_MAX];
	uint32_t count = hops_of(kernel, own, hops);
	int type = count ? RTM_NEWROUTE : RTM_DELROUTE;
	int error = kernel_request(kernel, type, own->prefix, hops, count);
	if (error)
		log_error("netlink", error);
}

static void stale_forget(struct kernel *kernel, struct ip_prefix prefix)
{
	if (kernel->stale_count)
		trie_remove(&kernel->stale_by_prefix, prefix);
}

void kernel_install(struct kernel *kernel, struct ip_prefix prefix, const struct ip_addr *next_hops,
		    uint32_t count)
{
	if (kernel->options.detached)
		return;
	uint32_t place = trie_get(&kernel->own_by_prefix, prefix);
	if (place == TRIE_NONE) {
		struct kernel_own fresh = { .prefix = prefix };
		place = kernel->own_count;
		ARRAY_PUSH(kernel->own, kernel->own_count, kernel->own_capacity, fresh);
		trie_set(&kernel->own_by_prefix, prefix, place);
	}
	struct kernel_own *own = &kernel->own[place];
	own->hops = memory_resize(own->hops, (count ? count : 1) * sizeof(*own->hops));
	memcpy(own->hops, next_hops, count * sizeof(*own->hops));
	own->hop_count = count;
	stale_forget(kernel, prefix);
	write_own(kernel, own);
}

void kernel_uninstall(struct kernel *kernel, struct ip_prefix prefix)
{
	uint32_t place = trie_get(&kernel->own_by_prefix, prefix);
	if (place == TRIE_NONE)
		return;
	kernel_request(kernel, RTM_DELROUTE, prefix, NULL, 0);
	free(kernel->own[place].hops);
	trie_remove(&kernel->own_by_prefix, prefix);
	uint32_t last = --kernel->own_count;
	if (place == last)
		return;
	kernel->own[place] = kernel->own[last];
	trie_set(&kernel->own_by_prefix, kernel->own[place].prefix, place);
}

void kernel_refresh(struct kernel *kernel, struct ip_addr next_hop)
{
	for (uint32_t i = 0; i < kernel->own_count; i++)
		for (uint32_t k = 0; k < kernel->own[i].hop_count; k++)
			if (ip_addr_equal(kernel->own[i].hops[k], next_hop)) {
				write_own(kernel, &kernel->own[i]);
				break;
			}
}

void kernel_sweep(struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->stale_count; i++) {
		struct ip_prefix prefix = kernel->stale[i];
		if (trie_remove(&kernel->stale_by_prefix, prefix) != TRIE_NONE)
			kernel_request(kernel, RTM_DELROUTE, prefix, NULL, 0);
	}
	kernel->stale_count = 0;
}

void kernel_close(struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->own_count; i++) {
		if (!kernel->options.persist)
			kernel_request(kernel, RTM_DELROUTE, kernel->own[i].prefix, NULL, 0);
		free(kernel->own[i].hops);
	}
	kernel_clear(kernel);
	trie_free(&kernel->by_prefix);
	trie_free(&kernel->own_by_prefix);
	trie_free(&kernel->stale_by_prefix);
	free(kernel->links);
	free(kernel->addresses);
	free(kernel->routes);
	free(kernel->own);
	free(kernel->stale);
	free(kernel->lost);
	if (kernel->events)
		nl_socket_free(kernel->events);
	if (kernel->requests)
		nl_socket_free(kernel->requests);
}
