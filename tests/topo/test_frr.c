/* FRR's and Quagga's configuration: what a line does, and where a mistake is reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "topo/frr/frr.h"

static struct diag_list diags;
static struct model_interface interfaces[] = { { "eth0", 0, 0 }, { "eth1", MODEL_NONE, 0 } };
static const struct model_node node = { "tor", MODEL_FRR, interfaces, 2, { 0 } };

static int setup(void **state)
{
	(void)state;
	diag_list_init(&diags);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	diag_list_free(&diags);
	return 0;
}

static const struct frr_config *parse(const char *text, enum model_kind kind)
{
	struct yaml_text whole =
		yaml_text_of_file(source_of(&diags, "frr.conf", text, strlen(text)));
	return frr_parse(&diags, &whole, kind);
}

static struct model_config render(const struct frr_config *config)
{
	struct model_config out = { 0 };
	frr_render(&diags, config, &node, &out);
	return out;
}

static struct model_config render_text(const char *text)
{
	return render(parse(text, MODEL_FRR));
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

static void assert_clean(void)
{
	if (diags.count)
		print_diags();
	assert_int_equal(diags.count, 0);
}

static const char *addr(struct ip_addr a)
{
	static char buffer[4][IP_TEXT_MAX];
	static unsigned next;
	return ip_addr_format(a, buffer[next++ % 4]);
}

static const char *prefix(struct ip_prefix p)
{
	static char buffer[4][IP_TEXT_MAX];
	static unsigned next;
	return ip_prefix_format(p, buffer[next++ % 4]);
}

#define SEED                                                                                       \
	"hostname tor\n"                                                                           \
	"interface eth0\n"                                                                         \
	" ip address 172.31.13.116/24\n"                                                           \
	" exit\n"                                                                                  \
	"router bgp 7675\n"                                                                        \
	" bgp router-id 172.31.13.116\n"                                                           \
	" no bgp ebgp-requires-policy\n"                                                           \
	" neighbor 172.31.13.28 remote-as 64512\n"                                                 \
	" neighbor 172.31.13.27 remote-as 64512\n"                                                 \
	" neighbor 172.31.13.27 password rr-secret\n"                                              \
	" exit\n"

static void test_the_seeds_switch(void **state)
{
	(void)state;
	struct model_config out = render_text(SEED);
	assert_clean();
	assert_int_equal(out.address_count, 1);
	assert_int_equal(out.addresses[0].interface, 0);
	assert_string_equal(prefix(out.addresses[0].address), "172.31.13.116/24");
	assert_int_equal(out.addresses[0].pos.line, 3);
	assert_true(out.bgp.enabled);
	assert_string_equal(out.bgp.process, "bgpd");
	assert_string_equal(out.bgp.profile, "frr");
	assert_int_equal(out.bgp.local_as, 7675);
	assert_int_equal(out.bgp.router_id, 0xac1f0d74);
	assert_false(out.bgp.ebgp_requires_policy);
	assert_int_equal(out.bgp.maximum_paths, 64);
	assert_int_equal(out.bgp.neighbor_count, 2);
	const struct model_neighbor *first = &out.bgp.neighbors[0];
	assert_string_equal(first->name, "172.31.13.27"); /* by address, not as written */
	assert_int_equal(first->remote_as, 64512);
	assert_int_equal(first->type, MODEL_PEER_PLAIN);
	assert_string_equal(first->password, "rr-secret");
	assert_int_equal(first->password_pos.line, 10);
	assert_int_equal(first->pos.line, 9);
	assert_string_equal(first->resource, "neighbor 172.31.13.27");
	assert_true(first->ipv4 && !first->ipv6 && !first->multihop);
	assert_null(out.bgp.neighbors[1].password);
}

static void test_defaults_by_kind(void **state)
{
	(void)state;
	static const char text[] = "interface eth0\n ip address 10.0.0.1/24\nrouter bgp 1\n"
				   " neighbor 10.0.0.2 remote-as 2\n";
	struct model_config frr = render(parse(text, MODEL_FRR));
	struct model_config quagga = render(parse(text, MODEL_QUAGGA));
	assert_clean();
	assert_true(frr.bgp.ebgp_requires_policy);
	assert_false(quagga.bgp.ebgp_requires_policy);
	assert_int_equal(quagga.bgp.maximum_paths, 1);
	assert_string_equal(quagga.bgp.profile, "quagga");
	assert_int_equal(frr.bgp.router_id, 0x0a000001);
	struct model_config center = render_text("frr defaults datacenter\ninterface eth0\n"
						 " ip address 10.0.0.1/24\nrouter bgp 1\n"
						 " neighbor 10.0.0.2 remote-as 2\n");
	assert_clean();
	assert_false(center.bgp.ebgp_requires_policy);
	assert_int_equal(center.bgp.neighbors[0].hold_s, 9);
	assert_int_equal(center.bgp.neighbors[0].keepalive_s, 3);
	assert_int_equal(center.bgp.neighbors[0].connect_retry_s, 10);
	struct model_config none = render_text("hostname x\n");
	assert_false(none.bgp.enabled);
	assert_non_null(none.bgp.why_not);
}

static void test_neighbor_lines(void **state)
{
	(void)state;
	struct model_config out = render_text(
		"router bgp 65000\n bgp router-id 1.1.1.1\n bgp cluster-id 9.9.9.9\n"
		" timers bgp 5 15\n bgp graceful-restart\n"
		" neighbor 10.0.0.2 remote-as internal\n neighbor 10.0.0.2 route-reflector-client\n"
		" neighbor 10.0.0.2 next-hop-self force\n neighbor 10.0.0.2 allowas-in\n"
		" neighbor 10.0.0.3 remote-as 65001\n neighbor 10.0.0.3 timers 1 3\n"
		" neighbor 10.0.0.3 timers connect 7\n neighbor 10.0.0.3 ebgp-multihop 4\n"
		" neighbor 10.0.0.3 passive\n neighbor 10.0.0.3 update-source 10.0.0.1\n"
		" neighbor 10.0.0.3 local-as 65010\n neighbor 10.0.0.3 maximum-prefix 100\n"
		" neighbor 10.0.0.4 remote-as 65002\n neighbor 10.0.0.4 ttl-security hops 2\n"
		" neighbor 10.0.0.4 shutdown\n neighbor 10.0.0.4 port 1790\n"
		" neighbor 10.0.0.4 description to the lab\n"
		" maximum-paths 4\n maximum-paths ibgp 2\n network 10.1.0.0/16\n"
		" redistribute connected\n network 10.2.0.0 mask 255.255.0.0\n");
	assert_clean();
	assert_int_equal(out.bgp.neighbor_count, 3);
	const struct model_neighbor *a = &out.bgp.neighbors[0], *b = a + 1, *c = a + 2;
	assert_int_equal(a->remote_as, 65000);
	assert_true(a->rr_client && a->multihop && a->graceful_restart && out.reflector);
	assert_int_equal(a->cluster_id, 0x09090909);
	assert_int_equal(a->next_hop, MODEL_NEXT_HOP_SELF);
	assert_int_equal(a->next_hop_pos.line, 8);
	assert_int_equal(a->allow_as_in, 3);
	assert_int_equal(a->hold_s, 15);
	assert_int_equal(a->timers_pos.line, 4);
	assert_int_equal(b->hold_s, 3);
	assert_int_equal(b->keepalive_s, 1);
	assert_int_equal(b->timers_pos.line, 11);
	assert_int_equal(b->connect_retry_s, 7);
	assert_true(b->multihop && b->passive);
	assert_int_equal(b->ttl_hops, 4);
	assert_string_equal(addr(b->source), "10.0.0.1");
	assert_int_equal(b->local_as, 65010);
	assert_int_equal(b->max_prefixes, 100);
	assert_true(c->ttl_security && c->shutdown);
	assert_int_equal(c->ttl_hops, 2);
	assert_int_equal(c->port, 1790);
	assert_int_equal(out.bgp.maximum_paths, 4);
	assert_int_equal(out.bgp.maximum_paths_ibgp, 2);
	assert_int_equal(out.bgp.network_count, 2);
	assert_string_equal(prefix(out.bgp.networks[1].prefix), "10.2.0.0/16");
	assert_true(out.bgp.redistribute_connected && !out.bgp.redistribute_static);
}

static void test_peer_groups(void **state)
{
	(void)state;
	const struct frr_config *config = parse(
		"router bgp 65000\n bgp router-id 1.1.1.1\n neighbor RR peer-group\n"
		" neighbor RR remote-as 64512\n neighbor RR password s3cret\n"
		" neighbor RR timers 1 3\n neighbor RR shutdown\n"
		" neighbor 10.0.0.2 peer-group RR\n neighbor 10.0.0.3 remote-as 65009\n"
		" neighbor 10.0.0.3 peer-group RR\n neighbor 10.0.0.3 timers 10 30\n"
		" no neighbor 10.0.0.3 shutdown\n"
		" address-family ipv6 unicast\n  neighbor RR activate\n exit-address-family\n",
		MODEL_FRR);
	struct model_config out = render(config);
	assert_clean();
	assert_int_equal(out.bgp.neighbor_count, 2);
	const struct model_neighbor *a = &out.bgp.neighbors[0], *b = a + 1;
	assert_int_equal(a->remote_as, 64512);
	assert_string_equal(a->password, "s3cret");
	assert_int_equal(a->hold_s, 3);
	assert_true(a->shutdown && a->ipv4 && a->ipv6);
	assert_int_equal(b->remote_as, 65009);
	assert_string_equal(b->password, "s3cret");
	assert_int_equal(b->hold_s, 30);
	assert_false(b->shutdown);
}

static void test_families(void **state)
{
	(void)state;
	struct model_config out = render_text(
		"router bgp 65000\n bgp router-id 1.1.1.1\n no bgp default ipv4-unicast\n"
		" neighbor 2001:db8::2 remote-as 65001\n neighbor 10.0.0.3 remote-as 65001\n"
		" address-family ipv6 unicast\n  neighbor 2001:db8::2 activate\n"
		"  network 2001:db8:1::/48\n exit-address-family\n"
		" address-family ipv4 unicast\n  neighbor 10.0.0.3 activate\n"
		"  neighbor 10.0.0.3 route-map ALL in\n exit-address-family\n"
		"route-map ALL permit 10\n");
	assert_clean();
	assert_string_equal(out.bgp.neighbors[0].name, "10.0.0.3");
	assert_true(out.bgp.neighbors[0].ipv4 && !out.bgp.neighbors[0].ipv6);
	assert_true(!out.bgp.neighbors[1].ipv4 && out.bgp.neighbors[1].ipv6);
	assert_non_null(out.bgp.neighbors[0].import);
	assert_null(out.bgp.neighbors[0].export);
	assert_int_equal(out.bgp.neighbors[0].import->count, 1);
	assert_int_equal(out.bgp.neighbors[0].import->rules[0].verdict, MODEL_RULE_ACCEPT);
}

static void test_policy(void **state)
{
	(void)state;
	struct model_config out = render_text(
		"ip prefix-list PODS seq 20 permit 172.27.208.0/22 ge 24 le 26\n"
		"ip prefix-list PODS seq 5 deny 0.0.0.0/0\n"
		"ip prefix-list PODS permit 10.0.0.0/8\n"
		"ip prefix-list REST seq 12 permit any\n"
		"ip prefix-list REST seq 11 deny 10.0.0.0/8\n"
		"route-map IN permit 10\n match ip address prefix-list PODS\n"
		" set local-preference 200\n set community 65000:7 no-export additive\n"
		"route-map IN deny 20\n"
		"router bgp 1\n bgp router-id 1.1.1.1\n neighbor 10.0.0.2 remote-as 2\n"
		" neighbor 10.0.0.2 route-map IN in\n neighbor 10.0.0.2 prefix-list PODS out\n"
		" neighbor 10.0.0.3 remote-as 2\n neighbor 10.0.0.3 prefix-list GONE in\n"
		" neighbor 10.0.0.3 prefix-list REST out\n");
	if (diags.errors)
		print_diags();
	assert_int_equal(diags.errors, 0);
	const struct model_policy *in = out.bgp.neighbors[0].import;
	assert_false(in->accept_rest);
	/* seq 5 denies the default route alone while the map goes on: left out, and said. */
	assert_int_equal(in->rules[0].length_min, 24);
	assert_int_equal(in->rules[0].length_max, 26);
	assert_true(in->rules[0].set_local_pref);
	assert_int_equal(in->rules[0].local_pref, 200);
	assert_int_equal(in->rules[0].add_community_count, 2);
	assert_int_equal(in->rules[0].add_communities[1], 0xffffff01);
	assert_string_equal(prefix(in->rules[1].prefix), "10.0.0.0/8");
	assert_int_equal(in->rules[1].length_max, 8);
	assert_int_equal(in->rules[in->count - 1].verdict, MODEL_RULE_REJECT);
	const struct model_policy *export = out.bgp.neighbors[0].export;
	assert_int_equal(export->count, 2); /* FRR wants a policy for IPv6 too: none, nothing */
	assert_int_equal(out.bgp.neighbors[1].import->count, 0);
	const struct model_policy *rest = out.bgp.neighbors[1].export;
	assert_int_equal(rest->rules[0].verdict, MODEL_RULE_REJECT); /* by sequence */
	assert_int_equal(rest->rules[1].length_min, 0);
	assert_int_equal(rest->rules[1].length_max, 32);
}

static void test_routes_and_forwarding(void **state)
{
	(void)state;
	struct model_config out = render_text("ip forwarding\nip route 10.0.0.0/8 172.31.13.1\n"
					      "ip route 10.1.0.0/16 eth1\n"
					      "ip route 10.2.0.0/16 blackhole\n"
					      "ip route 10.3.0.0/16 Null0\n"
					      "ip route 10.4.0.0/16 172.31.13.1 eth0\n"
					      "no ip route 10.3.0.0/16 Null0\n");
	assert_clean();
	assert_true(out.ip_forward);
	assert_int_equal(out.ip_forward_pos.line, 1);
	assert_int_equal(out.route_count, 4);
	assert_string_equal(addr(out.routes[0].via), "172.31.13.1");
	assert_int_equal(out.routes[0].interface, MODEL_NONE);
	assert_int_equal(out.routes[1].interface, 1);
	assert_true(out.routes[2].blackhole);
	assert_int_equal(out.routes[3].interface, 0);
}

static void test_vtysh_lines(void **state)
{
	(void)state;
	const struct frr_config *before = parse(SEED, MODEL_FRR);
	static const char text[] = "conf t\nrouter bgp 7675\nno neighbor 172.31.13.28\n"
				   "neighbor 172.31.13.27 timers 1 3\nend\nwrite\n";
	struct yaml_text lines =
		yaml_text_of_file(source_of(&diags, "step", text, strlen(text)));
	const struct frr_config *after = frr_apply_lines(&diags, before, &lines);
	struct model_config old = render(before), new = render(after);
	assert_clean();
	assert_int_equal(old.bgp.neighbor_count, 2);
	assert_int_equal(old.bgp.neighbors[0].hold_s, 0);
	assert_int_equal(new.bgp.neighbor_count, 1);
	assert_int_equal(new.bgp.neighbors[0].hold_s, 3);
	assert_string_equal(new.bgp.neighbors[0].password, "rr-secret");
}

/* One row: a text whose only trouble stands at line:column, and a word its report must hold. */
static void test_where_mistakes_are(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *code, *note;
	} rows[] = {
		{ "neighbor 172.31.13.27 remote-as 64512\n", 1, 1, "E302", "router bgp AS" },
		{ "router bgp 1\n neighbor 10.0.0.2 remot-as 2\n", 2, 20, "E301", "remote-as" },
		{ "router bgp 1\n nieghbor 10.0.0.2 remote-as 2\n", 2, 2, "E301", "neighbor" },
		{ "router bgp 1\n neighbor 10.0.0.2 remote-as 5000000000\n", 2, 30, "E301", NULL },
		{ "router bgp 1\n neighbor 10.0.0.2 remote-as\n", 2, 20, "E301", "AS number" },
		{ "router bgp 1\n neighbor 10.0.0.2 remote-as 2 now\n", 2, 32, "E301", NULL },
		{ "router bgp 1\n neighbor 10.0.0.300 remote-as 2\n", 2, 11, "E301", NULL },
		{ "router bgp 1\n neighbor 10.0.0.2 password x\n", 2, 11, "E308", "remote-as AS" },
		{ "router bgp 1\nrouter bgp 2\n", 2, 1, "E307", NULL },
		{ "router bgp 1 vrf RED\n neighbor 10.0.0.2 remote-as 2\n", 1, 1, "E306", NULL },
		{ "ip route 10.0.0.0 eth0\n", 1, 10, "E301", NULL },
		{ "router bgp 1\n no end\n", 2, 2, "E304", NULL },
		{ "interface eth0\n ip adress 10.0.0.1/24\n", 2, 5, "E301", "address" },
		{ "route-map X permit 10\n match ip adress prefix-list P\n", 2, 2, NULL, NULL },
		{ "router bgp 1\n bgp bestpath as-path multipath-relax\n", 2, 2, "W321", NULL },
		{ "router ospf\n network 10.0.0.0/8 area 0\n neighbor 1.2.3.4\n", 1, 1, "W321",
		  NULL },
		{ "router bgp 1\n address-family l2vpn evpn\n  neighbor X activate\n  "
		  "advertise-all-vni\n"
		  " exit-address-family\n neighbor 10.0.0.2 remote-as 2\n",
		  2, 2, "W321", NULL },
		{ "router bgp 1\n network 10.0.0.1/8\n", 2, 10, "W322", NULL },
		{ "router bgp 1\n timers bgp 1 2\n", 2, 15, "E305", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		diag_list_free(&diags);
		diag_list_init(&diags);
		parse(rows[i].text, MODEL_FRR);
		const struct diag *diag = diags.items;
		bool fits =
			diags.count == 1 && diag->pos.line == rows[i].line &&
			diag->pos.column == rows[i].column &&
			(!rows[i].code || strcmp(diag->code, rows[i].code) == 0) &&
			(!rows[i].note || (diag->notes && strstr(diag->notes->text, rows[i].note)));
		if (!fits) {
			print_diags();
			fail_msg("row %zu: %s", i, rows[i].text);
		}
	}
}

static void test_where_it_cannot_stand(void **state)
{
	(void)state;
	struct yaml_text whole;
	static const char text[] = "router bgp 1\n no bgp ebgp-requires-policy\n";
	whole = yaml_text_of_file(source_of(&diags, "bgpd.conf", text, strlen(text)));
	frr_parse(&diags, &whole, MODEL_QUAGGA);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.items[0].code, "E303");
	render_text("interface eth7\n ip address 10.0.0.1/24\n");
	assert_string_equal(diags.items[1].code, "E309");
	assert_non_null(strstr(diags.items[1].notes->text, "eth0"));
	render_text("router bgp 1\n neighbor 10.0.0.2 remote-as 2\n");
	assert_string_equal(diags.items[2].code, "E310");
}

/* Every code that is reported above is explained, once. */
static void test_codes(void **state)
{
	(void)state;
	for (size_t i = 0; frr_code_at(i); i++) {
		assert_int_equal(strlen(frr_code_at(i)->code), 4);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(frr_code_at(i)->code, frr_code_at(k)->code);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_the_seeds_switch), TEST(test_defaults_by_kind), TEST(test_neighbor_lines),
		TEST(test_peer_groups), TEST(test_families), TEST(test_policy),
		TEST(test_routes_and_forwarding), TEST(test_vtysh_lines),
		TEST(test_where_mistakes_are), TEST(test_where_it_cannot_stand), TEST(test_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
