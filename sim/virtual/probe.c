#include "sim/virtual/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/buf.h"

#define PROBE_DATA 56u /* what ping sends by default */

struct outstanding {
	uint32_t next; /* of the same flow; slab number */
	uint32_t flow, number;
	struct instant sent;
	bool done;     /* observed; waits only for its timeout to be recycled */
};

struct flow_probes {
	uint32_t newest; /* slab number */
	uint32_t count;  /* sent so far */
};

struct prober {
	struct event_handler timed_out; /* first; argument: slab number */
	struct network *network;        /* borrowed */
	struct slab probes;             /* of struct outstanding */
	struct flow_probes *flows;
	uint32_t flow_count;
	uint32_t waiting;
};

void probe_ports(const struct model_flow *flow, uint32_t index, uint16_t *source,
		 uint16_t *destination)
{
	if (flow->protocol == IP_PROTOCOL_TCP) {
		*source = (uint16_t)(PROBE_FIRST_PORT + index % PROBE_PORTS);
		*destination = flow->port;
	} else {
		*source = *destination = (uint16_t)index;
	}
}

static void probe_timed_out(struct event_handler *handler, struct instant now, uint64_t argument);

struct prober *prober_new(struct network *network)
{
	struct prober *prober = memory_zalloc(sizeof(*prober));
	prober->timed_out.fire = probe_timed_out;
	prober->network = network;
	prober->flow_count = network->model->flow_count;
	prober->flows = memory_zalloc(prober->flow_count * sizeof(*prober->flows));
	slab_init(&prober->probes, sizeof(struct outstanding));
	network->prober = prober;
	return prober;
}

void prober_free(struct prober *prober)
{
	if (!prober)
		return;
	prober->network->prober = NULL;
	slab_free(&prober->probes);
	free(prober->flows);
	free(prober);
}

uint32_t prober_waiting(const struct prober *prober) { return prober->waiting; }

/* ---- ends ------------------------------------------------------------------------------------ */

static void done(struct prober *prober, struct outstanding *probe, bool answered,
		 const char *answer)
{
	struct network *network = prober->network;
	int64_t now = network->engine.now.ns;
	if (probe->done)
		return;
	probe->done = true;
	prober->waiting--;
	if (!network->observer)
		return;
	struct observation seen = {
		.at_ns = now,
		.kind = OBSERVE_PROBE,
		.node = network->model->flows[probe->flow].from_node,
		.probe = { .flow = probe->flow, .number = probe->number, .answered = answered,
			   .sent_ns = probe->sent.ns, .round_trip_ns = now - probe->sent.ns,
			   .answer = answer },
	};
	network->observer->observed(network->observer, &seen);
}

static struct outstanding *probe_at(const struct prober *prober, uint32_t number)
{
	return slab_at(&prober->probes, number);
}

/* A second has passed: whatever became of it, the probe can be forgotten. */
static void probe_timed_out(struct event_handler *handler, struct instant now, uint64_t argument)
{
	(void)now;
	struct prober *prober = (struct prober *)handler;
	uint32_t number = (uint32_t)argument;
	struct outstanding *probe = probe_at(prober, number);
	done(prober, probe, false, "");
	uint32_t *link = &prober->flows[probe->flow].newest;
	while (*link != number)
		link = &probe_at(prober, *link)->next;
	*link = probe->next;
	slab_give(&prober->probes, number);
}

/* ---- sending --------------------------------------------------------------------------------- */

static int send_echo(struct stack *stack, const struct model_flow *flow, uint16_t identifier,
		     uint32_t number)
{
	uint8_t bytes[ICMP_HEADER + PROBE_DATA];
	for (uint32_t i = 0; i < PROBE_DATA; i++)
		bytes[ICMP_HEADER + i] = (uint8_t)i;
	icmp_fill(bytes, ICMP_ECHO_REQUEST, 0, (uint32_t)identifier << 16 | (number & 0xffff),
		  PROBE_DATA);
	struct stack_packet packet = { .source = flow->from,
				       .destination = flow->to,
				       .protocol = IP_PROTOCOL_ICMP,
				       .bytes = bytes,
				       .length = sizeof(bytes) };
	return stack_send(stack, &packet);
}

static int send_tcp(struct stack *stack, struct ip_addr source, struct ip_addr destination,
		    uint16_t source_port, uint16_t destination_port, uint32_t sequence,
		    uint8_t flags)
{
	uint8_t bytes[20];
	if (ip_addr_is_zero(source))
		source = stack_choose_source(stack, destination);
	if (ip_addr_is_zero(source))
		return -ENETUNREACH;
	tcp_header_fill(bytes, source_port, destination_port, sequence, 0, flags);
	put_u16(bytes + 16,
		checksum_transport(source, destination, IP_PROTOCOL_TCP, bytes, sizeof(bytes)));
	struct stack_packet packet = { .source = source,
				       .destination = destination,
				       .protocol = IP_PROTOCOL_TCP,
				       .bytes = bytes,
				       .length = sizeof(bytes) };
	return stack_send(stack, &packet);
}

void prober_send(struct prober *prober, uint32_t flow)
{
	const struct model_flow *model = &prober->network->model->flows[flow];
	struct stack *stack = prober->network->stacks[model->from_node];
	if (!stack->up)
		return;
	uint32_t item = slab_take(&prober->probes);
	struct outstanding *probe = probe_at(prober, item);
	*probe = (struct outstanding){
		.next = prober->flows[flow].newest,
		.flow = flow,
		.number = ++prober->flows[flow].count,
		.sent = prober->network->engine.now,
	};
	prober->flows[flow].newest = item;
	prober->waiting++;
	engine_after(&prober->network->engine, PROBE_TIMEOUT_NS, &prober->timed_out, item);

	uint16_t source_port, destination_port;
	probe_ports(model, flow, &source_port, &destination_port);
	int error = model->protocol == IP_PROTOCOL_TCP ?
			    send_tcp(stack, model->from, model->to, source_port, destination_port,
				     probe->number, 0x02) :
			    send_echo(stack, model, source_port, probe->number);
	if (error)
		done(prober, probe, false, error == -ENETUNREACH ? "network unreachable" : "not sent");
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The probe of a flow with that number, as far as `mask` shows it. */
static struct outstanding *probe_find(struct prober *prober, uint32_t flow, uint32_t number,
				      uint32_t mask)
{
	for (uint32_t at = prober->flows[flow].newest; at; at = probe_at(prober, at)->next) {
		struct outstanding *probe = probe_at(prober, at);
		if (((probe->number ^ number) & mask) == 0)
			return probe;
	}
	return NULL;
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The flow a packet of ours belongs to: what left `node` for `to` with that port or identifier. */
static uint32_t flow_find(const struct prober *prober, uint32_t node, uint8_t protocol,
			  struct ip_addr to, uint16_t own_port, uint16_t their_port)
{
	bool tcp = protocol == IP_PROTOCOL_TCP;
	uint32_t stride = tcp ? PROBE_PORTS : 65536u;
	if (tcp && (own_port < PROBE_FIRST_PORT || own_port >= PROBE_FIRST_PORT + PROBE_PORTS))
		return UINT32_MAX;
	uint32_t flow = tcp ? own_port - PROBE_FIRST_PORT : own_port;
	for (; flow < prober->flow_count; flow += stride) {
		const struct model_flow *model = &prober->network->model->flows[flow];
		if (model->from_node == node && (model->protocol == IP_PROTOCOL_TCP) == tcp &&
		    ip_addr_equal(model->to, to) && (!tcp || model->port == their_port))
			return flow;
	}
	return UINT32_MAX;
}

bool prober_received(struct prober *prober, struct stack *stack, const struct packet *packet)
{
	uint32_t flow = flow_find(prober, stack->node, packet->protocol, packet->source,
				  packet->destination_port, packet->source_port);
	if (flow == UINT32_MAX)
		return false;
	struct outstanding *probe;
	if (packet->protocol == IP_PROTOCOL_ICMP) {
		probe = probe_find(prober, flow, get_u32(packet->payload + 4), 0xffff);
		if (probe)
			done(prober, probe, true, "echo reply");
		return true;
	}
	if (packet->payload_length < 20)
		return false;
	uint8_t flags = packet->payload[13];
	uint32_t acknowledged = get_u32(packet->payload + 8);
	if (!(flags & 0x10))
		return false;
	probe = probe_find(prober, flow, acknowledged - 1, UINT32_MAX);
	bool reset = flags & 0x04;
	if (probe)
		done(prober, probe, true, reset ? "RST" : "SYN/ACK");
	/* The kernel of a host that asked with a raw socket knows no such connection. */
	if (!reset)
		send_tcp(stack, packet->destination, packet->source, packet->destination_port,
			 packet->source_port, acknowledged, 0x04);
	return true;
}

bool prober_unreachable(struct prober *prober, const struct stack *stack,
			const struct packet *quoted, const char *what, struct ip_addr from)
{
	uint32_t flow = flow_find(prober, stack->node, quoted->protocol, quoted->destination,
				  quoted->source_port, quoted->destination_port);
	if (flow == UINT32_MAX || quoted->payload_length < 8)
		return false;
	bool tcp = quoted->protocol == IP_PROTOCOL_TCP;
	struct outstanding *probe = probe_find(prober, flow, get_u32(quoted->payload + 4),
					       tcp ? UINT32_MAX : 0xffff);
	if (probe) {
		char text[IP_TEXT_MAX], answer[IP_TEXT_MAX + 64];
		snprintf(answer, sizeof(answer), "%s%s%s", what,
			 ip_addr_is_zero(from) ? "" : " from ",
			 ip_addr_is_zero(from) ? "" : ip_addr_format(from, text));
		done(prober, probe, false, answer);
	}
	return true;
}
