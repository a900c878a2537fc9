# simbgpd reflects between two clients that run BIRD 1.6, one of them with TCP-MD5, and is the neighbour
# of a third in another AS.
#
#	b1 .11 ---+             +--- e1 .61 AS 65001
#	          |-- rr .1 ----+
#	b2 .12 ---+   simbgpd, AS 64512
. "$SOURCE/tests/netns/lib.sh"
netns_setup
daemon_root bird
node rr 10.9.0.1
node b1 10.9.0.11
node b2 10.9.0.12
node e1 10.9.0.61

cat >rr.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.1
 no bgp ebgp-requires-policy
 neighbor 10.9.0.11 remote-as 64512
 neighbor 10.9.0.11 passive
 neighbor 10.9.0.12 remote-as 64512
 neighbor 10.9.0.12 password s3cret
 neighbor 10.9.0.12 timers connect 1
 neighbor 10.9.0.61 remote-as 65001
 neighbor 10.9.0.61 timers connect 1
 address-family ipv4 unicast
  network 10.200.0.0/24
  neighbor 10.9.0.11 route-reflector-client
  neighbor 10.9.0.12 route-reflector-client
 exit-address-family
END
bird() { # NODE NUMBER AS MORE
	cat >"$1.conf" <<END
router id 10.9.0.$2;
protocol device {}
protocol direct { interface "eth0"; }
protocol kernel { export all; }
protocol static { route 10.100.$2.0/24 blackhole; }
protocol bgp hub {
	local 10.9.0.$2 as $3;
	neighbor 10.9.0.1 as 64512;
	connect delay time 1;
	error wait time 1, 2;
	import all;
	export where source != RTS_DEVICE;
	graceful restart;
	$4
}
END
}
bird b1 11 64512 ""
bird b2 12 64512 "password \"s3cret\";"
bird e1 61 65001 ""
simbgpd_start rr
for b in b1 b2 e1; do bird16_start $b; done

wait_for 20 "three sessions" holds '"10.9.0.11":{' '"state":"Established"' -- show rr 'show bgp summary json'
for b in b1 b2 e1; do
	wait_for 20 "$b has its session" says Established birdc16 $b show protocols
done

# Reflected: next hop kept, ORIGINATOR_ID and CLUSTER_LIST as RFC 4456 wants them.
wait_for 5 "b2 has b1's route by the reflector" holds "via 10.9.0.11 on eth0" \
	"BGP.originator_id: 10.9.0.11" "BGP.cluster_list: 10.9.0.1" "BGP.local_pref: 100" \
	-- birdc16 b2 show route 10.100.11.0/24 all
wait_for 5 "b1 has b2's" holds "BGP.originator_id: 10.9.0.12" "BGP.cluster_list: 10.9.0.1" \
	-- birdc16 b1 show route 10.100.12.0/24 all
wait_for 5 "e1 has b1's, third-party next hop and our AS" holds "BGP.as_path: 64512" \
	"BGP.next_hop: 10.9.0.11" -- birdc16 e1 show route 10.100.11.0/24 all
lacks "BGP.cluster_list" birdc16 e1 show route 10.100.11.0/24 all || fail "CLUSTER_LIST left the AS"
wait_for 5 "b1 has e1's with its next hop" holds "BGP.as_path: 65001" "BGP.next_hop: 10.9.0.61" \
	-- birdc16 b1 show route 10.100.61.0/24 all
wait_for 5 "b1 has our network" says "via 10.9.0.1" birdc16 b1 show route 10.200.0.0/24

# The kernel of the reflector has them, with our protocol number.
wait_for 5 "rr's kernel has b1's" says "via 10.9.0.11 dev eth0 proto bgp metric 20" \
	ip -n "$net-rr" route show 10.100.11.0/24

# Killed without a word: BIRD's graceful restart keeps its routes stale; they are not withdrawn.
kill -KILL "$pid_b1"
wait_for 10 "b1 is missed" says '"stale":true' show rr 'show bgp neighbors 10.9.0.11 json'
says "10.100.11.0/24" birdc16 b2 show route || fail "a restarting peer's routes were withdrawn"
bird16_start b1 -R
wait_for 20 "b1 is back" holds '"state":"Established"' '"stale":false' \
	-- show rr 'show bgp neighbors 10.9.0.11 json'
says "10.100.11.0/24" birdc16 b2 show route || fail "b1's route is gone after its restart"

# An orderly end is no restart: withdrawn everywhere.
birdc16 b1 down >/dev/null
wait_for 5 "withdrawn at b2" lacks "10.100.11.0/24" birdc16 b2 show route
wait_for 5 "withdrawn at e1" lacks "10.100.11.0/24" birdc16 e1 show route
wait_for 5 "out of rr's kernel" lacks "10.100.11.0" ip -n "$net-rr" route

# A wrong key: no session, and the others do not notice.
sed -i 's/s3cret/other/' rr.conf
kill -HUP "$pid_rr"
wait_for 10 "b2 lost by the changed key" lacks Established birdc16 b2 show protocols
sed -i 's/other/s3cret/' rr.conf
kill -HUP "$pid_rr"
wait_for 20 "b2 is back with the right one" says Established birdc16 b2 show protocols
says Established birdc16 e1 show protocols || fail "e1's session fell over a reload"

# SIGTERM: Cease, our routes leave the kernel, the process ends.
kill -TERM "$pid_rr"
ends 5 rr
wait_for 5 "e1 was told" says "Received: Peer de-configured" birdc16 e1 show protocols
lacks "proto bgp" ip -n "$net-rr" route || fail "routes left in the kernel"
