/* ICMP: errors sent and received, echo answered (RFC 792, RFC 1122 section 3.2.2, RFC 1812). */
#include <string.h>

#include "sim/virtual/probe.h"
#include "sim/virtual/stack.h"

#define QUOTE_MAX (576u - IPV4_HEADER - ICMP_HEADER) /* RFC 1812 section 4.3.2.3 */

/* Tells those on this node who wait for such news: probes, and TCP. */
static void told(struct stack *stack, const struct packet *quoted, uint8_t type, uint8_t code,
		 struct ip_addr from)
{
	struct prober *prober = stack->network->prober;
	if (prober && prober_unreachable(prober, stack, quoted, icmp_error_name(type, code), from))
		return;
	if (quoted->protocol != IP_PROTOCOL_TCP || quoted->payload_length < 8 || !stack->host ||
	    !stack_is_local(stack, quoted->source))
		return;
	const uint8_t *p = quoted->payload + 4;
	uint32_t sequence =
		(uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	bool port = type == ICMP_UNREACHABLE &&
		    (code == ICMP_CODE_PORT || code == ICMP_CODE_PROTOCOL);
	stack->host->unreachable(stack->host, stack->network->engine.now, quoted->source,
				 quoted->source_port, quoted->destination,
				 quoted->destination_port, sequence, port);
}

const char *icmp_error_name(uint8_t type, uint8_t code)
{
	static const char *const unreachable[] = {
		[ICMP_CODE_NET] = "network unreachable",
		[ICMP_CODE_HOST] = "host unreachable",
		[ICMP_CODE_PROTOCOL] = "protocol unreachable",
		[ICMP_CODE_PORT] = "port unreachable",
	};
	if (type == ICMP_TIME_EXCEEDED)
		return "time exceeded";
	if (type == ICMP_UNREACHABLE && code < sizeof(unreachable) / sizeof(*unreachable))
		return unreachable[code];
	return code == ICMP_CODE_PROHIBITED ? "prohibited" : "unreachable";
}

void icmp_send_error(struct stack *stack, const struct packet *packet, uint8_t type, uint8_t code,
		     bool local)
{
	if (packet->broadcast ||
	    (packet->protocol == IP_PROTOCOL_ICMP && icmp_is_error(packet->icmp_type)))
		return;
	if (local) {
		told(stack, packet, type, code, (struct ip_addr){ 0 });
		return;
	}
	uint8_t message[ICMP_HEADER + QUOTE_MAX];
	uint32_t header = (uint32_t)(packet->payload - packet->ip);
	uint32_t quoted = header + packet->payload_length;
	if (quoted > QUOTE_MAX)
		quoted = QUOTE_MAX;
	memcpy(message + ICMP_HEADER, packet->ip, quoted);
	icmp_fill(message, type, code, 0, quoted);
	struct stack_packet error = {
		.destination = packet->source,
		.protocol = IP_PROTOCOL_ICMP,
		.tos = 0xc0, /* RFC 1812 section 4.3.2.5: internetwork control */
		.bytes = message,
		.length = ICMP_HEADER + quoted,
	};
	stack_send(stack, &error);
}

static void answer_echo(struct stack *stack, const struct packet *packet)
{
	uint8_t reply[FRAME_MTU];
	if (packet->payload_length > sizeof(reply))
		return;
	memcpy(reply, packet->payload, packet->payload_length);
	const uint8_t *p = packet->payload + 4;
	icmp_fill(reply, ICMP_ECHO_REPLY, 0,
		  (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3],
		  packet->payload_length - ICMP_HEADER);
	struct stack_packet answer = {
		.source = packet->destination,
		.destination = packet->source,
		.protocol = IP_PROTOCOL_ICMP,
		.tos = packet->tos,
		.bytes = reply,
		.length = packet->payload_length,
	};
	stack_send(stack, &answer);
}

void icmp_received(struct stack *stack, const struct packet *packet)
{
	if (packet->payload_length < ICMP_HEADER ||
	    checksum_fold(checksum_add(0, packet->payload, packet->payload_length)) != 0)
		return;
	struct packet quoted;
	if (packet->icmp_type == ICMP_ECHO_REQUEST)
		answer_echo(stack, packet);
	else if (packet->icmp_type == ICMP_ECHO_REPLY && stack->network->prober)
		prober_received(stack->network->prober, stack, packet);
	else if (icmp_is_error(packet->icmp_type) && packet_read_quoted(packet, &quoted))
		told(stack, &quoted, packet->icmp_type, packet->icmp_code, packet->source);
}
