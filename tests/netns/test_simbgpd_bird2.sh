# simbgpd reflects between two clients that run BIRD 2, IPv4 and IPv6 over one session, ADD-PATH both
# ways, extended messages, enhanced refresh; and is the eBGP neighbour of a third by GTSM.
#
#	b1 .31 ---+             +--- e1 .81 AS 65003
#	          |-- rr .1 ----+
#	b2 .32 ---+   AS 64512
. "$SOURCE/tests/netns/lib.sh"
netns_setup
daemon_root bird2
node rr 10.9.0.1
node b1 10.9.0.31
node b2 10.9.0.32
node e1 10.9.0.81

cat >rr.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.1
 no bgp ebgp-requires-policy
 neighbor 10.9.0.31 remote-as 64512
 neighbor 10.9.0.31 passive
 neighbor 10.9.0.32 remote-as 64512
 neighbor 10.9.0.32 timers connect 1
 neighbor 10.9.0.81 remote-as 65003
 neighbor 10.9.0.81 ttl-security hops 1
 neighbor 10.9.0.81 passive
 address-family ipv4 unicast
  neighbor 10.9.0.31 route-reflector-client
  neighbor 10.9.0.31 addpath-tx-all-paths
  neighbor 10.9.0.32 route-reflector-client
  neighbor 10.9.0.32 addpath-tx-all-paths
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.9.0.31 activate
  neighbor 10.9.0.31 route-reflector-client
  neighbor 10.9.0.32 activate
  neighbor 10.9.0.32 route-reflector-client
 exit-address-family
END
bird() { # NODE NUMBER AS ADD-PATH MORE
	cat >"$1.conf" <<END
router id 10.9.0.$2;
protocol device {}
protocol direct { ipv4; ipv6; interface "eth0"; }
protocol kernel { ipv4 { export all; }; }
protocol kernel { ipv6 { export all; }; }
protocol static { ipv4; route 10.100.$2.0/24 blackhole; route 10.150.0.0/24 blackhole; }
protocol static { ipv6; route 2001:db8:$2::/48 blackhole; }
protocol bgp hub {
	local 10.9.0.$2 as $3;
	neighbor 10.9.0.1 as 64512;
	connect delay time 1;
	error wait time 1, 2;
	graceful restart;
	enable extended messages;
	ipv4 { import all; export where source = RTS_STATIC; $4 };
	$5
}
END
}
v6='ipv6 { import all; export where source = RTS_STATIC; next hop self; };'
bird b1 31 64512 "add paths;" "$v6"
bird b2 32 64512 "add paths;" "$v6"
bird e1 81 65003 "" "ttl security on;"
simbgpd_start rr
for b in b1 b2 e1; do bird2_start $b; done

for peer in 31 32; do
	wait_for 30 "rr has .$peer" holds '"state":"Established"' '"extendedMessage":true' \
		'"enhancedRefresh":true' '"gracefulRestart":true' '"families":3' '"addPathIn":1,"addPathOut":1' \
		-- show rr "show bgp neighbors 10.9.0.$peer json"
done
wait_for 30 "rr has e1 by GTSM" says '"state":"Established"' show rr 'show bgp neighbors 10.9.0.81 json'

wait_for 10 "b2 has b1's" holds "via 10.9.0.31 on eth0" "BGP.originator_id: 10.9.0.31" \
	"BGP.cluster_list: 10.9.0.1" -- birdc2 b2 show route 10.100.31.0/24 all
wait_for 10 "b1 has b2's IPv6 route" holds "via fd09::32 on eth0" "BGP.originator_id: 10.9.0.32" \
	-- birdc2 b1 show route 2001:db8:32::/48 all
wait_for 10 "b1 has two more paths of 10.150.0.0/24 (ADD-PATH)" \
	holds "via 10.9.0.32 on eth0" "via 10.9.0.81 on eth0" \
	-- birdc2 b1 show route 10.150.0.0/24 protocol hub all
wait_for 10 "rr keeps all three" holds '"nexthop":"10.9.0.31"' '"nexthop":"10.9.0.32"' \
	'"nexthop":"10.9.0.81"' -- show rr 'show bgp ipv4 unicast 10.150.0.0/24 json'
wait_for 10 "rr's kernel has the IPv6 route" says "via fd09::31 dev eth0" \
	ip -n "$net-rr" -6 route show 2001:db8:31::/48 proto bgp

# Enhanced refresh, asked by BIRD: nothing is lost.
birdc2 b1 reload in hub >/dev/null
wait_for 10 "all there after a refresh" says "10.100.32.0/24" birdc2 b1 show route protocol hub
# One path of several withdrawn.
birdc2 e1 down >/dev/null
wait_for 10 "b1 lost e1's path alone" lacks "via 10.9.0.81" birdc2 b1 show route 10.150.0.0/24
says "via 10.9.0.32" birdc2 b1 show route 10.150.0.0/24 protocol hub || fail "b2's path is gone too"

# Restart with forwarding kept: nothing flaps at b2.
kill -KILL "$pid_b1"
wait_for 10 "b1 is missed" says '"stale":true' show rr 'show bgp neighbors 10.9.0.31 json'
says "10.100.31.0/24" birdc2 b2 show route || fail "a restarting peer's routes were withdrawn"
bird2_start b1 -R
wait_for 20 "b1 is back" holds '"state":"Established"' '"stale":false' \
	-- show rr 'show bgp neighbors 10.9.0.31 json'
says "10.100.31.0/24" birdc2 b2 show route || fail "b1's route is gone after its restart"

# We restart: killed, our routes stay in our kernel, and when we come back with --restart they were
# never gone; what nobody announces any more goes once all peers have said End-of-RIB.
kill -KILL "$pid_rr"
wait_for 5 "rr is dead" dead "$pid_rr"
says "10.100.32.0/24" ip -n "$net-rr" route show proto bgp || fail "the kernel lost its routes"
ip -n "$net-rr" route add 10.111.0.0/24 via 10.9.0.32 proto bgp metric 20
simbgpd_start rr --restart
wait_for 30 "rr is back" says '"state":"Established"' show rr 'show bgp neighbors 10.9.0.32 json'
wait_for 30 "swept what is no more" lacks "10.111.0.0/24" ip -n "$net-rr" route show proto bgp
says "10.100.32.0/24" ip -n "$net-rr" route show proto bgp || fail "the kernel lost its routes"

kill -TERM "$pid_rr"
ends 5 rr
lacks "proto bgp" ip -n "$net-rr" route || fail "routes left in the kernel"
