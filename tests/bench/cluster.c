/* A generated cluster through the real loader: a .topo of N Calico nodes on one segment. */
#include "bench.h"

#include <stdio.h>

#include "base/text.h"
#include "sim/virtual/virtual.h"
#include "topo/topo.h"

static void write_topo(uint32_t nodes, uint32_t blocks, struct text *out)
{
	text_printf(out, "simrun: 1\nname: cluster-%u\ntopology:\n  nodes:\n", nodes);
	for (uint32_t i = 0; i < nodes; i++) {
		text_printf(out, "    n%u: { kind: calico-node, pods: 0, block: [", i);
		for (uint32_t j = 0; j < blocks; j++) {
			uint32_t number = i * blocks + j;
			text_printf(out, "%s10.%u.%u.%u/26", j ? ", " : "", 64 + number / 1024,
				    number / 4 % 256, number % 4 * 64);
		}
		text_put(out, "] }\n");
	}
	text_put(out, "  links:\n    - name: lan\n      delay: 0.1ms\n      endpoints: [");
	for (uint32_t i = 0; i < nodes; i++)
		text_printf(out, "%s\"n%u:eth0\"", i ? ", " : "", i);
	text_put(out, "]\ntimeline:\n  - at: 600s\n    end: true\nexpect:\n  up:\n"
		      "    established: all\n    within: 600s\n");
	text_put(out, "---\napiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: p }\n"
		      "spec: { cidr: 10.64.0.0/10, ipipMode: Never, vxlanMode: Never }\n"
		      "---\napiVersion: projectcalico.org/v3\nkind: BGPConfiguration\n"
		      "metadata: { name: default }\n"
		      "spec: { nodeToNodeMeshEnabled: false, asNumber: 64512 }\n"
		      "---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\n"
		      "metadata: { name: rr }\n"
		      "spec: { nodeSelector: all(), peerSelector: rr == 'yes' }\n");
	for (uint32_t i = 0; i < nodes; i++) {
		text_printf(out, "---\napiVersion: projectcalico.org/v3\nkind: Node\n"
				 "metadata: { name: n%u%s }\n",
			    i, i < 2 ? ", labels: { rr: \"yes\" }" : "");
		text_printf(out, "spec: { bgp: { ipv4Address: 172.16.%u.%u/12%s } }\n",
			    (i + 1) / 250, (i + 1) % 250 + 1,
			    i < 2 ? ", routeReflectorClusterID: 244.0.0.1" : "");
	}
}

/* VmHWM: unlike ru_maxrss it holds nothing of the process that started this one. */
static long peak_memory_kib(void)
{
	long kib = 0;
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

static int complete(const struct world *world, uint32_t nodes, uint32_t blocks)
{
	for (uint32_t i = 0; i < nodes; i++)
		if (virtual_node(world, i)->stack.fib.count < nodes * blocks + 1)
			return 0;
	return 1;
}

struct cluster_result bench_cluster(uint32_t nodes, uint32_t blocks)
{
	struct cluster_result result = { 0 };
	struct text topo;
	text_init(&topo);
	write_topo(nodes, blocks, &topo);
	struct diag_list diags;
	diag_list_init(&diags);
	const struct model *model = topo_load_text(&diags, "bench.topo", topo.data, topo.length);
	if (!model) {
		struct text out;
		text_init(&out);
		for (size_t i = 0; i < diags.count && i < 10; i++)
			diag_print(&diags.items[i], &out, false);
		fputs(text_string(&out), stderr);
		text_free(&out);
		text_free(&topo);
		return result;
	}
	struct trace trace;
	trace_init(&trace);
	const struct world_options options = { .seed = 1, .trace = &trace };
	double start = bench_now_s();
	struct world *world = virtual_new(model, &options);
	world->ops->start(world);
	struct instant now = INSTANT_ZERO;
	while (!complete(world, nodes, blocks) && now.ns < 600 * NS_PER_S) {
		now = instant_add(now, 10 * NS_PER_MS);
		world->ops->advance(world, now);
	}
	result.wall_s = bench_now_s() - start;
	result.simulated_s = (double)now.ns / 1e9;
	result.complete = complete(world, nodes, blocks);
	struct world_counts counts = world->ops->counts(world);
	result.events = counts.events;
	result.messages = counts.messages;
	result.frames = counts.frames;
	for (uint32_t i = 0; i < nodes; i++)
		result.entries += virtual_node(world, i)->stack.fib.count;
	world->ops->free(world);
	trace_free(&trace);
	diag_list_free(&diags);
	text_free(&topo);
	result.rss_kib = peak_memory_kib();
	return result;
}
