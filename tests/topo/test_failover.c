/* The seed's network as a scenario: what Calico, FRR, commands and timeline make of it together. */
#include <signal.h>
#include <unistd.h>

#include "tests/topo/topo_test.h"

#define S INT64_C(1000000000)

static uint32_t unique(const struct model *model, uint32_t revision, struct arena *arena)
{
	uint32_t count, good = 0;
	struct topo_session *sessions = topo_sessions(model, revision, arena, &count);
	for (uint32_t i = 0; i < count; i++)
		good += sessions[i].status == TOPO_SESSION_UNIQUE_MATCH;
	return good == count ? good : 0;
}

static void conventions_example(void **state)
{
	const char *path = SIMRUN_SHARED "/conventions/rr-failover.topo";
	struct diag_list diags;
	(void)state;
	if (access(path, R_OK) != 0) {
		print_message("shared data not here: %s\n", path);
		skip();
	}
	diag_list_init(&diags);
	const struct model *m = topo_load(&diags, path);
	print_diags(&diags);
	assert_non_null(m);
	assert_int_equal(diags.warnings, 0);
	assert_string_equal(m->name, "rr-failover");
	assert_int_equal(m->node_count, 5);
	assert_int_equal(m->resource_count, 8);
	assert_int_equal(m->revision_count, 3);
	assert_int_equal(unique(m, 0, &diags.arena), 10); /* 5 sessions, both sides */
	assert_int_equal(unique(m, 1, &diags.arena), 0);  /* the switch still has k8s-2 */
	assert_int_equal(unique(m, 2, &diags.arena), 6);
	const struct model_config *k1 = m->revisions[0].nodes[1];
	assert_true(k1->reflector);
	assert_int_equal(k1->bgp.local_as, 64512);
	assert_int_equal(k1->bgp.neighbor_count, 3);
	assert_int_equal(k1->bgp.neighbors[0].next_hop, MODEL_NEXT_HOP_KEEP);
	assert_string_equal(k1->bgp.neighbors[0].password, "rr-secret");
	assert_string_equal(k1->pods[0].name, "k8s-1/172.27.208.5");
	assert_string_equal(address_text(k1->addresses[0].address.addr), "172.31.13.27");
	assert_ptr_equal(m->revisions[0].nodes[0], m->revisions[1].nodes[0]);
	assert_ptr_equal(m->revisions[0].nodes[1],
			 m->revisions[2].nodes[1]); /* nothing new for it */
	assert_int_equal(m->step_count, 6);
	assert_int_equal(m->steps[2].signal, SIGKILL);
	assert_string_equal(m->steps[3].text, "kubectl label node k8s-2 route-reflector-");
	assert_string_equal(m->steps[4].text, "tor: vtysh, no neighbor 172.31.13.28");
	assert_int_equal(m->steps[4].revision, 2);
	assert_int_equal(m->end_ns, 600 * S);
	assert_int_equal(m->expect_count, 6);
	assert_int_equal(m->expects[1].flow_count, 6);
	assert_int_equal(m->expects[3].flow_count, 4);
	assert_int_equal(m->expects[3].from_ns, 60 * S);
	assert_int_equal(m->expects[3].until_ns, 300 * S);
	assert_int_equal(m->expects[5].route_count, 3);
	assert_int_equal(m->flow_count, 16);
	diag_list_free(&diags);
}

#define CLUSTER(rr_peer_extra)                                                                     \
	"---\napiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: p }\n"             \
	"spec: { cidr: 10.244.0.0/16, ipipMode: Never, vxlanMode: Never, natOutgoing: false }\n"   \
	"---\napiVersion: projectcalico.org/v3\nkind: BGPConfiguration\n"                          \
	"metadata: { name: default }\nspec: { asNumber: 64512, nodeToNodeMeshEnabled: true }\n"    \
	"---\napiVersion: projectcalico.org/v3\nkind: Node\nmetadata: { name: a }\n"               \
	"spec: { bgp: { ipv4Address: 10.0.0.1/24 } }\n"                                            \
	"---\napiVersion: projectcalico.org/v3\nkind: Node\nmetadata: { name: b }\n"               \
	"spec: { bgp: { ipv4Address: 10.0.0.2/24 } }\n" rr_peer_extra

static const char cluster_head[] =
	"simrun: 1\n"
	"topology:\n"
	"  nodes:\n"
	"    a: { kind: calico-node, pods: 3 }\n"
	"    b: { kind: calico-node, pods: [{ name: web, address: 10.244.7.9 }], "
	"block: 10.244.7.0/26 }\n"
	"  links: [{ endpoints: [\"a:eth0\", \"b:eth0\"] }]\n";

static struct loaded load_cluster(const char *middle, const char *resources)
{
	struct text text = { 0 };
	text_printf(&text, "%s%s%s", cluster_head, middle, resources);
	struct loaded loaded = load_text(text_string(&text));
	if (!loaded.model)
		print_diags(&loaded.diags);
	assert_non_null(loaded.model);
	text_free(&text);
	return loaded;
}

/* kubectl delete pods restarts daemons; resources come and go; revisions share what stays. */
static void commands_of_the_timeline(void **state)
{
	(void)state;
	struct loaded l = load_cluster(
		"timeline:\n"
		"  - at: 1s\n"
		"    name: roll\n"
		"    kubectl: delete pods -n kube-system -l k8s-app=calico-node\n"
		"  - at: 2s\n"
		"    name: mesh-off\n"
		"    apply:\n"
		"      apiVersion: projectcalico.org/v3\n"
		"      kind: BGPConfiguration\n"
		"      metadata: { name: default }\n"
		"      spec: { asNumber: 64512, nodeToNodeMeshEnabled: false }\n"
		"  - at: 3s\n"
		"    calicoctl: |\n"
		"      apply -f - << EOF\n"
		"      apiVersion: projectcalico.org/v3\n"
		"      kind: BGPPeer\n"
		"      metadata: { name: pair }\n"
		"      spec: { nodeSelector: all(), peerSelector: all() }\n"
		"      EOF\n"
		"  - { at: 4s, delete: { apiVersion: projectcalico.org/v3, kind: BGPPeer, "
		"metadata: { name: pair } } }\n"
		"expect:\n"
		"  web: { reachable: { from: { pods-on: a }, to: web } }\n"
		"  mesh: { established: { node: a, neighbor: 10.0.0.2 }, at: 500ms }\n",
		CLUSTER(""));
	const struct model *m = l.model;
	print_diags(&l.diags);
	assert_int_equal(m->step_count, 4);
	assert_int_equal(m->steps[0].kind, MODEL_STEP_RESTART);
	assert_int_equal(m->steps[0].node_count, 2);
	assert_string_equal(m->steps[1].text, "apply BGPConfiguration/default");
	assert_int_equal(m->revision_count, 4);
	assert_int_equal(m->revisions[0].nodes[0]->bgp.neighbor_count, 1);
	assert_int_equal(m->revisions[1].nodes[0]->bgp.neighbor_count, 0);
	assert_int_equal(m->revisions[2].nodes[0]->bgp.neighbor_count, 1);
	assert_int_equal(m->revisions[3].nodes[0]->bgp.neighbor_count, 0);
	assert_int_equal(m->revisions[0].nodes[0]->pod_count, 3);
	const struct model_block *block = &m->revisions[0].nodes[0]->blocks[0];
	assert_true(ip_prefix_contains(block->prefix, m->revisions[0].nodes[0]->pods[2].address));
	assert_true(ip_prefix_equal(block->prefix, m->revisions[3].nodes[0]->blocks[0].prefix));
	assert_int_equal(m->expects[0].flow_count, 3);
	assert_string_equal(m->flows[0].name + strlen(m->flows[0].name) - 3, "web");
	unload(&l);
}

/* The whole procedure of the seed, typed step by step: the mesh, then reflectors and the switch. */
static void procedure_step_by_step(void **state)
{
	struct diag_list diags;
	(void)state;
	diag_list_init(&diags);
	const struct model *m =
		topo_load(&diags, SIMRUN_SOURCE "/tests/topo/bad/fine-seed-procedure.topo");
	assert_non_null(m);
	assert_int_equal(m->revision_count, 6);
	assert_int_equal(m->revisions[0].nodes[1]->bgp.neighbors[0].type, MODEL_PEER_MESH);
	assert_int_equal(unique(m, 5, &diags.arena), 10);
	assert_string_equal(m->steps[4].text, "calicoctl apply BGPPeer/rr-peer");
	/* The line of the heredoc that names the BGPPeer, in the file. */
	assert_int_equal(m->revisions[5].nodes[1]->bgp.neighbors[0].pos.line, 52);
	diag_list_free(&diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conventions_example),
		cmocka_unit_test(commands_of_the_timeline),
		cmocka_unit_test(procedure_step_by_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
