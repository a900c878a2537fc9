/* fuzz: virtual topo bgp trace sim base
 *
 * A small virtual world: a switch, two Calico nodes and a client on one segment, a cable beside it.
 * The input is what befalls it: crashes, killed and hung daemons, cut and bad links, partitions,
 * new configurations, and time between them. Then all is healed, and within a bound every session
 * must be up and every flow arrive; what a kernel forwards to is on a subnet of its own; and the
 * same input must give the same trace to the byte.
 *
 *   client --- lan --- tor --- (k8s-1, k8s-2: a mesh of two, both peering with tor)
 *   k8s-1 --- spare --- k8s-2 */
#include <stdio.h>

#include "bgp/route/table.h"
#include "sim/virtual/virtual.h"
#include "tests/fuzz/fuzz.h"
#include "topo/topo.h"
#include "trace/trace.h"

#define STEPS_MAX 24
#define FAULTS_MAX_S 900
#define BOUND_S 900 /* twice a hold time of 240 s, error pauses, a dial or two */
#define SESSIONS_MAX 16

static const char scenario[] =
	"simrun: 1\n"
	"name: fuzz\n"
	"topology:\n"
	"  nodes:\n"
	"    tor:\n"
	"      kind: frr\n"
	"      config: |\n"
	"        interface eth0\n"
	"         ip address 10.0.0.1/24\n"
	"        exit\n"
	"        router bgp 65000\n"
	"         bgp router-id 10.0.0.1\n"
	"         no bgp ebgp-requires-policy\n"
	"         neighbor 10.0.0.11 remote-as 64512\n"
	"         neighbor 10.0.0.12 remote-as 64512\n"
	"        exit\n"
	"    k8s-1: { kind: calico-node, pods: 1, block: 10.244.1.0/26 }\n"
	"    k8s-2: { kind: calico-node, pods: 1, block: 10.244.2.0/26 }\n"
	"    client:\n"
	"      kind: host\n"
	"      exec:\n"
	"        - ip addr add 10.0.0.100/24 dev eth0\n"
	"        - ip route add 10.244.0.0/16 via 10.0.0.1\n"
	"  links:\n"
	"    - name: lan\n"
	"      endpoints: [\"tor:eth0\", \"k8s-1:eth0\", \"k8s-2:eth0\", \"client:eth0\"]\n"
	"      delay: 0.1ms\n"
	"    - { name: spare, endpoints: [\"k8s-1:eth1\", \"k8s-2:eth1\"] }\n"
	"timeline:\n"
	"  - at: 10s\n"
	"    vtysh:\n"
	"      tor: |\n"
	"        router bgp 65000\n"
	"         neighbor 10.0.0.11 timers 3 9\n"
	"  - at: 20s\n"
	"    end: true\n"
	"expect:\n"
	"  arrives:\n"
	"    reachable: { from: client, to: pods, port: 80 }\n"
	"    within: 20s\n"
	"---\n"
	"apiVersion: projectcalico.org/v3\n"
	"kind: IPPool\n"
	"metadata: { name: pool }\n"
	"spec: { cidr: 10.244.0.0/16, ipipMode: Never, vxlanMode: Never, natOutgoing: true }\n"
	"---\n"
	"apiVersion: projectcalico.org/v3\n"
	"kind: Node\n"
	"metadata: { name: k8s-1 }\n"
	"spec: { bgp: { ipv4Address: 10.0.0.11/24 } }\n"
	"---\n"
	"apiVersion: projectcalico.org/v3\n"
	"kind: Node\n"
	"metadata: { name: k8s-2 }\n"
	"spec: { bgp: { ipv4Address: 10.0.0.12/24 } }\n"
	"---\n"
	"apiVersion: projectcalico.org/v3\n"
	"kind: BGPPeer\n"
	"metadata: { name: tor }\n"
	"spec: { peerIP: 10.0.0.1, asNumber: 65000 }\n";

/* ---- what is seen ---------------------------------------------------------------------------- */

struct eye {
	struct trace_sink sink; /* first */
	struct {
		uint32_t node;
		char neighbor[64];
		bool up;
	} sessions[SESSIONS_MAX];
	uint32_t session_count;
	enum disposition flows[16][2];
	bool flow_seen[16][2];
};

static void session_seen(struct eye *eye, const struct observation *seen)
{
	uint32_t at = 0;
	while (at < eye->session_count &&
	       (eye->sessions[at].node != seen->node ||
		strcmp(eye->sessions[at].neighbor, seen->session.neighbor) != 0))
		at++;
	ASSERT(at < SESSIONS_MAX);
	if (at == eye->session_count) {
		eye->session_count++;
		eye->sessions[at].node = seen->node;
		size_t length = strlen(seen->session.neighbor);
		ASSERT(length < sizeof(eye->sessions[at].neighbor));
		memcpy(eye->sessions[at].neighbor, seen->session.neighbor, length + 1);
	}
	eye->sessions[at].up = strcmp(seen->session.new_state, "Established") == 0;
}

static void observed(struct trace_sink *sink, const struct observation *seen)
{
	struct eye *eye = (struct eye *)sink;
	if (seen->kind == OBSERVE_SESSION)
		session_seen(eye, seen);
	if (seen->kind == OBSERVE_FLOW) {
		ASSERT(seen->flow.flow < 16);
		eye->flows[seen->flow.flow][seen->flow.back] = seen->flow.disposition;
		eye->flow_seen[seen->flow.flow][seen->flow.back] = true;
	}
}

/* ---- what befalls it ------------------------------------------------------------------------- */

struct story {
	const struct model *model;
	struct world *world;
	struct instant now;
	uint32_t groups[8];
	uint32_t revision;
};

static void advance(struct story *story, int64_t span_ns)
{
	story->now = instant_add(story->now, span_ns);
	ASSERT(story->world->ops->advance(story->world, story->now) == 0);
}

static void apply(struct story *story, const struct model_step *step, bool undo)
{
	ASSERT(story->world->ops->apply(story->world, step, undo) == 0);
}

static void befall(struct story *story, struct feed *feed)
{
	static const enum model_step_kind kinds[] = {
		MODEL_STEP_CRASH, MODEL_STEP_BOOT, MODEL_STEP_KILL, MODEL_STEP_STOP,
		MODEL_STEP_START, MODEL_STEP_RESTART, MODEL_STEP_HANG, MODEL_STEP_CONTINUE,
		MODEL_STEP_CUT, MODEL_STEP_MEND, MODEL_STEP_IMPAIR, MODEL_STEP_PARTITION,
		MODEL_STEP_HEAL, MODEL_STEP_CONFIGURE,
	};
	static const int64_t spans_ms[] = { 0, 1, 100, 1000, 3000, 10000, 45000, 100000 };
	static const int signals[] = { 9, 15, 19, 11 };
	uint8_t what = feed_u8(feed), more = feed_u8(feed);
	uint32_t node = more % 4;
	if (what % 4 < 2) {
		advance(story, spans_ms[what >> 2 & 7] * NS_PER_MS);
		return;
	}
	struct model_step step = {
		.kind = kinds[(what >> 2) % 14], .name = "fuzz", .text = "fuzz",
		.nodes = &node, .node_count = 1, .signal = signals[more >> 2 & 3],
		.link = more & 1, .link_end = MODEL_NONE,
	};
	const struct model_link *link = &story->model->links[step.link];
	if (more & 2)
		step.link_end = (more >> 2 & 3u) % link->end_count;
	step.direction = (enum model_direction)((more >> 4) % 3);
	if (step.link_end == MODEL_NONE)
		step.direction = MODEL_BOTH;
	if (step.kind == MODEL_STEP_IMPAIR)
		step.impairment = (struct model_impairment){
			.delay_ns = (more >> 2 & 7) * 20 * NS_PER_MS,
			.jitter_ns = (more >> 5 & 1) * 5 * NS_PER_MS,
			.loss_ppm = (more >> 6) * 150000u,
			.rate_bps = more & 32 ? 64000 : 0,
		};
	for (uint32_t i = 0; i < story->model->node_count; i++)
		story->groups[i] = more >> i & 1;
	step.group_of = step.kind == MODEL_STEP_HEAL ? NULL : story->groups;
	step.revision = more % story->model->revision_count;
	apply(story, &step, false);
}

/* Everything as it should be, by every means there is. */
static void heal(struct story *story)
{
	uint32_t nodes[8];
	struct model_step step = { .name = "heal", .text = "heal", .nodes = nodes,
				   .node_count = story->model->node_count,
				   .link_end = MODEL_NONE };
	for (uint32_t i = 0; i < step.node_count; i++)
		nodes[i] = i;
	step.kind = MODEL_STEP_HEAL;
	apply(story, &step, false);
	for (step.link = 0; step.link < story->model->link_count; step.link++) {
		const struct model_link *link = &story->model->links[step.link];
		step.kind = MODEL_STEP_IMPAIR;
		step.impairment = link->impairment;
		step.link_end = MODEL_NONE;
		apply(story, &step, false);
		step.kind = MODEL_STEP_MEND;
		for (uint32_t end = 0; end <= link->end_count; end++) {
			step.link_end = end < link->end_count ? end : MODEL_NONE;
			apply(story, &step, false);
		}
	}
	static const enum model_step_kind last[] = { MODEL_STEP_BOOT, MODEL_STEP_CONTINUE,
						     MODEL_STEP_START };
	for (int i = 0; i < 3; i++) {
		step.kind = last[i];
		apply(story, &step, false);
	}
}

/* ---- the laws -------------------------------------------------------------------------------- */

/* Every gateway is on a subnet the node shares. */
static void gateways_connected(const struct story *story)
{
	for (uint32_t i = 0; i < story->model->node_count; i++) {
		const struct node *node = virtual_node(story->world, i);
		const struct fib *fib = &node->stack.fib;
		for (uint32_t id = fib_next(fib, 0); id != FIB_NO_PREFIX;
		     id = fib_next(fib, id + 1)) {
			const struct fib_route *route = fib_best(fib, id);
			for (uint32_t h = 0; h < route->hop_count; h++) {
				if (route->hops[h].via.family == IP_NONE)
					continue;
				const struct fib_route *to =
					fib_lookup(fib, route->hops[h].via, true, NULL);
				ASSERT(to && to->source == ROUTE_CONNECTED);
			}
		}
	}
}

static bool converged(const struct story *story, const struct eye *eye)
{
	uint32_t wanted = 0;
	for (uint32_t i = 0; i < story->model->node_count; i++)
		wanted += story->model->revisions[0].nodes[i]->bgp.neighbor_count;
	if (eye->session_count != wanted)
		return false;
	for (uint32_t i = 0; i < eye->session_count; i++)
		if (!eye->sessions[i].up)
			return false;
	for (uint32_t flow = 0; flow < story->model->flow_count; flow++)
		for (int back = 0; back < 2; back++)
			if (eye->flow_seen[flow][back] &&
			    !disposition_success(eye->flows[flow][back]))
				return false;
	return story->model->flow_count > 0 && eye->flow_seen[0][0];
}

static uint64_t told(const struct model *model, const uint8_t *data, size_t size)
{
	struct feed feed = feed_of(data, size);
	struct trace trace;
	struct eye eye = { .sink = { observed } };
	struct story story = { .model = model };
	uint64_t seed = feed_u8(&feed);
	trace_init(&trace);
	trace_add_sink(&trace, &eye.sink);
	struct world_options options = { .seed = seed, .trace = &trace,
					 .trace_messages = seed & 1, .trace_routes = seed & 2 };
	story.world = virtual_new(model, &options);
	ASSERT(story.world->ops->start(story.world) == 0);
	if (seed & 4) /* trouble comes to a network that is up */
		advance(&story, 60 * NS_PER_S);
	for (int i = 0; i < STEPS_MAX && feed_left(&feed); i++) {
		befall(&story, &feed);
		if (story.now.ns > FAULTS_MAX_S * NS_PER_S)
			break;
	}
	heal(&story);
	/* For one hold time what is dead may still look alive. */
	advance(&story, 280 * NS_PER_S);
	for (int waited = 280; waited < BOUND_S && !converged(&story, &eye); waited += 20)
		advance(&story, 20 * NS_PER_S);
	advance(&story, 20 * NS_PER_S); /* and stays so */
	gateways_connected(&story);
	ASSERT(converged(&story, &eye));
	story.world->ops->free(story.world);
	uint64_t digest = trace_digest(&trace);
	trace_free(&trace);
	return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct diag_list diags;
	static const struct model *model;
	if (!model) {
		diag_list_init(&diags);
		model = topo_load_text(&diags, "fuzz.topo", scenario, sizeof(scenario) - 1);
		struct text out = { 0 };
		for (size_t i = 0; !model && i < diags.count; i++)
			diag_print(&diags.items[i], &out, false);
		if (!model)
			fprintf(stderr, "%s", text_string(&out));
		text_free(&out);
		ASSERT(model);
	}
	uint64_t digest = told(model, data, size);
	if (size % 4 == 0)
		ASSERT(told(model, data, size) == digest);
	return 0;
}
