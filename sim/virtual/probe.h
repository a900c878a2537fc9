/* Probe packets on watched flows: real frames, so that captures show them and ARP entries live as
 * they would. ICMP flows send an echo request with the flow as identifier and the probe's number as
 * sequence; TCP flows send a SYN from a port and with a sequence number that tell the same. The first
 * answer counts, also an error; after a second of silence the probe is lost. Both end in one
 * OBSERVE_PROBE. */
#ifndef SIM_VIRTUAL_PROBE_H
#define SIM_VIRTUAL_PROBE_H

#include "sim/virtual/stack.h"

#define PROBE_TIMEOUT_NS NS_PER_S
#define PROBE_FIRST_PORT 1024u /* source ports of SYNs: below the ephemeral ones */
#define PROBE_PORTS 31000u

struct prober;
struct prober *prober_new(struct network *network); /* for the model's flows; makes network->prober */
void prober_free(struct prober *prober);
void prober_send(struct prober *prober, uint32_t flow);
uint32_t prober_waiting(const struct prober *prober); /* probes without an answer yet */

/* Stacks hand in what arrives for them. True: it was a probe's answer, nobody else wants it. */
bool prober_received(struct prober *prober, struct stack *stack, const struct packet *packet);
/* An error about a packet of that node's own; `from` is who says so (none: its own kernel). */
bool prober_unreachable(struct prober *prober, const struct stack *stack,
			const struct packet *quoted, const char *what, struct ip_addr from);

/* The ports a flow's packets bear. */
void probe_ports(const struct model_flow *flow, uint32_t index, uint16_t *source,
		 uint16_t *destination);

#endif
