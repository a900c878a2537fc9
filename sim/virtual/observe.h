/* What is told of a node: its power, its daemon, and what its speaker says, as observations. */
#ifndef SIM_VIRTUAL_OBSERVE_H
#define SIM_VIRTUAL_OBSERVE_H

#include "sim/virtual/node.h"

void observe_node(struct node *node);
void observe_process(struct node *node);
void observe_bgp(struct node *node, const struct bgp_event *event);
/* The process is gone without a word: its sessions are Idle from now on. */
void observe_sessions_gone(struct node *node);
/* Peers that will not start: administratively down, or waiting for another session to their address. */
void observe_sessions_idle(struct node *node);
/* A restarting speaker's wait is over: established sessions export from now on. */
void observe_recovered(struct node *node);

#endif
