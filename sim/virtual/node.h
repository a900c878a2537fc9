/* A node: a kernel (stack, TCP) and, if its configuration says so, a BGP daemon. It joins them and
 * holds no rule of its own: what a packet, a segment or a message means is decided below.
 *
 * Whatever happens to a node only queues; its pump runs once at the end of the instant (after the
 * events already queued for it), so that messages that came together are answered together. */
#ifndef SIM_VIRTUAL_NODE_H
#define SIM_VIRTUAL_NODE_H

#include "base/memory.h"
#include "bgp/bgp.h"
#include "bgp/profile.h"
#include "sim/virtual/stack.h"
#include "sim/virtual/tcp.h"

/* What nodes need of the world; embedded there. */
struct node_world {
	struct network *network;
	const struct model *model;
	uint64_t seed;
	uint32_t event_mask; /* 1u << enum bgp_event_kind, for every speaker */
	/* Something a node saw or did: complete but for its sequence number. */
	void (*observed)(struct node_world *world, struct observation *observation);
	uint64_t messages;         /* BGP messages handed to TCP */
	uint64_t route_deliveries; /* prefixes announced or withdrawn in received UPDATEs */
};

enum node_process {
	NODE_PROCESS_NONE,    /* none configured, or the node is off */
	NODE_PROCESS_RUNNING,
	NODE_PROCESS_HUNG,    /* SIGSTOP: sockets live on in the kernel */
	NODE_PROCESS_STOPPED, /* ended in an orderly way */
	NODE_PROCESS_KILLED,
};

struct node_connection {
	uint32_t number; /* the speaker's */
	tcp_id tcp;
	struct ip_addr remote, local; /* local: once it is open */
};

struct node_watch { /* a next hop the speaker wants to know about */
	struct ip_addr next_hop;
	struct bgp_next_hop_state state;
	bool used;
};

struct node {
	struct stack_host host;          /* first: callbacks of the stack */
	struct node_world *world;        /* borrowed */
	uint32_t index;                  /* in the model */
	struct stack stack;
	struct tcp_host *tcp;            /* NULL while off */
	struct bgp_speaker *speaker;     /* NULL while no daemon runs */
	enum node_process process;
	bool up, pump_queued, pumping;
	uint32_t boots, starts;          /* name the random streams of each life */
	uint32_t revision;               /* configuration in force */
	const struct model_config *config;
	uint32_t read_revision;          /* ... and the one its daemon has read */
	struct bgp_config bgp;           /* of the running daemon; points into `arena` */
	struct arena arena, spare_arena; /* the configuration in force, and the one before */
	tcp_id listener;
	struct tcp_md5_key listen_key;   /* the answer to TCP's last question, see listen_peer */
	struct node_connection *connections;
	uint32_t connection_count, connection_capacity;
	struct hash_index by_number;     /* places in `connections` */
	struct node_watch *watches;
	uint32_t watch_count, watch_capacity;
	struct hash_index by_next_hop;
	uint32_t *stale;                 /* prefixes a former daemon left in the kernel */
	uint32_t stale_count;
	struct event_handler pump;
	struct lazy_timer tcp_timer, bgp_timer;
};

/* Off, until node_boot. */
void node_init(struct node *node, struct node_world *world, uint32_t index);
void node_free(struct node *node);

/* Steps of a timeline. Each observes itself; one that makes no sense now (booting a running node) does
 * nothing. */
void node_boot(struct node *node);
void node_crash(struct node *node);
void node_daemon_start(struct node *node);
void node_daemon_stop(struct node *node);             /* SIGTERM: it says goodbye */
void node_daemon_kill(struct node *node, int signal); /* any signal; SIGTERM stops, SIGSTOP hangs */
void node_daemon_hang(struct node *node);
void node_daemon_continue(struct node *node);
/* Carries everything on until nothing is left to do at this instant. */
void node_pump(struct node *node);
/* The configuration of another revision takes effect. */
void node_configured(struct node *node, uint32_t revision);

#endif
