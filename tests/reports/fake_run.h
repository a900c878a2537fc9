/* A run made up for tests of reports: a real scenario read from memory, in which names can then be
 * as hostile as YAML would let them be, and verdicts of every kind. */
#ifndef TESTS_REPORTS_FAKE_RUN_H
#define TESTS_REPORTS_FAKE_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "reports/run.h"
#include "topo/topo.h"

#define HOSTILE "<script>alert(\"1\")</script>&'\x01]]>|`%:,\n"

static const char fake_topo[] =
	"simrun: 1\nname: fake\ntopology:\n  nodes:\n"
	"    tor:\n      kind: frr\n      config: |\n        interface eth0\n"
	"         ip address 10.0.0.1/24\n        router bgp 65000\n"
	"         no bgp ebgp-requires-policy\n         neighbor 10.0.0.11 remote-as 64512\n"
	"    k8s-1: { kind: calico-node, pods: 2, block: 10.244.1.0/26 }\n"
	"    client:\n      kind: host\n      exec:\n        - ip addr add 10.0.0.100/24 dev eth0\n"
	"        - ip route add 10.244.0.0/16 via 10.0.0.1\n"
	"  links:\n    - { name: rack, endpoints: [\"tor:eth0\", \"k8s-1:eth0\", \"client:eth0\"] }\n"
	"timeline:\n  - { at: 10s, name: off, crash: k8s-1 }\n  - { at: 20s, end: true }\n"
	"expect:\n  one: { established: all, within: 5s }\n"
	"  two: { reachable: { from: client, to: pods }, within: 5s }\n"
	"  three: { never: [loop] }\n  four: { never: [blackhole] }\n"
	"---\napiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: pool }\n"
	"spec: { cidr: 10.244.0.0/16, ipipMode: Never, vxlanMode: Never, natOutgoing: false }\n"
	"---\napiVersion: projectcalico.org/v3\nkind: Node\nmetadata: { name: k8s-1 }\n"
	"spec: { bgp: { ipv4Address: 10.0.0.11/24 } }\n"
	"---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: { name: tor }\n"
	"spec: { peerIP: 10.0.0.1, asNumber: 65000 }\n";

struct fake {
	struct diag_list diags;
	struct model model;
	struct verdict verdicts[4];
	struct model_expect expects[4];
	struct run run;
};

/* Expectations pass, fail, warn, and are not judged. */
__attribute__((unused)) static void fake_init(struct fake *fake)
{
	memset(fake, 0, sizeof(*fake));
	diag_list_init(&fake->diags);
	const struct model *model =
		topo_load_text(&fake->diags, "fake.topo", fake_topo, strlen(fake_topo));
	for (size_t i = 0; !model && i < fake->diags.count; i++)
		print_message("%s\n", fake->diags.items[i].text);
	assert_non_null(model);
	assert_int_equal(model->expect_count, 4);
	fake->model = *model;
	for (int i = 0; i < 4; i++) {
		fake->expects[i] = model->expects[i];
		fake->verdicts[i] = (struct verdict){ .expect = &fake->expects[i],
						      .result = (enum verdict_result)i,
						      .measured = "1 of 2",
						      .limit = "\xe2\x89\xa4 5s",
						      .first_failing_ns = MODEL_NO_TIME,
						      .why = i ? "because\n  of that" : "" };
	}
	fake->run = (struct run){ .model = &fake->model,
				  .version = "0.0.0",
				  .command = "simrun fake.topo",
				  .world = "simulated",
				  .seed = 7,
				  .events = 123,
				  .digest = 0xabc,
				  .end_ns = INT64_C(20000000000),
				  .wall_ns = 40000000,
				  .verdicts = fake->verdicts,
				  .verdict_count = 4,
				  .session_count = 1,
				  .pod_count = 2,
				  .exit_code = 1 };
}

__attribute__((unused)) static void fake_free(struct fake *fake) { diag_list_free(&fake->diags); }

/* Every name a user can give becomes hostile. */
__attribute__((unused)) static void fake_make_hostile(struct fake *fake)
{
	struct arena *arena = fake->model.arena;
	struct model_node *nodes =
		arena_alloc(arena, fake->model.node_count * sizeof(*nodes));
	memcpy(nodes, fake->model.nodes, fake->model.node_count * sizeof(*nodes));
	for (uint32_t i = 0; i < fake->model.node_count; i++)
		nodes[i].name = arena_printf(arena, "%s%u", HOSTILE, i);
	struct model_link *links =
		arena_alloc(arena, fake->model.link_count * sizeof(*links));
	memcpy(links, fake->model.links, fake->model.link_count * sizeof(*links));
	links[0].name = HOSTILE;
	struct model_flow *flows =
		arena_alloc(arena, fake->model.flow_count * sizeof(*flows));
	memcpy(flows, fake->model.flows, fake->model.flow_count * sizeof(*flows));
	for (uint32_t i = 0; i < fake->model.flow_count; i++)
		flows[i].name = arena_printf(arena, "%s%u", HOSTILE, i);
	fake->model.nodes = nodes;
	fake->model.links = links;
	fake->model.flows = flows;
	fake->model.name = HOSTILE;
	for (int i = 0; i < 4; i++) {
		fake->expects[i].name = i % 2 ? HOSTILE : "\x02" HOSTILE; /* equal once cleaned */
		fake->expects[i].description = HOSTILE;
		fake->verdicts[i].measured = HOSTILE;
		fake->verdicts[i].limit = HOSTILE;
		fake->verdicts[i].why = HOSTILE;
	}
}

/* Runs xmllint on the text; its exit code, or -1 if it is not installed. */
__attribute__((unused)) static int xmllint(const char *option, const char *value,
					   const struct text *xml)
{
	char path[] = "/tmp/simrun-test-XXXXXX";
	int file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(write(file, xml->data, xml->length), (ssize_t)xml->length);
	close(file);
	char program[] = "xmllint", noout[] = "--noout", nonet[] = "--nonet";
	char *first = strdup(option ? option : nonet), *second = strdup(value ? value : path);
	char *arguments[] = { program, noout, first, second, value ? path : NULL, NULL };
	pid_t child;
	int status = -1;
	extern char **environ;
	if (posix_spawnp(&child, program, NULL, NULL, arguments, environ) != 0)
		fail_msg("xmllint is not installed (libxml2-utils)");
	assert_int_equal(waitpid(child, &status, 0), child);
	unlink(path);
	free(first);
	free(second);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
