/* Commands typed on a machine: what they change, and what Linux would refuse. */
#include "tests/topo/topo_test.h"

#define HEAD "simrun: 1\ntopology:\n  nodes:\n    h: \n      kind: host\n      exec:\n"
#define TAIL "    g: { kind: host }\n  links:\n    - endpoints: [\"h:eth0\", \"g:eth0\"]\n" \
	     "    - endpoints: [\"h:eth1\", \"g:eth1\"]\n"

static struct loaded load_exec(const char *line)
{
	char text[2048];
	snprintf(text, sizeof(text), HEAD "        - ip addr add 10.0.0.1/24 dev eth0\n"
		 "        - %s\n" TAIL, line);
	return load_text(text);
}

struct good_row {
	const char *line;
	uint32_t addresses, routes, filters;
};

static void commands_that_work(void **state)
{
	static const struct good_row rows[] = {
		{ "ip address add 10.0.1.1/24 brd + dev eth1", 2, 0, 0 },
		{ "ip a a 10.0.1.1/24 dev eth1", 2, 0, 0 },
		{ "ip addr add 10.0.1.1 dev lo", 2, 0, 0 },
		{ "ip addr replace 10.0.0.1/24 dev eth0", 1, 0, 0 },
		{ "ip addr del 10.0.0.1/24 dev eth0", 0, 0, 0 },
		{ "ip -6 addr add 2001:db8::1/64 dev eth1", 2, 0, 0 },
		{ "ip route add default via 10.0.0.254", 1, 1, 0 },
		{ "sudo ip r add 172.27.208.0/22 via 10.0.0.2 dev eth0 metric 20 proto static", 1,
		  1, 0 },
		{ "ip route add 10.9.0.0/16 dev eth0 scope link", 1, 1, 0 },
		{ "ip route add blackhole 10.9.0.0/16", 1, 1, 0 },
		{ "ip route replace 10.9.0.0/16 via 10.0.0.2", 1, 1, 0 },
		{ "ip link set dev eth0 up", 1, 0, 0 },
		{ "ip link set eth0 up", 1, 0, 0 },
		{ "iptables -A INPUT -p tcp --dport 179 -j DROP", 1, 0, 1 },
		{ "iptables -I FORWARD -s 10.0.0.0/8 -d 10.1.2.3/8 -i eth0 -j REJECT", 1, 0, 1 },
		{ "iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT", 1, 0, 1 },
		{ "iptables -F", 1, 0, 0 },
		{ "sysctl -w net.ipv4.ip_forward=1", 1, 0, 0 },
		{ "setenforce 0", 1, 0, 0 },
		{ "systemctl stop firewalld", 1, 0, 0 },
		{ "sed -i 's/^ *SELINUX=enforcing/SELINUX=disabled/g' /etc/selinux/config", 1, 0,
		  0 },
		{ "true   # nothing", 1, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l = load_exec(rows[i].line);
		if (!l.model) {
			print_message("%s\n", rows[i].line);
			print_diags(&l.diags);
		}
		assert_non_null(l.model);
		const struct model_config *config = l.model->revisions[0].nodes[0];
		assert_int_equal(config->address_count, rows[i].addresses);
		assert_int_equal(config->route_count, rows[i].routes);
		assert_int_equal(config->filter_count, rows[i].filters);
		unload(&l);
	}
}

struct bad_row {
	const char *line, *code;
	uint32_t column; /* in the line */
};

static void commands_that_do_not(void **state)
{
	static const struct bad_row rows[] = {
		{ "ip addr add 10.0.0.1/24 dev eth0", "E503", 1 },
		{ "ip addr del 10.0.0.9/24 dev eth0", "E503", 1 },
		{ "ip addr add 10.0.0.2/24 dev eth9", "E503", 29 },
		{ "ip addr add 10.0.0.2/33 dev eth0", "E502", 13 },
		{ "ip addr add 10.0.0.2/24", "E502", 1 },
		{ "ip addr add 10.0.0.2/24 dev", "E502", 25 },
		{ "ip addr add 10.0.0.2/24 dev eth0 label x", "E502", 34 },
		{ "ip route add 10.9.0.1/16 via 10.0.0.2", "E031", 14 },
		{ "ip route add 10.9.0.0/16", "E502", 1 },
		{ "ip route add 10.9.0.0/16 via 10.0.0.2 src 10.0.0.1", "E502", 39 },
		{ "ip route add 10.9.0.0/16 via 2001:db8::1", "E502", 30 },
		{ "ip route add 10.9.0.0/16 via 10.7.0.1", "E032", 14 },
		{ "ip route del 10.9.0.0/16", "E503", 1 },
		{ "ip route show", "E501", 10 },
		{ "ip link set eth0 down", "E501", 18 },
		{ "ip neigh add x", "E501", 4 },
		{ "ifconfig eth0 up", "E501", 1 },
		{ "sysctl -w net.ipv4.ip_forwad=1", "E505", 11 },
		{ "sysctl -w net.ipv4.ip_forward=2", "E505", 11 },
		{ "iptables -A INPUT -p gre -j DROP", "E502", 22 },
		{ "iptables -A INPUT --dport 80 -j DROP", "E502", 1 },
		{ "iptables -t nat -A POSTROUTING -j MASQUERADE", "E501", 10 },
		{ "iptables -D INPUT -j DROP", "E503", 1 },
		{ "ip addr add $IP dev eth0", "E504", 13 },
		{ "ip route add default via 10.0.0.2 | cat", "E504", 35 },
		{ "echo 1 >> /proc/x", "E501", 11 },
		{ "ip addr add '10.0.0.2/24 dev eth0", "E504", 13 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l = load_exec(rows[i].line);
		const struct diag *diag = find_code(&l.diags, rows[i].code);
		if (l.model || !diag || diag->pos.column != rows[i].column + 10) {
			print_message("%s: %s at %u\n", rows[i].line, rows[i].code,
				      diag ? diag->pos.column - 10 : 0);
			print_diags(&l.diags);
		}
		assert_null(l.model);
		assert_non_null(diag);
		assert_int_equal(diag->pos.line, 8);
		assert_int_equal(diag->pos.column, rows[i].column + 10);
		unload(&l);
	}
}

static void sysctl_conf_needs_p(void **state)
{
	(void)state;
	struct loaded l =
		load_exec("|\n          echo \"net.ipv4.ip_forward=1\" >> /etc/sysctl.conf\n"
			  "          sysctl -p");
	assert_non_null(l.model);
	assert_true(l.model->revisions[0].nodes[0]->ip_forward);
	assert_int_equal(l.model->revisions[0].nodes[0]->ip_forward_pos.line, 9);
	unload(&l);
	l = load_exec("echo \"net.ipv4.ip_forward=1\" >> /etc/sysctl.conf");
	assert_non_null(l.model);
	assert_false(l.model->revisions[0].nodes[0]->ip_forward);
	assert_non_null(find_code(&l.diags, "W043"));
	unload(&l);
}

static void steps_change_a_copy(void **state)
{
	(void)state;
	struct loaded l = load_good(HEAD "        - ip addr add 10.0.0.1/24 dev eth0\n"
		"        - ip route add default via 10.0.0.2\n" TAIL
		"timeline:\n  - { at: 2s, exec: { h: ip route del default } }\n"
		"  - at: 1s\n    exec:\n      h: [ip route add 10.9.0.0/16 via 10.0.0.3]\n"
		"  - { at: 9s, end: true }\n");
	assert_int_equal(l.model->revision_count, 3);
	assert_int_equal(l.model->revisions[0].nodes[0]->route_count, 1);
	assert_int_equal(l.model->revisions[1].nodes[0]->route_count, 2);
	assert_int_equal(l.model->revisions[2].nodes[0]->route_count, 1);
	assert_string_equal(address_text(l.model->revisions[2].nodes[0]->routes[0].via),
			    "10.0.0.3");
	assert_ptr_equal(l.model->revisions[0].nodes[1], l.model->revisions[2].nodes[1]);
	assert_int_equal(l.model->steps[0].at_ns, INT64_C(1000000000));
	assert_int_equal(l.model->steps[0].revision, 1);
	assert_string_equal(l.model->steps[1].text, "h: ip route del default");
	unload(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_that_work),
		cmocka_unit_test(commands_that_do_not),
		cmocka_unit_test(sysctl_conf_needs_p),
		cmocka_unit_test(steps_change_a_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
