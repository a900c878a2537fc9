#include "tests/reports/fake_run.h"

#include "reports/show.h"

/* What the seed's author saw on k8s-1, to the letter. */
static const char seed_status[] =
	"Calico process is running.\n"
	"\n"
	"IPv4 BGP status\n"
	"+---------------+---------------+-------+----------+-------------+\n"
	"| PEER ADDRESS  |   PEER TYPE   | STATE |  SINCE   |    INFO     |\n"
	"+---------------+---------------+-------+----------+-------------+\n"
	"| 172.31.13.116 | node specific | up    | 07:52:37 | Established |\n"
	"| 172.31.13.28  | node specific | up    | 07:54:35 | Established |\n"
	"| 172.31.13.29  | node specific | up    | 07:54:35 | Established |\n"
	"+---------------+---------------+-------+----------+-------------+\n"
	"\n"
	"IPv6 BGP status\n"
	"No IPv6 peers found.\n"
	"\n";

struct scene {
	struct diag_list diags;
	const struct model *model;
	struct state *state;
	uint32_t node;
	uint64_t sequence;
};

static void put(struct scene *scene, struct observation *seen, int64_t at_s)
{
	seen->at_ns = at_s * INT64_C(1000000000);
	seen->sequence = ++scene->sequence;
	state_sink(scene->state)->observe(state_sink(scene->state), seen);
}

static void put_node(struct scene *scene, uint32_t node, bool up, int64_t at_s)
{
	struct observation seen = { .kind = OBSERVE_NODE, .node = node };
	seen.node_state.up = up;
	put(scene, &seen, at_s);
}

static void put_process(struct scene *scene, const char *state, int64_t at_s)
{
	struct observation seen = { .kind = OBSERVE_PROCESS, .node = scene->node };
	seen.process.name = "bird";
	seen.process.state = state;
	put(scene, &seen, at_s);
}

static void put_session(struct scene *scene, const char *neighbor, uint32_t peer,
			const char *new_state, const char *error, int64_t at_s)
{
	struct observation seen = { .kind = OBSERVE_SESSION, .node = scene->node };
	seen.session.neighbor = neighbor;
	seen.session.peer = ip_addr_v4(peer);
	seen.session.local = ip_addr_v4(0xac1f0d1b);
	seen.session.old_state = "Idle";
	seen.session.new_state = new_state;
	seen.session.reason = seen.session.error = "";
	seen.session.last_error = error;
	put(scene, &seen, at_s);
}

static void put_neighbor(struct scene *scene, uint32_t address, const char *state, int64_t at_s)
{
	struct observation seen = { .kind = OBSERVE_NEIGHBOR, .node = scene->node };
	seen.neighbor.interface = "eth0";
	seen.neighbor.address = ip_addr_v4(address);
	seen.neighbor.state = state;
	seen.neighbor.mac = (struct mac_addr){ { 2, 0, 0, 0, 0, 7 } };
	put(scene, &seen, at_s);
}

static void begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	diag_list_init(&scene->diags);
	scene->model = topo_load(&scene->diags, SIMRUN_SOURCE "/scenarios/rr-failover.topo");
	assert_non_null(scene->model);
	scene->state = state_new(scene->model);
	scene->node = model_node_find(scene->model, "k8s-1");
	for (uint32_t i = 0; i < scene->model->node_count; i++)
		put_node(scene, i, true, 0);
	put_process(scene, "running", 0);
	/* Not in the order they are printed in. */
	put_session(scene, "Node_172_31_13_116", 0xac1f0d74, "Established", "", 28357);
	put_session(scene, "Node_172_31_13_29", 0xac1f0d1d, "Established", "", 28475);
	put_session(scene, "Node_172_31_13_28", 0xac1f0d1c, "Established", "", 28475);
}

static void end(struct scene *scene)
{
	state_free(scene->state);
	diag_list_free(&scene->diags);
}

static void shows(struct scene *scene, const char *command, const char *wanted)
{
	struct text out;
	text_init(&out);
	assert_true(show_command(scene->state, scene->node, command, &out));
	assert_string_equal(text_string(&out), wanted);
	text_free(&out);
}

static void seed_table_to_the_letter(void **state)
{
	struct scene scene;
	(void)state;
	begin(&scene);
	shows(&scene, "calicoctl node status", seed_status);
	shows(&scene, "  sudo  calicoctl   node status ", seed_status);
	end(&scene);
}

static void lost_sessions(void **state)
{
	struct scene scene;
	(void)state;
	begin(&scene);
	put_session(&scene, "Node_172_31_13_28", 0xac1f0d1c, "Connect",
		    "Socket: Connection refused", 30000);
	shows(&scene, "calicoctl node status",
	      "Calico process is running.\n\nIPv4 BGP status\n"
	      "+---------------+---------------+-------+----------+--------------------------------+\n"
	      "| PEER ADDRESS  |   PEER TYPE   | STATE |  SINCE   |              INFO              |\n"
	      "+---------------+---------------+-------+----------+--------------------------------+\n"
	      "| 172.31.13.116 | node specific | up    | 07:52:37 | Established                    |\n"
	      "| 172.31.13.28  | node specific | start | 08:20:00 | Connect Socket: Connection     |\n"
	      "|               |               |       |          | refused                        |\n"
	      "| 172.31.13.29  | node specific | up    | 07:54:35 | Established                    |\n"
	      "+---------------+---------------+-------+----------+--------------------------------+\n"
	      "\nIPv6 BGP status\nNo IPv6 peers found.\n\n");
	end(&scene);
}

static void daemons_that_do_not_answer(void **state)
{
	struct scene scene;
	(void)state;
	begin(&scene);
	put_process(&scene, "hung", 30000);
	shows(&scene, "calicoctl node status",
	      "Calico process is running.\n\n"
	      "(bird hangs: nothing answers on its control socket)\n\n"
	      "IPv6 BGP status\nNo IPv6 peers found.\n\n");
	put_process(&scene, "running", 30001);
	shows(&scene, "calicoctl node status", seed_status);
	put_process(&scene, "killed", 30002);
	shows(&scene, "calicoctl node status",
	      "Calico process is running.\n\nINFO: BIRDv4 process: 'bird' is not running.\n\n"
	      "IPv6 BGP status\nNo IPv6 peers found.\n\n");
	put_node(&scene, scene.node, false, 30003);
	shows(&scene, "calicoctl node status", "(the node has no power)\n");
	shows(&scene, "ip route", "(the node has no power)\n");
	shows(&scene, "ip neigh show", "(the node has no power)\n");
	end(&scene);
}

static void neighbours(void **state)
{
	struct scene scene;
	(void)state;
	begin(&scene);
	put_neighbor(&scene, 0xac1f0d74, "REACHABLE", 1);
	put_neighbor(&scene, 0xac1f0d1d, "INCOMPLETE", 1);
	put_neighbor(&scene, 0xac1f0d1c, "FAILED", 1);
	put_neighbor(&scene, 0xac1f0dc8, "NONE", 1);
	shows(&scene, "ip neigh",
	      "172.31.13.28 dev eth0 FAILED \n172.31.13.29 dev eth0 INCOMPLETE \n"
	      "172.31.13.116 dev eth0 lladdr 02:00:00:00:00:07 REACHABLE \n");
	put_neighbor(&scene, 0xac1f0d1c, "STALE", 2);
	shows(&scene, "ip n",
	      "172.31.13.28 dev eth0 lladdr 02:00:00:00:00:07 STALE \n"
	      "172.31.13.29 dev eth0 INCOMPLETE \n"
	      "172.31.13.116 dev eth0 lladdr 02:00:00:00:00:07 REACHABLE \n");
	end(&scene);
}

static void unknown_commands(void **state)
{
	struct scene scene;
	struct text out;
	(void)state;
	begin(&scene);
	text_init(&out);
	assert_false(show_command(scene.state, scene.node, "reboot", &out));
	for (uint32_t i = 0; show_command_at(i); i++)
		assert_non_null(strstr(text_string(&out), show_command_at(i)));
	text_free(&out);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seed_table_to_the_letter),
		cmocka_unit_test(lost_sessions),
		cmocka_unit_test(daemons_that_do_not_answer),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(unknown_commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
