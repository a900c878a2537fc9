# simbgpd reflects between two clients that run OpenBGPD, one with TCP-MD5, and is the eBGP neighbour of
# a third by GTSM.
#
#	o1 .51 ---+             +--- e1 .95 AS 65005
#	          |-- rr .1 ----+
#	o2 .52 ---+   AS 64512
. "$SOURCE/tests/netns/lib.sh"
netns_setup
daemon_root openbgpd
node rr 10.9.0.1
node o1 10.9.0.51
node o2 10.9.0.52
node e1 10.9.0.95

cat >rr.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.1
 no bgp ebgp-requires-policy
 neighbor 10.9.0.51 remote-as 64512
 neighbor 10.9.0.51 timers connect 1
 neighbor 10.9.0.52 remote-as 64512
 neighbor 10.9.0.52 timers connect 1
 neighbor 10.9.0.52 password s3cret
 neighbor 10.9.0.95 remote-as 65005
 neighbor 10.9.0.95 ttl-security hops 1
 neighbor 10.9.0.95 timers connect 1
 address-family ipv4 unicast
  network 10.200.0.0/24
  neighbor 10.9.0.51 route-reflector-client
  neighbor 10.9.0.52 route-reflector-client
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.9.0.51 activate
  neighbor 10.9.0.51 route-reflector-client
  neighbor 10.9.0.52 activate
  neighbor 10.9.0.52 route-reflector-client
 exit-address-family
END
open() { # NODE NUMBER AS MORE
	cat >"$1.conf" <<END
AS $3
router-id 10.9.0.$2
fib-update no
socket "$PWD/$1.ctl"
network 10.100.$2.0/24
network 10.150.0.0/24
network 2001:db8:$2::/48 set nexthop fd09::$2
neighbor 10.9.0.1 {
	remote-as 64512
	$4
	announce IPv4 unicast
	announce IPv6 unicast
	announce restart yes
	announce refresh yes
	announce enhanced refresh yes
}
allow to any
allow from any
END
	openbgpd_start "$1"
}
open o1 51 64512 ""
open o2 52 64512 "tcp md5sig password s3cret"
open e1 95 65005 "ttl-security yes"
simbgpd_start rr
for peer in 51 52 95; do
	wait_for 40 "rr has .$peer" holds '"state":"Established"' '"as4":true' \
		-- show rr "show bgp neighbors 10.9.0.$peer json"
done
wait_for 10 "o2 has o1's" holds "Originator Id: 10.9.0.51" "Cluster Id List:  10.9.0.1" "10.9.0.51" \
	-- bgpctl o2 show rib detail 10.100.51.0/24
wait_for 10 "o1 has o2's IPv6 route" holds "Originator Id: 10.9.0.52" \
	-- bgpctl o1 show rib detail 2001:db8:52::/48
wait_for 10 "o1 has e1's" holds "65005" "10.9.0.95" -- bgpctl o1 show rib detail 10.100.95.0/24
wait_for 10 "e1 has o1's" holds "64512" "10.9.0.51" -- bgpctl e1 show rib detail 10.100.51.0/24
lacks "Originator" bgpctl e1 show rib detail 10.100.51.0/24 || fail "ORIGINATOR_ID left the AS"
wait_for 10 "rr's kernel" says "via 10.9.0.51 dev eth0" ip -n "$net-rr" route show 10.100.51.0/24

bgpctl o1 neighbor 10.9.0.1 refresh
bgpctl o1 network delete 10.100.51.0/24
wait_for 10 "withdrawn at o2" lacks "10.100.51.0/24" bgpctl o2 show rib
says "10.100.52.0/24" bgpctl o1 show rib || fail "a refresh lost routes"

bgpctl o1 neighbor 10.9.0.1 down
wait_for 10 "o1's are withdrawn from o2" lacks "2001:db8:51" bgpctl o2 show rib
says "10.150.0.0/24" bgpctl o2 show rib || fail "o2 lost its own"

kill -TERM "$pid_rr"
ends 5 rr
wait_for 10 "e1 lost all" lacks "10.100.52.0/24" bgpctl e1 show rib
