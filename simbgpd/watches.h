/* The next hops the speaker watches, and what it was told of each. */
#ifndef SIMBGPD_WATCHES_H
#define SIMBGPD_WATCHES_H

#include "base/hash.h"
#include "bgp/bgp.h"
#include "simbgpd/kernel.h"

struct next_hop_watch {
	struct ip_addr next_hop;
	struct bgp_next_hop_state state;
	struct kernel_hop first; /* of the way there */
	uint32_t ways;
	bool used;
};

struct watches {
	struct next_hop_watch *items; /* owned */
	uint32_t count, capacity;
	struct hash_index by_address;
};

void watches_init(struct watches *hops);
void watches_free(struct watches *hops);
void watches_add(struct watches *hops, struct kernel *kernel, struct bgp_speaker *speaker,
		     struct instant now, struct ip_addr next_hop);
void watches_remove(struct watches *hops, struct ip_addr next_hop);
/* Asks the kernel about all of them again; tells the speaker, or the kernel where only the way there is
 * another. */
void watches_changed(struct watches *hops, struct kernel *kernel, struct bgp_speaker *speaker,
		       struct instant now);

#endif
