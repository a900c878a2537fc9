# simbgpd reflects between two clients that run FRR (zebra and bgpd), is itself the client of one of them
# elsewhere, and the eBGP neighbour of a third: by IPv4 with GTSM and TCP-MD5, by IPv6 plain.
#
#	f1 .21 ---+             +=== e1 .71 AS 65002: GTSM and MD5; fd09::71
#	          |-- rr .1 ----+
#	f2 .22 ---+   AS 64512
#	 |
#	 +--- c .2: simbgpd as f2's client
. "$SOURCE/tests/netns/lib.sh"
netns_setup
daemon_root frr libyang2
node rr 10.9.0.1
node c 10.9.0.2
node f1 10.9.0.21
node f2 10.9.0.22
node e1 10.9.0.71

cat >rr.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.1
 no bgp ebgp-requires-policy
 neighbor 10.9.0.21 remote-as 64512
 neighbor 10.9.0.21 timers connect 1
 neighbor 10.9.0.22 remote-as 64512
 neighbor 10.9.0.22 timers connect 1
 neighbor 10.9.0.71 remote-as 65002
 neighbor 10.9.0.71 password s3cret
 neighbor 10.9.0.71 ttl-security hops 1
 neighbor 10.9.0.71 timers connect 1
 neighbor fd09::71 remote-as 65002
 neighbor fd09::71 timers connect 1
 address-family ipv4 unicast
  network 10.200.0.0/24
  neighbor 10.9.0.21 route-reflector-client
  neighbor 10.9.0.22 route-reflector-client
  neighbor 10.9.0.22 addpath-tx-all-paths
  no neighbor fd09::71 activate
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:200::/48
  neighbor fd09::71 activate
 exit-address-family
END
cat >c.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.2
 neighbor 10.9.0.22 remote-as 64512
 neighbor 10.9.0.22 timers connect 1
 address-family ipv4 unicast
  network 10.202.0.0/24
 exit-address-family
END
frr() { # NODE NUMBER AS, more lines on standard input
	cat - >"$1.more"
	cat >"$1.conf" <<END
router bgp $3
 bgp router-id 10.9.0.$2
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.9.0.1 remote-as 64512
 neighbor 10.9.0.1 timers connect 1
$(cat "$1.more")
END
	frr_start "$1"
}
frr f1 21 64512 <<'END'
 address-family ipv4 unicast
  network 10.100.21.0/24
  network 10.150.0.0/24
END
frr f2 22 64512 <<'END'
 neighbor 10.9.0.2 remote-as 64512
 neighbor 10.9.0.2 timers connect 1
 address-family ipv4 unicast
  network 10.100.22.0/24
  neighbor 10.9.0.2 route-reflector-client
END
frr e1 71 65002 <<'END'
 neighbor 10.9.0.1 password s3cret
 neighbor 10.9.0.1 ttl-security hops 1
 neighbor fd09::1 remote-as 64512
 neighbor fd09::1 timers connect 1
 address-family ipv4 unicast
  network 10.100.71.0/24
  network 10.150.0.0/24
  no neighbor fd09::1 activate
 address-family ipv6 unicast
  network 2001:db8:71::/48
  neighbor fd09::1 activate
END
simbgpd_start rr
simbgpd_start c

for peer in 10.9.0.21 10.9.0.22 10.9.0.71 fd09::71; do
	wait_for 30 "rr has $peer" holds '"state":"Established"' '"extendedMessage":true' \
		'"enhancedRefresh":true' '"as4":true' -- show rr "show bgp neighbors $peer json"
done
wait_for 30 "c has f2" holds '"state":"Established"' -- show c 'show bgp summary json'

# simbgpd as reflector.
wait_for 10 "f2 has f1's route by the reflector" holds "Originator: 10.9.0.21" \
	"Cluster list: 10.9.0.1" "10.9.0.21 " -- vtysh f2 show bgp ipv4 unicast 10.100.21.0/24
wait_for 10 "f1 has f2's" holds "Originator: 10.9.0.22" "Cluster list: 10.9.0.1" \
	-- vtysh f1 show bgp ipv4 unicast 10.100.22.0/24
wait_for 10 "f1 has e1's by us" holds "65002" "10.9.0.71" \
	-- vtysh f1 show bgp ipv4 unicast 10.100.71.0/24
wait_for 10 "e1 has f1's" holds "64512" "10.9.0.21" -- vtysh e1 show bgp ipv4 unicast 10.100.21.0/24
lacks "Originator" vtysh e1 show bgp ipv4 unicast 10.100.21.0/24 || fail "ORIGINATOR_ID left the AS"
wait_for 10 "f2 has both paths of 10.150.0.0/24 (ADD-PATH)" says "Paths: (2 available" \
	vtysh f2 show bgp ipv4 unicast 10.150.0.0/24

# simbgpd as client.
wait_for 10 "c has f1's by two reflectors" holds '"originatorId":"10.9.0.21"' \
	'"clusterList":["10.9.0.22","10.9.0.1"]' -- show c 'show bgp ipv4 unicast 10.100.21.0/24 json'
wait_for 10 "f1 has c's by two reflectors" holds "Originator: 10.9.0.2" \
	"Cluster list: 10.9.0.1 10.9.0.22" -- vtysh f1 show bgp ipv4 unicast 10.202.0.0/24
wait_for 10 "c's kernel goes by f1 itself" says "via 10.9.0.21 dev eth0 proto bgp" \
	ip -n "$net-c" route show 10.100.21.0/24

# IPv6.
wait_for 10 "e1 has our IPv6 network" says "fd09::1" vtysh e1 show bgp ipv6 unicast 2001:db8:200::/48
wait_for 10 "rr's kernel has e1's" says "via fd09::71 dev eth0" \
	ip -n "$net-rr" -6 route show 2001:db8:71::/48 proto bgp

# Route refresh: asked for everything again, nothing changes.
before=$(show rr 'show status json' | sed 's/.*"bytes_sent":\([0-9]*\).*/\1/')
vtysh f1 clear bgp ipv4 unicast 10.9.0.1 soft in
more_sent() { [ "$(show rr 'show status json' | sed 's/.*"bytes_sent":\([0-9]*\).*/\1/')" -gt "$before" ]; }
wait_for 10 "sent again on request" more_sent
says "10.100.22.0/24" vtysh f1 show bgp ipv4 unicast || fail "a refresh lost routes"

# An administrator's reset: withdrawn, and back.
vtysh e1 clear bgp 10.9.0.1
wait_for 20 "e1 is back" holds '"connectionsEstablished":2' '"state":"Established"' \
	-- show rr 'show bgp neighbors 10.9.0.71 json'
wait_for 10 "its route is back" says "10.9.0.71" vtysh f1 show bgp ipv4 unicast 10.100.71.0/24

# Our link without carrier: the external session falls at once (the others wait for their hold time), what
# was resolved by that link goes from the kernel, and all comes back with it.
ip -n "$net-lan" link set v-rr down
wait_for 5 "e1 fell with the link" lacks '"state":"Established"' show rr 'show bgp neighbors 10.9.0.71 json'
says '"state":"Established"' show rr 'show bgp neighbors 10.9.0.21 json' || fail "f1 fell too"
wait_for 5 "nothing is usable" lacks '"valid":true,"bestpath":true,"multipath":false,"stale":false,"path":"","origin":"IGP","nexthop":"10.9.0.21"' \
	show rr 'show bgp ipv4 unicast 10.100.21.0/24 json'
ip -n "$net-lan" link set v-rr up
wait_for 40 "e1 is back" says "10.9.0.71" vtysh f1 show bgp ipv4 unicast 10.100.71.0/24
wait_for 5 "and the kernel's routes" says "via 10.9.0.21 dev eth0 proto bgp" \
	ip -n "$net-rr" route show 10.100.21.0/24

# kill -9: FRR announces no family, so its routes go with the session.
for pid in $(ip netns pids "$net-f1"); do kill -KILL "$pid"; done
wait_for 5 "f1's routes are withdrawn from f2" lacks "10.100.21.0/24" \
	vtysh f2 show bgp ipv4 unicast
wait_for 5 "and from c's kernel" lacks "10.100.21.0" ip -n "$net-c" route

kill -TERM "$pid_rr" "$pid_c"
ends 5 rr
ends 5 c
wait_for 5 "f2 was told" says "10.9.0.1" vtysh f2 show bgp summary failed
lacks "proto bgp" ip -n "$net-rr" route || fail "routes left in the kernel"
