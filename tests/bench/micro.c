#include "bench.h"

#include <string.h>

#include "base/assert.h"
#include "base/heap.h"
#include "base/random.h"
#include "bgp/wire/update.h"

double bench_micro(uint64_t rounds)
{
	static const uint8_t clusters[4] = { 10, 0, 0, 1 };
	struct bgp_attrs attrs = {
		.present = 1u << BGP_ATTR_ORIGIN | 1u << BGP_ATTR_AS_PATH |
			   1u << BGP_ATTR_NEXT_HOP | 1u << BGP_ATTR_LOCAL_PREF |
			   1u << BGP_ATTR_ORIGINATOR_ID | 1u << BGP_ATTR_CLUSTER_LIST,
		.next_hop = ip_addr_v4(0x0a000002),
		.local_pref = 100,
		.originator_id = 0x0a000002,
		.cluster_count = 1,
		.cluster_list = clusters,
	};
	struct bgp_codec codec = { .as4 = true, .families = BGP_IPV4_UNICAST };
	uint8_t message[BGP_MESSAGE_MAX], copy[BGP_MESSAGE_MAX];
	struct bgp_update_writer writer;
	struct arena scratch;
	arena_init(&scratch);
	struct heap heap;
	heap_init(&heap);
	struct random_stream random = random_stream_of(1, "bench", "micro");
	for (uint64_t i = 0; i < 100000; i++)
		heap_push(&heap, (int64_t)random_below(&random, 1000000), i);
	uint64_t x = 1;
	double start = bench_now_s();
	for (uint64_t i = 0; i < rounds; i++) {
		struct heap_entry top = heap_pop(&heap);
		bgp_update_begin(&writer, message, sizeof(message), &attrs, &codec,
				 BGP_IPV4_UNICAST);
		for (uint32_t j = 0; j < 4; j++) {
			struct bgp_nlri_item item = {
				{ ip_addr_v4(0x0ac00000 + ((uint32_t)top.value << 8) + (j << 6)),
				  26 },
				0
			};
			bgp_update_add(&writer, &item);
		}
		size_t length = bgp_update_finish(&writer);
		memcpy(copy, message, length);
		struct bgp_update update;
		struct bgp_attrs decoded;
		uint8_t bad;
		struct bgp_error error;
		enum bgp_outcome outcome = bgp_update_split(copy + BGP_HEADER_BYTES,
							    length - BGP_HEADER_BYTES, &codec,
							    &scratch, &update);
		ASSERT(outcome == BGP_OUTCOME_OK);
		outcome = bgp_attrs_decode(update.plain_bytes, update.plain_length, &codec, true,
					   true, &scratch, &decoded, &bad, &error);
		ASSERT(outcome == BGP_OUTCOME_OK);
		uint32_t offset = 0;
		struct bgp_nlri_item item;
		for (int which = 0; which < 2; which++, offset = 0)
			while (update.announced[which].count &&
			       bgp_nlri_next(&update.announced[which], &offset, &item))
				x += item.prefix.addr.bytes[2];
		arena_rewind(&scratch);
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
		heap_push(&heap, top.key + 1 + (int64_t)(x >> 44), top.value);
	}
	double took = bench_now_s() - start;
	heap_free(&heap);
	arena_free(&scratch);
	return (double)rounds / took;
}
