/* Documents and command lines: what is accepted, what is refused and where, and what a step
 * changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "topo/calico/calico.h"

static struct diag_list diags;
static struct calico_store store;

static int setup(void **state)
{
	(void)state;
	diag_list_init(&diags);
	calico_store_init(&store);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	diag_list_free(&diags);
	return 0;
}

static void print_diags(void)
{
	struct text text;
	text_init(&text);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], &text, false);
	print_message("%s", text_string(&text));
	text_free(&text);
}

static bool add(const char *text)
{
	const struct yaml_node *const *documents;
	size_t count;
	bool good = yaml_documents(&diags, source_of(&diags, "test.yaml", text, strlen(text)),
				   &documents, &count);
	for (size_t i = 0; i < count; i++)
		good &= calico_store_add(&diags, &store, documents[i]);
	return good;
}

static struct calico_effect effect;

static bool command(const char *program, const char *line)
{
	struct yaml_text text =
		yaml_text_of_file(source_of(&diags, "step", line, strlen(line)));
	return calico_store_command(&diags, &store, program, &text, NULL, &effect);
}

#define V3 "apiVersion: projectcalico.org/v3\n"
#define META(kind, name) V3 "kind: " kind "\nmetadata: {name: " name "}\n"

/* ---- where mistakes are -------------------------------------------------------------------------
 */

static void test_reports(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *code, *note;
	} rows[] = {
		{ META("BGPPeer", "x") "spec:\n  peerIP: 1.2.3.4\n  asNumer: 7675\n", 6, 3, "E203",
		  "asNumber" },
		{ META("BGPPeer", "x") "peerIP: 1.2.3.4\n", 4, 1, "E203", "spec.peerIP" },
		{ META("BGPPeer", "x") "spec: {peerIP: 1.2.3.4, asNumber: 1.10}\n", 4, 35, "E204",
		  NULL },
		{ META("BGPPeer", "x") "spec: {peerIP: 1.2.3.400}\n", 4, 16, "E204", NULL },
		{ META("BGPPeer", "x") "spec:\n  peerIP: 1.2.3.4\n"
				       "  nodeSelector: route-reflector = 'true'\n",
		  6, 33, "E205", NULL },
		{ META("BGPPeer", "x") "spec:\n  peerIP: 1.2.3.4\n"
				       "  nodeSelector: \"route-reflector == true\"\n",
		  6, 37, "E205", NULL },
		{ META("BGPPeer", "x") "spec:\n  peerIP: 1.2.3.4\n  nodeSelector: |\n    all()\n",
		  6, 17, "E205", "line break" },
		{ META("BGPPeer", "x") "spec:\n  peerIP: 1.2.3.4\n  nodeSelector: !has(rr)\n", 6,
		  17, "W223", "!has(rr)" },
		{ META("BGPPeer", "x") "spec: {peerIP: 1.2.3.4, filters: [a]}\n", 4, 25, "E209",
		  NULL },
		{ META("BGPPeer", "x") "spec: {peerIP: 1.2.3.4, peerSelector: all()}\n", 4, 8,
		  "E206", NULL },
		{ META("BGPPeer", "x") "spec: {nodeSelector: all()}\n", 3, 18, "W229", NULL },
		{ META("Node", "x") "spec: {bgp: {ipv4Address: 1.2.3.4, routeReflectorClusterID: "
				    "这个可以是节点1的ip}}\n",
		  4, 61, "E204", NULL },
		{ META("Node", "x") "spec: {bgp: {}}\n", 4, 13, "E206", NULL },
		{ META("IPPool", "x") "spec: {cidr: 1.0.0.0/16, asNumber: 5}\n", 4, 26, "E203",
		  NULL },
		{ META("IPPool", "x") "spec: {cidr: 172.27.0.208/22}\n", 4, 14, "E204",
		  "172.27.0.0/22" },
		{ META("IPPool", "x") "spec: {cidr: 1.0.0.0/16, natOutgoing: \"false\"}\n", 4, 39,
		  "E204", NULL },
		{ META("IPool", "x") "spec: {cidr: 1.0.0.0/16}\n", 2, 7, "E202", "IPPool" },
		{ "apiVersion: v1\nkind: BGPPeer\nmetadata: {name: x}\n", 2, 7, "E202",
		  "projectcalico.org/v3" },
		{ "kind: BGPPeer\nmetadata: {name: x}\n", 1, 1, "E201", NULL },
		{ V3 "kind: BGPPeer\nspec: {peerIP: 1.2.3.4}\n", 1, 1, "E201", NULL },
		{ META("BGPConfiguration", "node.a") "spec: {asNumber: 5}\n", 4, 8, "E210", NULL },
		{ META("BGPConfiguration", "mine") "spec: {listenPort: 5}\n", 3, 18, "W226", NULL },
		{ META("FelixConfiguration", "default") "spec: {bpfEnabled: true}\n", 3, 18, "W222",
		  NULL },
		{ V3 "kind: Node\nmetadata:\n  name: x\n  labels:\n    rr: yes\n", 6, 9, "W224",
		  "yes" },
		{ "apiVersion: v1\nkind: Node\nmetadata:\n  name: x\n  labels:\n    rr: true\n", 6,
		  9, "E204", NULL },
		{ "apiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata: {name: x}\n"
		  "spec: {cidr: 1.0.0.0/16}\n",
		  1, 13, "W221", NULL },
		{ "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {k: p-w}\n", 4, 11,
		  "E204", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		teardown(NULL);
		setup(NULL);
		bool good = add(rows[i].text);
		const struct diag *diag = diags.items;
		bool note = diags.count && (!rows[i].note || strstr(diag->text, rows[i].note) ||
			    (diag->notes && strstr(diag->notes->text, rows[i].note)));
		if (diags.count != 1 || strcmp(diag->code, rows[i].code) != 0 || !note ||
		    diag->pos.line != rows[i].line || diag->pos.column != rows[i].column ||
		    good != (rows[i].code[0] == 'W')) {
			print_diags();
			fail_msg("row %zu: %s", i, rows[i].text);
		}
	}
}

static void test_pools_against_each_other(void **state)
{
	(void)state;
	assert_true(add(META("IPPool", "a") "spec: {cidr: 10.0.0.0/16}\n"));
	assert_false(add(META("IPPool", "b") "spec: {cidr: 10.0.4.0/22}\n"));
	assert_string_equal(diags.items[0].code, "E208");
	assert_false(add(META("IPPool", "a") "spec: {cidr: 10.1.0.0/16}\n"));
	assert_true(add(META("IPPool", "a") "spec: {cidr: 10.0.0.0/16, ipipMode: Always}\n"));
	assert_int_equal(calico_store_count(&store), 1);
}

static void test_lists_and_copies(void **state)
{
	(void)state;
	assert_true(add(V3
			"kind: NodeList\nitems:\n"
			"- {apiVersion: projectcalico.org/v3, kind: Node, metadata: {name: b}}\n"
			"- {apiVersion: projectcalico.org/v3, kind: Node, metadata: {name: a}}\n"));
	struct calico_store before = calico_store_copy(&store);
	assert_true(add(META("Node", "c") "---\n" META("Node", "a") "---\n"));
	uint32_t count;
	const char **names = calico_node_names(&diags, &store, &count);
	assert_int_equal(count, 3);
	assert_string_equal(names[0], "a");
	assert_string_equal(names[2], "c");
	assert_int_equal(calico_store_count(&before), 2);
	calico_node_names(&diags, &before, &count);
	assert_int_equal(count, 2);
	struct calico_store after = calico_store_copy(&store);
	assert_true(command("calicoctl", "delete node b"));
	assert_int_equal(calico_store_count(&store), 2);
	assert_int_equal(calico_store_count(&after), 3);
	assert_int_equal(calico_node_pos(&after, "b").line, 4);
}

/* ---- commands
 * ------------------------------------------------------------------------------------- */

/* The names of a node's sessions, after a render. */
static const char *sessions(const char *node)
{
	struct model_interface interface = { "eth0", 0, 0 };
	struct model_config config = { 0 }, *out = &config;
	struct model_node model = { node, MODEL_CALICO_NODE, &interface, 1, { 0 } };
	const char *text = "";
	assert_true(calico_render(&diags, &store, &model, 1, &out));
	for (uint32_t i = 0; i < config.bgp.neighbor_count; i++)
		text = arena_printf(&diags.arena, "%s%s%s%s", text, *text ? " " : "",
				    config.bgp.neighbors[i].name,
				    config.bgp.neighbors[i].rr_client ? "+" : "");
	return text;
}

/* The seed's own procedure, in its own words. */
static void test_the_seeds_commands(void **state)
{
	(void)state;
	assert_true(add(META("Node", "k8s-1") "spec: {bgp: {ipv4Address: 172.31.13.27/24}}\n---\n"
			META("Node", "k8s-2") "spec: {bgp: {ipv4Address: 172.31.13.28/24}}\n---\n"
			META("Node", "k8s-3") "spec: {bgp: {ipv4Address: 172.31.13.29/24}}\n"));
	assert_string_equal(sessions("k8s-3"), "Mesh_172_31_13_27 Mesh_172_31_13_28");
	assert_true(command("calicoctl",
			    "calicoctl apply -f - << EOF\n" V3
			    "kind: BGPConfiguration\nmetadata:\n  name: default\nspec:\n"
			    "  logSeverityScreen: Info\n  nodeToNodeMeshEnabled: false "
			    "#为了禁用默认的full-mesh\n"
			    "  asNumber: 64512 # calico集群,默认as number\nEOF\n"));
	assert_true(effect.changed && !effect.restart);
	assert_string_equal(sessions("k8s-3"), "");
	assert_true(command("calicoctl", "patch node k8s-1 -p '{\"spec\": {\"bgp\": "
					 "{\"routeReflectorClusterID\": \"172.31.13.27\"}}}'"));
	assert_true(command("kubectl", "kubectl label node k8s-1 route-reflector=true"));
	assert_true(command("calicoctl", "apply -f - << EOF\nkind: BGPPeer\n" V3 "metadata:\n"
		"  name: peer-with-route-reflectors\nspec:\n  nodeSelector: all()\n"
		"  peerSelector: route-reflector == 'true'\nEOF\n"));
	assert_string_equal(sessions("k8s-3"), "Node_172_31_13_27");
	assert_string_equal(sessions("k8s-1"), "Node_172_31_13_28+ Node_172_31_13_29+");
	assert_true(command("kubectl", "delete pods -n kube-system -l k8s-app=calico-node"));
	assert_true(effect.restart && !effect.changed);
	assert_int_equal(effect.node_count, 0);
	assert_true(command("kubectl", "delete pods -n kube-system -l k8s-app=calico-node "
				       "--field-selector spec.nodeName=k8s-2"));
	assert_int_equal(effect.node_count, 1);
	assert_string_equal(effect.nodes[0], "k8s-2");
	assert_true(command("kubectl", "label node k8s-1 route-reflector-"));
	diags.count = 0;
	assert_string_equal(sessions("k8s-3"), "");
	assert_int_equal(diags.errors, 0);
}

static void test_other_commands(void **state)
{
	(void)state;
	assert_true(add("apiVersion: v1\nkind: Node\nmetadata: {name: a, labels: {x: '1'}}\n---\n"
			META("Node", "a") "spec: {bgp: {ipv4Address: 10.0.0.1/24}}\n---\n"
			META("Node", "b") "spec: {bgp: {ipv4Address: 10.0.0.2/24}}\n---\n"
			META("BGPPeer", "p") "spec: {peerIP: 10.0.0.9, asNumber: 1, node: b}\n"));
	assert_true(command("kubectl",
			    "annotate node a projectcalico.org/RouteReflectorClusterID=1.1.1.1"));
	assert_string_equal(sessions("b"), "Node_10_0_0_9");
	assert_true(
		command("kubectl", "annotate node a projectcalico.org/RouteReflectorClusterID-"));
	assert_string_equal(sessions("b"), "Mesh_10_0_0_1 Node_10_0_0_9");
	assert_true(command("kubectl", "label nodes a x=2 y=3 --overwrite"));
	assert_true(command("calicoctl",
			    "patch bgppeer p --patch='{\"spec\":{\"peerIP\":\"10.0.0.8\"}}'"));
	assert_string_equal(sessions("b"), "Mesh_10_0_0_1 Node_10_0_0_8");
	assert_true(command("kubectl", "rollout restart daemonset calico-node -n kube-system"));
	assert_true(effect.restart);
	assert_true(command("calicoctl", "delete bgppeer p"));
	assert_string_equal(sessions("b"), "Mesh_10_0_0_1");
	assert_int_equal(diags.count, 0);
}

static void test_command_mistakes(void **state)
{
	(void)state;
	static const struct {
		const char *program, *line, *code;
		uint32_t column;
	} rows[] = {
		{ "kubectl", "lable node a x=1", "E211", 1 },
		{ "kubectl", "label node c x=1", "E212", 12 },
		{ "kubectl", "label node a x=2", "E214", 14 },
		{ "kubectl", "label node a", "E211", 1 },
		{ "kubectl", "label nod a x=1", "E211", 7 },
		{ "kubectl", "edit cm -n kube-system calico-config", "E211", 1 },
		{ "kubectl", "delete pods -l k8s-app=calico-node", "E211", 1 },
		{ "kubectl", "delete pods -n kube-system -l app=x", "E211", 31 },
		{ "kubectl", "label node a x=1 --dry-run", "E211", 18 },
		{ "calicoctl", "patch node a -p '{\"spec\": {\"bgp\": {\"asNumbr\": 1}}}'", "E203",
		  36 },
		{ "calicoctl", "patch node a", "E211", 1 },
		{ "calicoctl", "apply -f nowhere.yaml", "E001", 10 },
		{ "calicoctl", "node status", "E211", 1 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		teardown(NULL);
		setup(NULL);
		assert_true(add(V3 "kind: Node\nmetadata: {name: a, labels: {x: '1'}}\n"));
		bool good = command(rows[i].program, rows[i].line);
		if (good || diags.count != 1 || strcmp(diags.items[0].code, rows[i].code) != 0 ||
		    diags.items[0].pos.column != rows[i].column ||
		    strcmp(diags.items[0].pos.source->path, "step") != 0) {
			print_diags();
			fail_msg("row %zu: %s", i, rows[i].line);
		}
	}
}

static void test_render_mistakes(void **state)
{
	(void)state;
	struct model_interface interface = { "eth0", 0, 0 };
	struct model_config config = { 0 }, *out = &config;
	struct model_node node = { "a", MODEL_CALICO_NODE, &interface, 1, { 0 } };
	static const char text[] =
		META("Node", "a") "spec: {bgp: {ipv4Address: 10.0.0.1/24}}\n---\n"
		META("BGPPeer", "p") "spec: {peerIP: 10.0.0.9}\n---\n"
		META("BGPPeer", "q") "spec: {peerIP: 10.0.0.8, asNumber: 1, node: nobody}\n---\n"
		META("BGPPeer", "r") "spec: {peerIP: 10.0.0.7, asNumber: 1}\n---\n"
		META("BGPPeer", "s") "spec: {peerIP: 10.0.0.7, asNumber: 2}\n---\n"
		META("BGPPeer", "t") "spec: {peerIP: 10.0.0.6, asNumber: 2, password: "
		"{secretKeyRef: {name: x, key: y}}}\n";
	assert_true(add(text));
	assert_int_equal(diags.count, 0);
	assert_false(calico_render(&diags, &store, &node, 1, &out));
	const char *expected[] = { "E213", "W228", "W227", "W225" };
	assert_int_equal(diags.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(diags.items[i].code, expected[i]);
	assert_int_equal(config.bgp.neighbor_count, 2);
	assert_int_equal(config.bgp.neighbors[1].remote_as, 1);
}

static void test_codes(void **state)
{
	(void)state;
	for (size_t i = 0; calico_code_at(i); i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(calico_code_at(i)->code, calico_code_at(k)->code);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_reports),          TEST(test_pools_against_each_other),
		TEST(test_lists_and_copies), TEST(test_the_seeds_commands),
		TEST(test_other_commands),   TEST(test_command_mistakes),
		TEST(test_render_mistakes),  TEST(test_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
