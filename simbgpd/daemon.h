/* The daemon: the speaker's host in the real world, as sim/virtual/node.c is in the virtual one. One
 * turn of the loop: facts from sockets, netlink and the clock go in; effects are carried out; what is to
 * be sent leaves, one write a connection. */
#ifndef SIMBGPD_DAEMON_H
#define SIMBGPD_DAEMON_H

#include "bgp/route/table.h"
#include "simbgpd/connections.h"
#include "simbgpd/control.h"
#include "simbgpd/watches.h"
#include "simbgpd/options.h"
#include "simbgpd/peers.h"

struct daemon {
	const struct options *options; /* borrowed */
	struct loop loop;
	struct kernel kernel;
	struct watches watches;
	struct connections connections;
	struct control control;
	struct peers peers;
	struct settings *settings;
	struct bgp_table *table;
	struct bgp_speaker *speaker;
	struct bgp_local_route *local; /* owned; what is originated now, in order of prefix */
	uint32_t local_count;
	bool stopping, busy;           /* busy: there is more to do at once */
	struct instant stop_by;
};

/* Runs until told to end; an exit code. */
int daemon_run(const struct options *options);

#endif
