/* Every command that is understood. Order matters only where two rows fit one line: the first wins.
 */
#include "topo/frr/grammar.h"

#define TOP FRR_AT_TOP
#define IFACE FRR_AT_INTERFACE
#define BGP FRR_AT_BGP
#define FAMILY (FRR_AT_BGP | FRR_AT_IPV4 | FRR_AT_IPV6)
#define MAP FRR_AT_ROUTE_MAP
#define ANY 0xffu
#define SET(pattern_, flags_, id) { BGP, FRR_NO | (flags_), pattern_, frr_do_peer_setting, id }
#define FSET(pattern_, flags_, id) { FAMILY, FRR_NO | (flags_), pattern_, frr_do_peer_setting, id }
/* Known, and of no consequence for what is simulated: names, logs, passwords of the vty. */
#define QUIET(contexts_, pattern_) { contexts_, FRR_NO, pattern_, frr_do_nothing, 0 }
/* Known, and it would change something, but not here. */
#define IGNORED(contexts_, pattern_)                                                               \
	{ contexts_, FRR_NO | FRR_IGNORED, pattern_, frr_do_nothing, 0 }

#define PREFIX_LIST_TAIL "[seq <n:1-4294967295>] permit|deny "
#define PROTOCOLS "ospf|ospf6|rip|ripng|isis|eigrp|babel|nhrp|openfabric|sharp|table|vnc|vnc-direct"

const struct frr_row frr_rows[] = {
	/* The vty, and what surrounds the rest. */
	QUIET(TOP, "hostname <word>"),
	QUIET(TOP, "domainname <word>"),
	QUIET(TOP, "password <line>"),
	QUIET(TOP, "enable [password <line>]"),
	QUIET(TOP, "log <line>"),
	QUIET(TOP, "service <line>"),
	QUIET(TOP, "debug <line>"),
	QUIET(TOP, "banner <line>"),
	QUIET(TOP, "username <line>"),
	QUIET(TOP, "frr version <line>"),
	{ TOP, FRR_NOT_QUAGGA, "frr defaults traditional|datacenter", frr_do_defaults, 0 },
	QUIET(TOP, "configure|conf terminal|term|t"),
	QUIET(TOP, "write|wr [memory|file|integrated|terminal]"),
	QUIET(TOP, "copy <line>"),
	IGNORED(TOP, "show <line>"),
	IGNORED(TOP, "clear <line>"),
	{ TOP, FRR_PLAIN, "line <line>", frr_do_other_block, 1 },
	{ ANY, FRR_PLAIN, "exit|quit|exit-address-family|exit-vrf|exit-route-map", frr_do_exit, 0 },
	{ ANY, FRR_PLAIN, "end", frr_do_end, 0 },

	/* Interfaces, static routes, forwarding. */
	{ TOP, FRR_PLAIN, "interface <word>", frr_do_interface, 0 },
	{ TOP, FRR_PLAIN, "int <word>", frr_do_interface, 0 },
	{ TOP, FRR_NO, "ip forwarding", frr_do_forwarding, 0 },
	IGNORED(TOP, "ipv6 forwarding"),
	{ TOP, FRR_NO, "ip route <prefix4> <addr4> [<n:1-255>]", frr_do_route, 0 },
	{ TOP, FRR_NO, "ip route <prefix4> <addr4> <word> [<n:1-255>]", frr_do_route, 1 },
	{ TOP, FRR_NO, "ip route <prefix4> blackhole|Null0|null0|reject [<n:1-255>]", frr_do_route,
	  2 },
	{ TOP, FRR_NO, "ip route <prefix4> <word> [<n:1-255>]", frr_do_route, 3 },
	{ TOP, FRR_NO, "ipv6 route <prefix6> <addr6> [<n:1-255>]", frr_do_route, 0 },
	{ TOP, FRR_NO, "ipv6 route <prefix6> <addr6> <word> [<n:1-255>]", frr_do_route, 1 },
	{ TOP, FRR_NO, "ipv6 route <prefix6> blackhole|Null0|null0|reject [<n:1-255>]",
	  frr_do_route, 2 },
	{ TOP, FRR_NO, "ipv6 route <prefix6> <word> [<n:1-255>]", frr_do_route, 3 },
	{ IFACE, FRR_NO, "ip address <prefix4> [secondary] [label <word>]", frr_do_address, 0 },
	{ IFACE, FRR_NO, "ipv6 address <prefix6>", frr_do_address, 0 },
	{ IFACE, FRR_NO, "shutdown", frr_do_shutdown, 0 },
	QUIET(IFACE, "description <line>"),
	QUIET(IFACE, "link-detect"),
	IGNORED(IFACE, "bandwidth|multicast|mpls|bfd|link-params [<line>]"),
	IGNORED(IFACE, "ipv6 nd|ospf6|ripng|router [<line>]"),
	IGNORED(IFACE, "ip ospf|rip|igmp|pim|router|nhrp [<line>]"),
	QUIET(TOP, "ip nht resolve-via-default"),
	QUIET(TOP, "ipv6 nht resolve-via-default"),
	IGNORED(TOP, "ip router-id|protocol|import-table|multicast-routing|multicast|ssh|pim|"
		     "as-path|community-list|extcommunity-list|large-community-list [<line>]"),
	IGNORED(TOP, "ipv6 protocol|access-list|router-id [<line>]"),
	IGNORED(TOP, "bgp as-path|community-list|extcommunity-list|large-community-list <line>"),
	IGNORED(TOP, "access-list|zebra|agentx|fpm|mpls|router-id|rpki|dump [<line>]"),
	IGNORED(TOP, "ip access-list <line>"),
	{ TOP, FRR_IGNORED, "router " PROTOCOLS " [<line>]", frr_do_other_block, 0 },
	{ TOP, FRR_IGNORED, "key|vrf|bfd|pbr-map|segment-routing|nexthop-group|l2vpn|vni [<line>]",
	  frr_do_other_block, 0 },

	/* Prefix lists and route maps. */
	{ TOP, FRR_NO,
	  "ip prefix-list <word> " PREFIX_LIST_TAIL "<prefix4>|any [ge <n:1-32>] [le <n:1-32>]",
	  frr_do_prefix_list, FRR_IPV4 },
	{ TOP, FRR_NO,
	  "ipv6 prefix-list <word> " PREFIX_LIST_TAIL "<prefix6>|any [ge <n:1-128>] [le <n:1-128>]",
	  frr_do_prefix_list, FRR_IPV6 },
	{ TOP, FRR_NO,
	  "ip prefix-list <word> " PREFIX_LIST_TAIL "<prefix4> le <n:1-32> ge <n:1-32>",
	  frr_do_prefix_list, -1 },
	{ TOP, FRR_ONLY_NO, "ip prefix-list <word>", frr_do_prefix_list, -2 },
	{ TOP, FRR_ONLY_NO, "ipv6 prefix-list <word>", frr_do_prefix_list, -3 },
	QUIET(TOP, "ip|ipv6 prefix-list <word> description <line>"),
	QUIET(TOP, "ip|ipv6 prefix-list sequence-number"),
	{ TOP, FRR_NO, "route-map <word> permit|deny <n:1-65535>", frr_do_route_map, 0 },
	{ TOP, FRR_ONLY_NO, "route-map <word>", frr_do_route_map, 1 },
	{ MAP, FRR_NO, "match ip address prefix-list <word>", frr_do_match, FRR_IPV4 },
	{ MAP, FRR_NO, "match ipv6 address prefix-list <word>", frr_do_match, FRR_IPV6 },
	{ MAP, FRR_NO, "set local-preference <n:0-4294967295>", frr_do_set_local_pref, 0 },
	{ MAP, FRR_NO, "set community <line>", frr_do_set_community, 0 },
	QUIET(MAP, "description <line>"),
	IGNORED(MAP, "match|set|call|on-match|continue [<line>]"),

	/* BGP as a whole. */
	{ TOP, FRR_NO, "router bgp [<as>]", frr_do_router_bgp, 0 },
	{ TOP, FRR_PLAIN, "router bgp <as> view|vrf <word>", frr_do_router_bgp, 1 },
	{ BGP, FRR_NO, "bgp router-id <addr4>", frr_do_router_id, 0 },
	{ BGP, FRR_NO, "bgp cluster-id <addr4>", frr_do_cluster_id, 0 },
	{ BGP, FRR_NO, "bgp cluster-id <n:1-4294967295>", frr_do_cluster_id, 0 },
	{ BGP, FRR_NO | FRR_NOT_QUAGGA, "bgp ebgp-requires-policy", frr_do_bgp_flag,
	  FRR_BGP_REQUIRES_POLICY },
	{ BGP, FRR_NO, "bgp default ipv4-unicast", frr_do_bgp_flag, FRR_BGP_DEFAULT_IPV4 },
	{ BGP, FRR_NO, "bgp default ipv6-unicast", frr_do_bgp_flag, FRR_BGP_DEFAULT_IPV6 },
	{ BGP, FRR_NO, "bgp graceful-restart", frr_do_bgp_flag, FRR_BGP_GRACEFUL_RESTART },
	{ BGP, FRR_NO, "bgp graceful-restart restart-time <n:1-4095>", frr_do_restart_time, 0 },
	IGNORED(BGP, "bgp graceful-restart stalepath-time|select-defer-time|rib-stale-time|"
		     "preserve-fw-state|notification|disable-eor [<line>]"),
	IGNORED(BGP, "bgp graceful-restart-disable"),
	{ BGP, FRR_NO, "timers bgp <n:0-65535> <n:0-65535>", frr_do_timers, 0 },
	QUIET(BGP, "bgp log-neighbor-changes"),
	QUIET(BGP, "bgp suppress-duplicates"),
	QUIET(BGP, "bgp hard-administrative-reset"),
	QUIET(BGP, "bgp default show-hostname|show-nexthop-hostname|software-version-capability"),
	QUIET(BGP, "synchronization|auto-summary"),
	IGNORED(BGP, "bgp bestpath as-path|compare-routerid|med|bandwidth|peer-type [<line>]"),
	IGNORED(BGP,
		"bgp always-compare-med|deterministic-med|dampening|fast-external-failover|"
		"client-to-client|confederation|listen|network|enforce-first-as|scan-time|"
		"coalesce-time|update-delay|max-med|route-map|route-reflector|minimum-holdtime|"
		"disable-ebgp-connected-route-check|reject-as-sets|shutdown|default|"
		"conditional-advertisement|input-queue-limit|output-queue-limit [<line>]"),
	IGNORED(BGP, "coalesce-time|update-delay|read-quanta|write-quanta <line>"),
	IGNORED(FAMILY, "distance|table-map|aggregate-address|import|export|dampening|rd|rt|label "
			"<line>"),
	IGNORED(FAMILY, "bgp dampening|aggregate-address [<line>]"),

	/* Address families and what they announce. */
	{ BGP, FRR_PLAIN, "address-family ipv4 [unicast]", frr_do_family, FRR_AT_IPV4 },
	{ BGP, FRR_PLAIN, "address-family ipv6 [unicast]", frr_do_family, FRR_AT_IPV6 },
	{ BGP, FRR_IGNORED, "address-family ipv4|ipv6|l2vpn|vpnv4|vpnv6|encap <line>",
	  frr_do_family, FRR_AT_OTHER_FAMILY },
	{ FAMILY, FRR_NO, "maximum-paths <n:1-255>", frr_do_maximum_paths, 0 },
	{ FAMILY, FRR_NO, "maximum-paths ibgp <n:1-255> [equal-cluster-length]",
	  frr_do_maximum_paths, 1 },
	{ FAMILY, FRR_NO, "network <prefix4> [route-map <word>]", frr_do_network, 0 },
	{ FAMILY, FRR_NO, "network <prefix6> [route-map <word>]", frr_do_network, 0 },
	{ FAMILY, FRR_NO, "network <addr4> mask <addr4> [route-map <word>]", frr_do_network_mask,
	  0 },
	{ FAMILY, FRR_NO,
	  "redistribute connected|static|kernel [metric <n:0-4294967295>] "
	  "[route-map <word>]",
	  frr_do_redistribute, 0 },
	IGNORED(FAMILY, "redistribute " PROTOCOLS " [<line>]"),

	/* Neighbors: the session. */
	{ BGP, FRR_NO, "neighbor <word> remote-as <as>", frr_do_peer_remote_as, 0 },
	{ BGP, FRR_NO, "neighbor <word> remote-as internal|external", frr_do_peer_remote_as, 1 },
	{ BGP, FRR_NO, "neighbor <word> peer-group", frr_do_peer_group, 0 },
	{ FAMILY, FRR_NO, "neighbor <word> peer-group <word>", frr_do_peer_join, 0 },
	{ BGP, FRR_ONLY_NO, "neighbor <word>", frr_do_peer_remove, 0 },
	SET("neighbor <word> password <line>", 0, FRR_PASSWORD),
	SET("neighbor <word> timers <n:0-65535> <n:0-65535>", 0, FRR_TIMERS),
	SET("neighbor <word> timers connect <n:1-65535>", 0, FRR_CONNECT),
	SET("neighbor <word> shutdown [message <line>]", FRR_FLAG, FRR_SHUTDOWN),
	SET("neighbor <word> passive", FRR_FLAG, FRR_PASSIVE),
	SET("neighbor <word> ebgp-multihop [<n:1-255>]", FRR_FLAG, FRR_MULTIHOP),
	SET("neighbor <word> ttl-security hops <n:1-254>", 0, FRR_TTL_SECURITY),
	SET("neighbor <word> disable-connected-check", FRR_FLAG, FRR_NO_CONNECTED_CHECK),
	SET("neighbor <word> enforce-multihop", FRR_FLAG, FRR_NO_CONNECTED_CHECK),
	SET("neighbor <word> update-source <word>", 0, FRR_UPDATE_SOURCE),
	SET("neighbor <word> port <n:1-65535>", 0, FRR_PORT),
	SET("neighbor <word> local-as <as> [no-prepend] [replace-as]", 0, FRR_LOCAL_AS),
	SET("neighbor <word> graceful-restart", FRR_FLAG, FRR_GRACEFUL_RESTART),
	QUIET(BGP, "neighbor <word> description <line>"),
	QUIET(BGP, "neighbor <word> graceful-restart-helper"),
	QUIET(BGP, "neighbor <word> capability dynamic"),
	IGNORED(BGP,
		"neighbor <word> bfd|capability|interface|advertisement-interval|enforce-first-as|"
		"dont-capability-negotiate|override-capability|strict-capability-match|"
		"disable-addpath-rx|extended-optional-parameters|graceful-restart-disable|"
		"sender-as-path-loop-detection|solo|tcp-mss|path-attribute|aigp|role [<line>]"),
	IGNORED(BGP, "neighbor <word> timers delayopen <n:1-240>"),

	/* Neighbors: an address family. */
	FSET("neighbor <word> activate", FRR_FLAG, FRR_ACTIVATE),
	FSET("neighbor <word> next-hop-self [force|all]", FRR_FLAG, FRR_NEXT_HOP_SELF),
	FSET("neighbor <word> route-reflector-client", FRR_FLAG, FRR_RR_CLIENT),
	FSET("neighbor <word> addpath-tx-all-paths", FRR_FLAG, FRR_ADD_PATH),
	FSET("neighbor <word> allowas-in [<n:1-10>]", FRR_FLAG, FRR_ALLOW_AS_IN),
	FSET("neighbor <word> maximum-prefix <n:1-4294967295> [<n:1-100>] [warning-only] "
	     "[restart <n:1-65535>]",
	     0, FRR_MAXIMUM_PREFIX),
	FSET("neighbor <word> route-map <word> in", 0, FRR_ROUTE_MAP_IN),
	FSET("neighbor <word> route-map <word> out", 0, FRR_ROUTE_MAP_OUT),
	FSET("neighbor <word> prefix-list <word> in", 0, FRR_PREFIX_LIST_IN),
	FSET("neighbor <word> prefix-list <word> out", 0, FRR_PREFIX_LIST_OUT),
	FSET("neighbor <word> attribute-unchanged next-hop", FRR_FLAG, FRR_NEXT_HOP_KEEP),
	QUIET(FAMILY, "neighbor <word> soft-reconfiguration inbound"),
	QUIET(FAMILY, "neighbor <word> send-community [both|extended|standard|large|all]"),
	IGNORED(FAMILY,
		"neighbor <word> attribute-unchanged|addpath-tx-bestpath-per-AS|as-override|"
		"default-originate|distribute-list|filter-list|remove-private-AS|"
		"route-server-client|unsuppress-map|weight|advertise-map|"
		"maximum-prefix-out|nexthop-local|accept-own [<line>]"),
};
const size_t frr_row_count = sizeof(frr_rows) / sizeof(frr_rows[0]);

enum frr_context frr_outer(enum frr_context context)
{
	switch (context) {
	case FRR_AT_IPV4:
	case FRR_AT_IPV6:
	case FRR_AT_OTHER_FAMILY: return FRR_AT_BGP;
	default: return FRR_AT_TOP;
	}
}

const char *frr_context_name(enum frr_context context)
{
	switch (context) {
	case FRR_AT_INTERFACE: return "`interface NAME`";
	case FRR_AT_BGP: return "`router bgp AS`";
	case FRR_AT_IPV4: return "`address-family ipv4 unicast`";
	case FRR_AT_IPV6: return "`address-family ipv6 unicast`";
	case FRR_AT_ROUTE_MAP: return "`route-map NAME permit N`";
	default: return "the configuration itself";
	}
}

enum frr_family frr_reader_family(const struct frr_reader *reader)
{
	return reader->context == FRR_AT_IPV6 ? FRR_IPV6 : FRR_IPV4;
}
