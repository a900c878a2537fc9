/* Bytes: headers, options, checksums, signatures, and the two queues. */
#include <md5.h>

#include "base/buf.h"
#include "sim/virtual/tcp_early.h"
#include "sim/virtual/tcp_md5.h"
#include "sim/virtual/tcp_queue.h"
#include "tests/virtual/tcp_pair.h"

static void test_syn_bytes(void **state)
{
	(void)state;
	struct tcp_header h = { .source_port = 0x1234, .destination_port = 179,
				.sequence = 0x01020304, .flags = TCP_SYN, .window = 64240,
				.mss = 1460, .shift = 7 };
	uint8_t bytes[TCP_HEADER_BYTES_MAX];
	size_t unused;
	static const uint8_t expected[] = {
		0x12, 0x34, 0x00, 0xb3, 1, 2, 3, 4, 0, 0, 0, 0, 0x70, 0x02, 0xfa, 0xf0,
		0, 0, 0, 0, 2, 4, 0x05, 0xb4, 1, 3, 3, 7,
	};
	assert_int_equal(tcp_header_write(&h, false, bytes, &unused), sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));
	struct tcp_header back;
	assert_true(tcp_header_parse(bytes, sizeof(expected), &back));
	assert_int_equal(back.mss, 1460);
	assert_int_equal(back.shift, 7);
	assert_int_equal(back.length, 0);
	assert_int_equal(tcp_header_span(&back), 1);
}

static void test_parse_bad(void **state)
{
	(void)state;
	static const struct {
		uint8_t offset, options[8];
		bool good;
		uint16_t mss;
		uint8_t shift;
	} rows[] = {
		{ 4, { 0 }, false, 0, 0 },                       /* shorter than a header */
		{ 8, { 0 }, false, 0, 0 },                       /* longer than the segment */
		{ 7, { 2, 4, 5, 0xb4, 3, 3, 20, 0 }, true, 1460, 14 }, /* scale is capped */
		{ 7, { 2, 0 }, false, 0, 0 },                    /* length 0 would never end */
		{ 7, { 1, 1, 1, 1, 1, 1, 1, 2 }, false, 0, 0 },  /* no room for the length */
		{ 7, { 99, 9, 0 }, false, 0, 0 },                /* runs past the end */
		{ 7, { 99, 4, 0, 0, 2, 4, 1, 0 }, true, 256, 255 },
		{ 7, { 2, 3, 9, 0, 99, 99 }, true, 0, 255 },     /* odd MSS; after END, anything */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[28] = { [12] = (uint8_t)(rows[i].offset << 4) };
		memcpy(bytes + 20, rows[i].options, 8);
		struct tcp_header h;
		assert_int_equal(tcp_header_parse(bytes, sizeof(bytes), &h), rows[i].good);
		if (!rows[i].good)
			continue;
		assert_int_equal(h.mss, rows[i].mss);
		assert_int_equal(h.shift, rows[i].shift);
	}
}

/* Sixteen bits at a time, as RFC 1071 explains it. */
static uint16_t checksum_slow(struct ip_addr source, struct ip_addr destination,
			      const uint8_t *bytes, size_t length)
{
	uint8_t all[2048] = { 0 };
	struct writer w = writer_of(all, sizeof(all));
	size_t width = source.family == IP_V6 ? 16 : 4;
	writer_bytes(&w, source.bytes, width);
	writer_bytes(&w, destination.bytes, width);
	writer_u32(&w, (uint32_t)length);
	writer_u32(&w, 6);
	writer_bytes(&w, bytes, length);
	assert_false(w.failed);
	uint32_t sum = 0;
	for (size_t i = 0; i < writer_used(&w); i += 2)
		sum += (uint32_t)all[i] << 8 | all[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void test_checksum(void **state)
{
	(void)state;
	struct random_stream random = random_stream_of(1, "checksum", "test");
	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[1500];
		size_t length = (size_t)random_between(&random, 20, sizeof(bytes));
		bool ones = random_below(&random, 8) == 0;
		for (size_t j = 0; j < length; j++)
			bytes[j] = ones ? 0xff : (uint8_t)random_u64(&random);
		struct ip_addr a = ip_addr_v4((uint32_t)random_u64(&random));
		struct ip_addr b = ip_addr_v4((uint32_t)random_u64(&random));
		if (i % 2) {
			a.family = b.family = IP_V6;
			a.bytes[15] = b.bytes[9] = 77;
		}
		put_u16(bytes + 16, 0);
		uint16_t sum = tcp_checksum(a, b, bytes, length);
		assert_int_equal(sum, checksum_slow(a, b, bytes, length));
		put_u16(bytes + 16, sum);
		assert_int_equal(tcp_checksum(a, b, bytes, length), 0);
	}
}

/* The digest over one flat buffer, put together by hand. */
static void test_md5(void **state)
{
	(void)state;
	struct tcp_md5_key key = { 5, "route" };
	struct ip_addr a = ip_addr_v4(0x0a000001), b = ip_addr_v4(0x0a000002);
	struct tcp_header h = { .source_port = 179, .destination_port = 40000, .sequence = 7,
				.acknowledgment = 9, .flags = TCP_ACK, .window = 502,
				.shift = TCP_NO_SHIFT };
	uint8_t bytes[64];
	size_t at, header = tcp_header_write(&h, true, bytes, &at);
	assert_int_equal(header, 40);
	assert_int_equal(at, 24);
	memcpy(bytes + header, "payload", 7);
	size_t length = header + 7;
	uint8_t flat[12 + 20 + 7 + 5] = { 10, 0, 0, 1, 10, 0, 0, 2, 0, 6, 0, 47 };
	memcpy(flat + 12, bytes, 20);
	memcpy(flat + 32, "payloadroute", 12);
	uint8_t expected[16], digest[16];
	MD5_CTX md5;
	MD5Init(&md5);
	MD5Update(&md5, flat, sizeof(flat));
	MD5Final(expected, &md5);
	put_u16(bytes + 16, 0xdead); /* the checksum does not count */
	tcp_md5_digest(&key, a, b, bytes, header, length, digest);
	assert_memory_equal(digest, expected, 16);
	memcpy(bytes + at, digest, 16);
	struct tcp_header back;
	assert_true(tcp_header_parse(bytes, length, &back));
	assert_true(tcp_md5_matches(&key, a, b, bytes, length, &back));
	assert_false(tcp_md5_matches(NULL, a, b, bytes, length, &back));
	bytes[length - 1] ^= 1;
	assert_false(tcp_md5_matches(&key, a, b, bytes, length, &back));
}

static void test_queue(void **state)
{
	(void)state;
	struct random_stream random = random_stream_of(1, "queue", "test");
	uint8_t *bytes = pattern_new(100000, 1), out[3000];
	struct tcp_queue queue;
	tcp_queue_init(&queue);
	size_t begin = 0, end = 0;
	while (begin < 100000) {
		size_t length = (size_t)random_below(&random, 400);
		if (length > 100000 - end)
			length = 100000 - end;
		if (length > 0 && random_below(&random, 2))
			tcp_queue_copy(&queue, bytes + end, (uint32_t)length);
		else if (length > 0)
			tcp_queue_borrow(&queue, bytes + end, (uint32_t)length, NULL, NULL);
		end += length;
		assert_int_equal(tcp_queue_length(&queue), end - begin);
		size_t offset = (size_t)random_below(&random, end - begin + 1);
		length = (size_t)random_below(&random, end - begin - offset + 1);
		if (length > sizeof(out))
			length = sizeof(out);
		tcp_queue_read(&queue, offset, out, length);
		if (length)
			assert_memory_equal(out, bytes + begin + offset, length);
		length = (size_t)random_below(&random, end - begin + 1);
		if (length > 500 && end < 100000)
			length = 150;
		tcp_queue_drop(&queue, length);
		begin += length;
	}
	tcp_queue_free(&queue);
	free(bytes);
}

/* Random pieces of a stream, overlapping at will, across the wrap of sequence numbers. */
static void test_early(void **state)
{
	(void)state;
	struct random_stream random = random_stream_of(1, "early", "test");
	uint8_t *bytes = pattern_new(5000, 1);
	for (int round = 0; round < 50; round++) {
		struct tcp_early early = { 0 };
		uint32_t base = UINT32_MAX - 2500, done = 0;
		while (done < 5000) {
			uint32_t low = done ? done - 1 : 0;
			uint32_t from = (uint32_t)random_between(&random, low, 4999);
			uint32_t length = (uint32_t)random_between(&random, 1, 5000 - from);
			if (length > 300)
				length = 300;
			tcp_early_add(&early, base + from, bytes + from, length);
			for (size_t i = 0; i < early.count; i++) {
				const struct tcp_early_piece *piece = &early.pieces[i];
				assert_memory_equal(piece->bytes, bytes + (piece->sequence - base),
						    piece->length);
				if (i > 0)
					assert_false(seq_before(piece->sequence,
								piece[-1].sequence +
								piece[-1].length));
			}
			struct tcp_early_piece piece;
			while (tcp_early_take(&early, base + done, &piece)) {
				uint32_t end = piece.sequence - base + piece.length;
				if (end > done)
					done = end;
				free(piece.bytes);
			}
		}
		tcp_early_free(&early);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_bytes),
		cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_md5),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
