/* The speaker's connections as kernel sockets: effects CONNECT, SEND and CLOSE go in, facts about
 * transport come out. What is sent within one turn of the loop leaves with one writev a connection;
 * what the kernel does not take waits for EPOLLOUT, and the speaker hears of it by not being told
 * that it was sent. */
#ifndef SIMBGPD_CONNECTIONS_H
#define SIMBGPD_CONNECTIONS_H

#include "base/hash.h"
#include "bgp/bgp.h"
#include "simbgpd/loop.h"

struct connection;

struct listener {
	struct loop_watch watch; /* first; fd -1: closed */
	struct connections *owner;
};

struct connections {
	struct loop *loop;               /* borrowed */
	struct bgp_speaker *speaker;     /* borrowed */
	const struct bgp_config *config; /* borrowed, see connections_configured */
	struct listener listeners[2];    /* IPv4, IPv6 */
	struct connection **items;       /* owned; those the speaker knows */
	uint32_t count, capacity;
	struct hash_index by_number;     /* places in `items` */
	struct connection **dirty;       /* have something to write, not waiting for EPOLLOUT */
	uint32_t dirty_count, dirty_capacity;
	struct connection *closing;      /* said goodbye; kept until the peer has read it */
	uint8_t *buffer;                 /* for reading */
	uint64_t bytes_in, bytes_out, writes;
};

void connections_init(struct connections *connections, struct loop *loop);
void connections_free(struct connections *connections);
/* Opens the listeners: once. `addresses` (count of them, at most two, one a family) or any address.
 * A family this machine has not is left out. 0 or a negative errno. */
int connections_listen(struct connections *connections, const struct bgp_config *config,
		       const struct ip_addr *addresses, uint32_t count);
/* Keys of the listeners follow another configuration. */
void connections_configured(struct connections *connections, const struct bgp_config *config);

void connections_dial(struct connections *connections, const struct bgp_effect *effect);
void connections_send(struct connections *connections, uint32_t number, struct bgp_slice *slice);
void connections_close(struct connections *connections, uint32_t number, bool reset);
/* Writes what was queued. True: something left, so the speaker may have more to say. */
bool connections_flush(struct connections *connections);
/* When the oldest goodbye is given up, and doing so. */
struct instant connections_deadline(const struct connections *connections);
void connections_time_reached(struct connections *connections);

#endif
