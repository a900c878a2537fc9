/* A link: two ends make a cable, more an Ethernet segment.
 *
 * A segment is a switch that knows where every plugged-in MAC address is: a frame to a known one goes
 * to that end only; broadcast, and what nobody owns, goes to every other end, as ONE event for all of
 * them (ends with an impairment of their own for receiving get one each). Nothing learned can go
 * stale here, because a MAC address never moves between ends.
 *
 *      sender ─► sending side of its end ─► switch ─► receiving side of the other end ─► receiver
 *                queue, rate, loss, delay             the same, if impaired on its own
 *
 * The link's own impairment stands on the sending side of every end, so a frame meets it once, as with
 * tc-netem(8) on each interface. Each side is a FIFO: jitter never lets a frame overtake another (a
 * frame arrives no sooner than the one before it), where netem, without a rate, would reorder.
 * Loss is decided when a frame enters a side; rate makes frames queue, and a full queue drops the
 * newest. A frame in flight when something is cut is lost if the cut still stands when it arrives.
 *
 * Random draws come from streams named by link and end, so adding a node leaves others' luck alone. */
#ifndef SIM_VIRTUAL_LINK_H
#define SIM_VIRTUAL_LINK_H

#include "base/hash.h"
#include "base/random.h"
#include "sim/virtual/engine.h"
#include "sim/virtual/frame.h"
#include "topo/model.h"
#include "trace/observation.h"

struct link;

/* What is plugged into an end: a node's interface. */
struct link_receiver {
	/* A frame is here. The packet and its frame are borrowed; take a reference to keep it. Called
	 * for every frame that reaches the end, also one to another MAC address. */
	void (*received)(struct link_receiver *receiver, struct instant now,
			 const struct packet *packet);
	/* The carrier came or went. */
	void (*carrier)(struct link_receiver *receiver, struct instant now, bool up);
};

/* Frames held back by a rate, by the instants they leave. */
struct link_queue {
	int64_t *leaving_ns; /* ring; owned */
	uint32_t capacity, head, count;
};

struct link_side { /* one direction at one end */
	struct event_handler handler; /* first: a frame has crossed this side */
	struct link *link;
	uint32_t end;
	bool sending;
	bool cut;
	struct model_impairment impairment; /* all zero: no delay at all */
	struct random_stream random;
	uint32_t *drawn;       /* receiving: by sending end, how often; owned, made when needed */
	int64_t busy_until_ns; /* rate: the wire is taken until then */
	int64_t last_arrival_ns;
	struct link_queue queue;
};

struct link_end {
	struct link_side send, receive;
	uint32_t node;                  /* index in the model */
	struct link_receiver *receiver; /* borrowed; NULL: nothing plugged in */
	struct mac_addr mac;
};

/* What links need of the world; borrowed by all of them. */
struct link_world {
	struct engine *engine;
	uint64_t seed;
	struct frame_sink *sink;   /* NULL: nobody captures */
	const uint32_t *island_of; /* by node, partitions: frames pass only within one; NULL: none */
	uint64_t frames_sent;      /* that left an interface */
	uint64_t frames_dropped;   /* on links: loss, queue, cut, partition */
	uint64_t frames_flying;    /* now between two interfaces */
	/* Something about this link is other than it was: cut, mended, impaired, owners. May be NULL. */
	void (*changed)(struct link_world *world, const struct link *link);
};

#define LINK_ALL_ENDS UINT32_MAX

/* What is known of an address on this link: ends in rising order. */
struct link_ends {
	uint32_t *ends; /* owned */
	uint32_t count, capacity;
};
struct link_address {
	struct ip_addr address;
	struct link_ends owners; /* would answer ARP for it */
	struct link_ends askers; /* have a neighbour entry for it */
};

struct link {
	struct link_world *world; /* borrowed */
	uint32_t index;           /* in the model */
	const char *name;         /* borrowed */
	struct link_end *ends;    /* owned */
	uint32_t end_count;
	bool cut;                 /* the whole link */
	struct hash_index by_mac; /* end numbers */
	uint32_t impaired_receivers; /* ends impaired for receiving on their own */
	struct link_address *addresses; /* owned */
	uint32_t address_count, address_capacity;
	struct hash_index by_address; /* indexes of `addresses` */
	struct link_ends concerned;   /* scratch */
};

/* Ends stand as in model->ends; link_plug connects them. model is borrowed for the call. */
void link_init(struct link *link, struct link_world *world, const struct model_link *model,
	       uint32_t index);
void link_free(struct link *link);
void link_plug(struct link *link, uint32_t end, struct link_receiver *receiver,
	       struct mac_addr mac);

/* Sends; the reference moves to the link. */
void link_send(struct link *link, uint32_t end, struct frame *frame);

/* A whole link or one end, and of an end both directions or one (seen from the end). Cutting a whole
 * cable, an end of it, a whole segment or an end of a segment takes the carrier from: both ends, both
 * ends, all ends, that end only. Cutting one direction leaves the carrier. A cut stands until it is
 * mended the same way, except that mending a whole link mends its ends and directions as well. */
void link_cut(struct link *link, uint32_t end, enum model_direction direction);
void link_mend(struct link *link, uint32_t end, enum model_direction direction);
/* The whole new set of values for: the sending side of every end (LINK_ALL_ENDS), or an end's sending
 * side, receiving side, or both. */
void link_impair(struct link *link, uint32_t end, enum model_direction direction,
		 const struct model_impairment *impairment);

bool link_carrier(const struct link *link, uint32_t end);
/* Would a frame sent now from one end arrive at the other (chance apart; loss of 100 % counts)? */
bool link_passes(const struct link *link, uint32_t from, uint32_t to);
/* The end that owns a MAC address; UINT32_MAX if none. */
uint32_t link_end_of_mac(const struct link *link, struct mac_addr mac);

/* Who answers for an address here, kept by the stacks and read by the walker; and who has a neighbour
 * entry for it. An ARP request means something to its target's owners and to those who know its sender,
 * and nothing at all to anybody else (see arp_received), so on a large segment it is handed to these
 * alone, unless somebody captures. */
void link_owner_add(struct link *link, struct ip_addr address, uint32_t end);
void link_owner_remove(struct link *link, struct ip_addr address, uint32_t end);
void link_asker_add(struct link *link, struct ip_addr address, uint32_t end);
void link_asker_remove(struct link *link, struct ip_addr address, uint32_t end);
/* Both of these for an ARP request, rising, each once; valid until the next call. */
const struct link_ends *link_concerned(struct link *link, const struct arp_view *arp);
void link_addresses_free(struct link *link); /* part of link_free */
/* Calls visit for each end that owns it, lowest number first; stops when it says true. Returns the
 * end it stopped at, or UINT32_MAX. */
uint32_t link_owner_find(const struct link *link, struct ip_addr address,
			 bool (*visit)(const void *context, uint32_t end), const void *context);

#endif
