#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/random.h"
#include "sim/virtual/frame.h"

static struct ip_addr ip(const char *text)
{
	struct ip_addr addr = { 0 };
	assert_true(ip_addr_parse(text, strlen(text), &addr));
	return addr;
}

/* RFC 1071 section 3's own example. */
static void test_checksum_example(void **state)
{
	(void)state;
	const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	assert_int_equal(checksum_fold(checksum_add(0, bytes, sizeof(bytes))), 0x220d);
	const uint8_t odd[] = { 0x12, 0x34, 0x56 };
	assert_int_equal(checksum_fold(checksum_add(0, odd, 3)), 0xffff - 0x6834);
}

static void test_checksum_update_equals_anew(void **state)
{
	(void)state;
	struct random_stream random = random_stream_of(1, "frame", "test");
	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[20];
		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)random_u64(&random);
		put_u16(bytes, 0);
		uint16_t sum = checksum_fold(checksum_add(0, bytes, sizeof(bytes)));
		uint16_t old = (uint16_t)(bytes[4] << 8 | bytes[5]), new;
		new = round % 3 ? (uint16_t)random_u64(&random) : (uint16_t)(old - 0x100);
		put_u16(bytes + 4, new);
		uint16_t anew = checksum_fold(checksum_add(0, bytes, sizeof(bytes)));
		assert_int_equal(checksum_update(sum, old, new), anew);
	}
}

static struct frame *tcp_frame(struct frame_pool *pool)
{
	struct ipv4_fields fields = { .source = ip("10.0.0.1"), .destination = ip("10.0.0.2"),
				      .ttl = 64, .tos = 0xc0, .protocol = IP_PROTOCOL_TCP,
				      .id = 7 };
	uint8_t *segment;
	struct frame *frame = frame_ipv4(pool, &fields, 23, &segment);
	tcp_header_fill(segment, 179, 40000, 1, 2, 0x18);
	memcpy(segment + 20, "abc", 3);
	put_u16(segment + 16, checksum_transport(fields.source, fields.destination,
						 IP_PROTOCOL_TCP, segment, 23));
	return frame;
}

static bool transport_right(const struct packet *packet)
{
	return checksum_transport(packet->source, packet->destination, packet->protocol,
				  packet->payload, packet->payload_length) == 0;
}

static void test_ipv4_round_trip_and_rewrites(void **state)
{
	(void)state;
	struct frame_pool pool;
	frame_pool_init(&pool);
	struct frame *frame = tcp_frame(&pool);
	struct packet packet;
	assert_int_equal(frame->length, 14 + 20 + 23);
	assert_true(packet_read(frame, &packet));
	assert_true(ip_addr_equal(packet.source, ip("10.0.0.1")));
	assert_true(ip_addr_equal(packet.destination, ip("10.0.0.2")));
	assert_int_equal(packet.ttl, 64);
	assert_int_equal(packet.tos, 0xc0);
	assert_int_equal(packet.id, 7);
	assert_int_equal(packet.source_port, 179);
	assert_int_equal(packet.destination_port, 40000);
	assert_int_equal(packet.payload_length, 23);
	assert_true(transport_right(&packet));

	for (int i = 0; i < 40; i++)
		packet_decrement_ttl(&packet);
	packet_rewrite_source(&packet, ip("192.168.77.254"), 65535);
	packet_rewrite_destination(&packet, ip("255.254.253.252"), 1);
	struct packet again;
	assert_true(packet_read(frame, &again)); /* the header's checksum is right */
	assert_int_equal(again.ttl, 24);
	assert_true(ip_addr_equal(again.source, ip("192.168.77.254")));
	assert_true(ip_addr_equal(again.destination, ip("255.254.253.252")));
	assert_int_equal(again.source_port, 65535);
	assert_int_equal(again.destination_port, 1);
	assert_true(transport_right(&again));
	frame_unref(frame);
	assert_int_equal(pool.live, 0);
	frame_pool_free(&pool);
}

static void test_damaged_frames_are_refused(void **state)
{
	(void)state;
	struct frame_pool pool;
	frame_pool_init(&pool);
	struct packet packet;
	for (uint32_t byte = 14; byte < 34; byte++) {
		struct frame *frame = tcp_frame(&pool);
		frame->bytes[byte] ^= 0x41;
		assert_false(packet_read(frame, &packet));
		frame_unref(frame);
	}
	for (uint32_t length = 0; length < 57; length++) {
		struct frame *frame = tcp_frame(&pool);
		frame->length = length;
		assert_false(packet_read(frame, &packet));
		frame_unref(frame);
	}
	frame_pool_free(&pool);
}

static void test_arp(void **state)
{
	(void)state;
	struct frame_pool pool;
	frame_pool_init(&pool);
	struct mac_addr mac = { { 2, 1, 2, 3, 4, 5 } }, none = { 0 };
	struct frame *frame = frame_arp(&pool, 1, mac, ip("10.0.0.1"), none, ip("10.0.0.2"),
					mac_broadcast);
	const uint8_t expected[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1, 2, 3, 4, 5, 8, 6,
				     0, 1, 8, 0, 6, 4, 0, 1, 2, 1, 2, 3, 4, 5, 10, 0, 0, 1,
				     0, 0, 0, 0, 0, 0, 10, 0, 0, 2 };
	assert_int_equal(frame->length, sizeof(expected));
	assert_memory_equal(frame->bytes, expected, sizeof(expected));
	struct packet packet;
	assert_true(packet_read(frame, &packet));
	assert_true(packet.broadcast);
	assert_int_equal(packet.arp.operation, 1);
	assert_true(mac_addr_equal(packet.arp.sender_mac, mac));
	assert_true(ip_addr_equal(packet.arp.target, ip("10.0.0.2")));
	frame_unref(frame);
	frame_pool_free(&pool);
}

static void test_icmp_error_quotes(void **state)
{
	(void)state;
	struct frame_pool pool;
	frame_pool_init(&pool);
	struct frame *original = tcp_frame(&pool);
	struct ipv4_fields fields = { .source = ip("10.0.0.9"), .destination = ip("10.0.0.1"),
				      .ttl = 64, .protocol = IP_PROTOCOL_ICMP };
	uint8_t *payload;
	struct frame *frame = frame_ipv4(&pool, &fields, ICMP_HEADER + 28, &payload);
	memcpy(payload + ICMP_HEADER, original->bytes + ETHERNET_HEADER, 28);
	icmp_fill(payload, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0, 28);
	struct packet error, quoted;
	assert_true(packet_read(frame, &error));
	assert_int_equal(error.icmp_type, 3);
	assert_int_equal(error.icmp_code, 1);
	assert_int_equal(checksum_fold(checksum_add(0, error.payload, error.payload_length)), 0);
	assert_true(packet_read_quoted(&error, &quoted));
	assert_int_equal(quoted.source_port, 179);
	assert_int_equal(quoted.payload_length, 8);
	frame_unref(frame);
	frame_unref(original);
	frame_pool_free(&pool);
}

static void test_pool_recycles_and_copies_when_shared(void **state)
{
	(void)state;
	struct frame_pool pool;
	frame_pool_init(&pool);
	struct frame *a = frame_take(&pool, 60);
	assert_ptr_equal(frame_writable(a), a);
	frame_ref(a);
	a->bytes[0] = 42;
	struct frame *b = frame_writable(a);
	assert_ptr_not_equal(a, b);
	assert_int_equal(b->bytes[0], 42);
	assert_int_equal(a->references, 1);
	frame_unref(b);
	assert_ptr_equal(frame_take(&pool, 100), b); /* the same class */
	struct frame *large = frame_take(&pool, 65549);
	assert_int_equal(pool.live, 3);
	frame_unref(large);
	frame_pool_free(&pool); /* also what is still out */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum_example),
		cmocka_unit_test(test_checksum_update_equals_anew),
		cmocka_unit_test(test_ipv4_round_trip_and_rewrites),
		cmocka_unit_test(test_damaged_frames_are_refused),
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_icmp_error_quotes),
		cmocka_unit_test(test_pool_recycles_and_copies_when_shared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
