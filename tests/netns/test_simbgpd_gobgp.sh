# simbgpd reflects between two clients that run GoBGP, and is the eBGP neighbour of a third, with
# TCP-MD5. GoBGP has no kernel table: its paths are added by hand.
#
#	g1 .41 ---+             +=== e1 .91 AS 65004
#	          |-- rr .1 ----+
#	g2 .42 ---+   AS 64512
. "$SOURCE/tests/netns/lib.sh"
netns_setup
daemon_root gobgpd
node rr 10.9.0.1
node g1 10.9.0.41
node g2 10.9.0.42
node e1 10.9.0.91

cat >rr.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.1
 no bgp ebgp-requires-policy
 neighbor 10.9.0.41 remote-as 64512
 neighbor 10.9.0.41 timers connect 1
 neighbor 10.9.0.42 remote-as 64512
 neighbor 10.9.0.42 timers connect 1
 neighbor 10.9.0.91 remote-as 65004
 neighbor 10.9.0.91 password s3cret
 neighbor 10.9.0.91 timers connect 1
 address-family ipv4 unicast
  network 10.200.0.0/24
  neighbor 10.9.0.41 route-reflector-client
  neighbor 10.9.0.42 route-reflector-client
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.9.0.41 activate
  neighbor 10.9.0.41 route-reflector-client
  neighbor 10.9.0.42 activate
  neighbor 10.9.0.42 route-reflector-client
 exit-address-family
END
go() { # NODE NUMBER AS MORE
	cat >"$1.toml" <<END
[global.config]
  as = $3
  router-id = "10.9.0.$2"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.9.0.1"
    peer-as = 64512
    $4
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 20
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-unicast"
END
	gobgp_start "$1"
}
go g1 41 64512 ""
go g2 42 64512 ""
go e1 91 65004 'auth-password = "s3cret"'
simbgpd_start rr
for peer in 41 42 91; do
	wait_for 40 "rr has .$peer" holds '"state":"Established"' '"as4":true' \
		-- show rr "show bgp neighbors 10.9.0.$peer json"
done
gobgp g1 global rib add 10.100.41.0/24 nexthop 10.9.0.41
gobgp g1 global rib add 2001:db8:41::/48 nexthop fd09::41 -a ipv6
gobgp g2 global rib add 10.100.42.0/24 nexthop 10.9.0.42 community 65000:1 med 7
gobgp e1 global rib add 10.100.91.0/24 nexthop 10.9.0.91 large-community 65004:1:2

wait_for 10 "g2 has g1's" holds "10.9.0.41" "Originator: 10.9.0.41" "ClusterList: [10.9.0.1]" \
	-- gobgp g2 global rib 10.100.41.0/24
wait_for 10 "g1 has g2's with all it said" holds "10.9.0.42" "Originator: 10.9.0.42" "65000:1" \
	"Med: 7" -- gobgp g1 global rib 10.100.42.0/24
wait_for 10 "g2 has g1's IPv6 route" holds "fd09::41" "Originator: 10.9.0.41" \
	-- gobgp g2 global rib -a ipv6 2001:db8:41::/48
wait_for 10 "g1 has e1's" holds "10.9.0.91" "65004" "65004:1:2" -- gobgp g1 global rib 10.100.91.0/24
wait_for 10 "e1 has g1's" holds "64512" "10.9.0.41" -- gobgp e1 global rib 10.100.41.0/24
lacks "Originator" gobgp e1 global rib 10.100.41.0/24 || fail "ORIGINATOR_ID left the AS"
wait_for 10 "g1 has our network" says "10.9.0.1" gobgp g1 global rib 10.200.0.0/24
wait_for 10 "rr's kernel" says "via 10.9.0.41 dev eth0" ip -n "$net-rr" route show 10.100.41.0/24

gobgp g1 neighbor 10.9.0.1 softresetin
gobgp g1 global rib del 10.100.41.0/24
wait_for 10 "withdrawn at g2" lacks "10.100.41.0/24" gobgp g2 global rib
gobgp g1 global rib add 10.100.41.0/24 nexthop 10.9.0.41
wait_for 10 "back at g2" says "10.100.41.0/24" gobgp g2 global rib

# Killed: graceful restart keeps the IPv4 routes, and the IPv6 ones, which it did not list, go.
kill -KILL $(ip netns pids "$net-g1")
wait_for 10 "g1 is missed" says '"stale":true' show rr 'show bgp neighbors 10.9.0.41 json'
says "10.100.41.0/24" gobgp g2 global rib || fail "a restarting peer's routes were withdrawn"
wait_for 10 "its IPv6 routes go" lacks "2001:db8:41" gobgp g2 global rib -a ipv6
wait_for 40 "it does not come back in its restart time" lacks "10.100.41.0/24" gobgp g2 global rib

kill -TERM "$pid_rr"
ends 5 rr
wait_for 10 "e1 lost all" lacks "10.100.42.0/24" gobgp e1 global rib
