/* The BGP daemon of a node: the life of its process, and its effects carried out. Used by node.c. */
#ifndef SIM_VIRTUAL_DAEMON_H
#define SIM_VIRTUAL_DAEMON_H

#include "sim/virtual/node.h"

bool daemon_start(struct node *node); /* false: none configured, or one runs already */
/* The process is gone: its sockets close, its routes stay in the kernel or go, as its profile says. */
void daemon_end(struct node *node, enum node_process how);
void daemon_forget(struct node *node); /* power off: no trace of it is left */
void daemon_configured(struct node *node);
void daemon_carry_out(struct node *node, const struct bgp_effect *effect);
void daemon_next_hops_changed(struct node *node);

void daemon_connection_add(struct node *node, uint32_t number, tcp_id tcp,
			   struct ip_addr remote);
void daemon_connection_gone(struct node *node, uint32_t number);
/* The handshake is done, from that address of ours; and: the peer acknowledged something. Both prove to
 * ARP that the next hop is alive. */
void daemon_connection_opened(struct node *node, uint32_t number, struct ip_addr local);
void daemon_connection_progress(struct node *node, uint32_t number);

#endif
