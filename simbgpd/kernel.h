/* What the kernel knows: links, addresses and the main table, mirrored through netlink; and our own
 * routes in it, with protocol number RTPROT_BGP. The mirror holds everybody's routes but ours, so that a
 * BGP route can never resolve its own next hop. */
#ifndef SIMBGPD_KERNEL_H
#define SIMBGPD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/trie.h"
#include "bgp/bgp.h"
#include "simbgpd/loop.h"

#define KERNEL_HOPS_MAX 64u

struct kernel_link {
	int index;
	char name[16];
	bool usable; /* up, and with a carrier */
};
struct kernel_address {
	int link;
	struct ip_prefix prefix; /* with host bits */
};
struct kernel_hop {
	struct ip_addr via; /* none: on link */
	int link;
};
struct kernel_route {
	struct ip_prefix prefix;
	uint32_t metric, next; /* next: another route for the prefix; UINT32_MAX ends */
	uint8_t protocol;
	bool live, unicast;    /* not unicast: blackhole and its kin */
	uint32_t hop_count;
	struct kernel_hop *hops; /* owned */
};
struct kernel_own { /* a route of ours */
	struct ip_prefix prefix;
	uint32_t hop_count;
	struct ip_addr *hops; /* owned: next hops as BGP has them */
};

struct nl_sock;

struct kernel_options {
	bool detached;   /* --no-kernel: no routes in, none out; every next hop is good */
	bool persist;    /* our routes outlive us */
	uint32_t metric; /* of our routes */
};

struct kernel {
	struct loop_watch watch; /* first */
	struct loop *loop;       /* borrowed */
	struct kernel_options options;
	struct nl_sock *events, *requests;
	bool changed;            /* what next hops and local routes depend on; the owner clears it */
	bool overrun;            /* the kernel dropped events: all must be read again */
	struct kernel_link *links;
	uint32_t link_count, link_capacity;
	struct kernel_address *addresses;
	uint32_t address_count, address_capacity;
	struct trie by_prefix;   /* first of the routes for it */
	struct kernel_route *routes;
	uint32_t route_count, route_capacity, route_free;
	struct trie own_by_prefix;
	struct kernel_own *own;
	uint32_t own_count, own_capacity;
	struct ip_prefix *stale; /* left by a former life, not yet set again */
	uint32_t stale_count, stale_capacity;
	struct trie stale_by_prefix;
	struct ip_addr *lost;    /* addresses whose link lost its carrier; the owner empties it */
	uint32_t lost_count, lost_capacity;
	uint64_t refused;        /* requests the kernel did not take */
};

/* Reads everything once and listens for changes. 0 or a negative errno. */
int kernel_open(struct kernel *kernel, struct loop *loop, const struct kernel_options *options);
/* Removes our routes, unless they persist. */
void kernel_close(struct kernel *kernel);
/* After `overrun`. */
int kernel_read_again(struct kernel *kernel);

struct bgp_next_hop_state kernel_resolve(const struct kernel *kernel, struct ip_addr next_hop);
/* Where packets for a BGP next hop leave; returns how many. */
uint32_t kernel_hops(const struct kernel *kernel, struct ip_addr next_hop,
		     struct kernel_hop hops[KERNEL_HOPS_MAX]);

void kernel_install(struct kernel *kernel, struct ip_prefix prefix, const struct ip_addr *next_hops,
		    uint32_t count);
void kernel_uninstall(struct kernel *kernel, struct ip_prefix prefix);
/* Writes our routes through that next hop again: it is reached in another way. */
void kernel_refresh(struct kernel *kernel, struct ip_addr next_hop);
/* Routes of a former life that were not set again go. */
void kernel_sweep(struct kernel *kernel);

/* ---- within simbgpd/kernel*.c ---- */
int kernel_request(struct kernel *kernel, int type, struct ip_prefix prefix,
		   const struct kernel_hop *hops, uint32_t count);
void kernel_clear(struct kernel *kernel);  /* the mirror, not our routes */
void kernel_heard(struct kernel *kernel, const void *message); /* const struct nlmsghdr * */

#endif
