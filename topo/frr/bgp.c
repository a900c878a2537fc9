/* What the lines under `router bgp` do, the neighbors' apart. */
#include "topo/frr/grammar.h"

FRR_ACTION(frr_do_router_bgp)
{
	struct frr_config *config = reader->config;
	struct frr_bgp *bgp = &config->bgp;
	bool named = args[0].kind == FRR_ARG_NUMBER;
	if (row->value == 1) {
		diag_add(reader->diags, DIAG_ERROR, "E306", reader->pos,
			 "views and VRFs of BGP are not simulated");
		reader->context = FRR_AT_OTHER;
		return;
	}
	if (bgp->present && named && bgp->as != (uint32_t)args[0].number) {
		diag_add(reader->diags, DIAG_ERROR, "E307", reader->pos,
			 "BGP is already running here; its AS is %u", bgp->as);
		diag_note(reader->diags, "one router has one `router bgp`");
		return;
	}
	if (no) {
		frr_bgp_init(bgp, config);
		return;
	}
	if (!named && !bgp->present) {
		diag_add(reader->diags, DIAG_ERROR, "E301", reader->pos, "the line ends too early");
		diag_note(reader->diags, "expected an AS number, 1 .. 4294967295 after `bgp`");
		return;
	}
	if (!bgp->present) {
		frr_bgp_init(bgp, config);
		bgp->present = true;
		bgp->as = (uint32_t)args[0].number;
		bgp->pos = reader->pos;
	}
	reader->context = FRR_AT_BGP;
}

FRR_ACTION(frr_do_family)
{
	(void)args, (void)no;
	reader->context = (enum frr_context)row->value;
}

FRR_ACTION(frr_do_router_id)
{
	(void)row;
	reader->config->bgp.router_id = no ? 0 : ip_addr_to_v4(args[0].addr);
}

FRR_ACTION(frr_do_cluster_id)
{
	(void)row;
	uint32_t id = args[0].kind == FRR_ARG_ADDR ? ip_addr_to_v4(args[0].addr)
						   : (uint32_t)args[0].number;
	reader->config->bgp.cluster_id = no ? 0 : id;
}

FRR_ACTION(frr_do_bgp_flag)
{
	(void)args;
	struct frr_bgp *bgp = &reader->config->bgp;
	switch ((enum frr_bgp_flag)row->value) {
	case FRR_BGP_REQUIRES_POLICY: bgp->requires_policy = !no; break;
	case FRR_BGP_DEFAULT_IPV4: bgp->default_ipv4 = !no; break;
	case FRR_BGP_DEFAULT_IPV6: bgp->default_ipv6 = !no; break;
	case FRR_BGP_GRACEFUL_RESTART: bgp->graceful_restart = !no; break;
	}
}

FRR_ACTION(frr_do_restart_time)
{
	(void)row;
	reader->config->bgp.restart_time_s = no ? 0 : (uint16_t)args[0].number;
}

FRR_ACTION(frr_do_timers)
{
	(void)row;
	struct frr_bgp fresh;
	struct frr_bgp *bgp = &reader->config->bgp;
	frr_bgp_init(&fresh, reader->config);
	bgp->keepalive_s = no ? fresh.keepalive_s : (int32_t)args[0].number;
	bgp->hold_s = no ? fresh.hold_s : (int32_t)args[1].number;
	bgp->timers_pos = reader->pos;
	if (!no && (args[1].number == 1 || args[1].number == 2))
		diag_add(reader->diags, DIAG_ERROR, "E305", args[1].pos,
			 "a hold time is 0 or at least 3 seconds");
}

FRR_ACTION(frr_do_maximum_paths)
{
	struct frr_bgp *bgp = &reader->config->bgp;
	uint8_t paths = no ? 0 : (uint8_t)args[0].number;
	if (row->value)
		bgp->paths_ibgp = paths;
	else
		bgp->paths = paths;
}

static void set_network(struct frr_reader *reader, struct ip_prefix prefix, struct source_pos pos,
			bool no)
{
	struct frr_bgp *bgp = &reader->config->bgp;
	struct model_network network = { ip_prefix_masked(prefix), pos };
	if (!ip_prefix_is_network(prefix)) {
		char wrong[IP_TEXT_MAX], right[IP_TEXT_MAX];
		diag_add(reader->diags, DIAG_WARNING, "W322", pos,
			 "%s is not a network: host bits are set; it is taken as %s",
			 ip_prefix_format(prefix, wrong), ip_prefix_format(network.prefix, right));
	}
	uint32_t kept = 0;
	for (uint32_t i = 0; i < bgp->network_count; i++)
		if (!ip_prefix_equal(bgp->networks[i].prefix, network.prefix))
			bgp->networks[kept++] = bgp->networks[i];
	bgp->network_count = kept;
	if (!no)
		FRR_PUSH(reader->arena, bgp->networks, bgp->network_count, bgp->network_capacity,
			 network);
}

static void warn_route_map(const struct frr_reader *reader, const struct frr_arg *map)
{
	if (map->kind == FRR_ARG_WORD)
		diag_add(reader->diags, DIAG_WARNING, "W321", map->pos,
			 "read, but a route-map has no effect on this line here");
}

FRR_ACTION(frr_do_network)
{
	(void)row;
	if (args[0].kind == FRR_ARG_NONE) {
		diag_add(reader->diags, DIAG_ERROR, "E301", reader->pos, "which network?");
		return;
	}
	set_network(reader, args[0].prefix, args[0].pos, no);
	warn_route_map(reader, &args[1]);
}

FRR_ACTION(frr_do_network_mask)
{
	(void)row;
	uint32_t mask = ip_addr_to_v4(args[1].addr);
	uint8_t length = 0;
	while (length < 32 && (mask & (UINT32_C(1) << (31 - length))))
		length++;
	if (length < 32 && (mask << length) != 0) {
		diag_add(reader->diags, DIAG_ERROR, "E305", args[1].pos, "`%s` is not a netmask",
			 args[1].text);
		return;
	}
	set_network(reader, (struct ip_prefix){ args[0].addr, length }, args[0].pos, no);
	warn_route_map(reader, &args[2]);
}

FRR_ACTION(frr_do_redistribute)
{
	(void)row;
	struct frr_bgp *bgp = &reader->config->bgp;
	bool *flags[] = { &bgp->redistribute_connected, &bgp->redistribute_static,
			  &bgp->redistribute_kernel };
	*flags[args[0].number] = !no;
	if (!no && args[1].kind == FRR_ARG_NUMBER)
		diag_add(reader->diags, DIAG_WARNING, "W321", args[1].pos,
			 "read, but a metric has no effect on this line here");
	if (!no)
		warn_route_map(reader, &args[2]);
}
