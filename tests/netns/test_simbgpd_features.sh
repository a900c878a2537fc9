# What two sides claim besides: four-octet AS numbers with a peer that has them and one that has not,
# hold times that run out, limits of prefixes, loops of AS numbers, GTSM that refuses, RFC 8212, IPv6 as
# transport, an orderly shutdown. All against BIRD 2.
#
#	e1 .11 AS 4200000001 --+
#	e2 .12 AS 65002, 2-octet, hold 3 s +-- rr .1 AS 4200000099
#	e3 .13 AS 65003 by IPv6 --+
#	e4 .14 AS 65004: three routes, where two are allowed
#	e5 .15 AS 65005: GTSM wanted, TTL 1 sent
. "$SOURCE/tests/netns/lib.sh"
netns_setup
daemon_root bird2
node rr 10.9.0.1
for n in 1 2 3 4 5; do node e$n 10.9.0.1$n; done

cat >rr.conf <<'END'
router bgp 4200000099
 bgp router-id 10.9.0.1
 no bgp ebgp-requires-policy
 neighbor 10.9.0.11 remote-as 4200000001
 neighbor 10.9.0.11 passive
 neighbor 10.9.0.12 remote-as 65002
 neighbor 10.9.0.12 passive
 neighbor 10.9.0.12 timers 1 3
 neighbor 10.9.0.12 local-as 65099 no-prepend replace-as
 neighbor fd09::13 remote-as 65003
 neighbor fd09::13 passive
 neighbor 10.9.0.14 remote-as 65004
 neighbor 10.9.0.14 timers connect 1
 neighbor 10.9.0.15 remote-as 65005
 neighbor 10.9.0.15 ttl-security hops 1
 neighbor 10.9.0.15 timers connect 1
 address-family ipv4 unicast
  neighbor 10.9.0.14 maximum-prefix 2
  no neighbor fd09::13 activate
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:1::/48
  neighbor fd09::13 activate
 exit-address-family
END
bird() { # NODE NUMBER AS LOCAL REMOTE CHANNEL-AND-MORE
	cat >"$1.conf" <<END
log stderr all;
router id 10.9.0.$2;
protocol device {}
protocol direct { ipv4; ipv6; interface "eth0"; }
protocol static { ipv4; route 10.100.$2.0/24 blackhole; ${7:-} }
protocol static { ipv6; route 2001:db8:$2::/48 blackhole; }
protocol bgp hub {
	local $4 as $3;
	neighbor $5 as 4200000099;
	connect delay time 1;
	error wait time 1, 2;
	$6
}
END
}
v4='ipv4 { import all; export where source = RTS_STATIC; };'
bird e1 11 4200000001 10.9.0.11 10.9.0.1 "$v4"
bird e2 12 65002 10.9.0.12 10.9.0.1 "enable as4 off; allow local as 1; $v4"
sed -i "s/as 4200000099/as 65099/" e2.conf
bird e3 13 65003 fd09::13 fd09::1 "ipv6 { import all; export where source = RTS_STATIC; };"
bird e4 14 65004 10.9.0.14 10.9.0.1 "$v4" "route 10.111.0.0/24 blackhole; route 10.112.0.0/24 blackhole;"
bird e5 15 65005 10.9.0.15 10.9.0.1 "$v4"
simbgpd_start rr
for n in 1 2 3 4 5; do bird2_start e$n; done

state() { # PEER STATE
	says "\"state\":\"$2\"" show rr "show bgp neighbors $1 json"
}
for peer in 10.9.0.11 10.9.0.12 fd09::13; do
	wait_for 20 "$peer is up" state "$peer" Established
done
says '"as4":false' show rr 'show bgp neighbors 10.9.0.12 json' || fail "AS4 with one who has it not"
says '"holdTime":3,' show rr 'show bgp neighbors 10.9.0.12 json' || fail "hold time"

# AS_TRANS on the wire, AS4_PATH beside it: BIRD joins them again, and so do we; both sides' numbers survive.
wait_for 10 "e2 sees e1 through AS_TRANS" says "BGP.as_path: 65099 4200000001" \
	birdc2 e2 show route 10.100.11.0/24 all
wait_for 10 "e1 sees e2 and us" says "BGP.as_path: 4200000099 65002" \
	birdc2 e1 show route 10.100.12.0/24 all

# IPv6 over IPv6.
wait_for 10 "e3 has our network" says "via fd09::1 on eth0" birdc2 e3 show route 2001:db8:1::/48
wait_for 10 "we have e3's" says '"nexthop":"fd09::13"' show rr 'show bgp ipv6 unicast 2001:db8:13::/48 json'

# More prefixes than allowed: Cease 6/1, and nothing of it stays.
# BIRD keeps the reason only until its next attempt, which may come before we look.
told() {
	says "Maximum number of prefixes reached" birdc2 e4 show protocols all hub ||
		grep -q "Received: Maximum number of prefixes reached" e4.log
}
wait_for 20 "e4 was told" told
lacks "10.111.0.0/24" birdc2 e1 show route || fail "e4's routes stay"

# GTSM: what comes with TTL 1 is dropped, so there never is a session.
says '"connectionsEstablished":0' show rr 'show bgp neighbors 10.9.0.15 json' ||
	fail "GTSM let somebody in"

# Hold time: the peer is silent, we say 4/0; it comes back and is taken.
kill -STOP "$pid_e2"
wait_for 6 "hold time ran out" says '"lastErrorCode":4' show rr 'show bgp neighbors 10.9.0.12 json'
wait_for 5 "its route is withdrawn" lacks "10.100.12.0/24" birdc2 e1 show route
kill -CONT "$pid_e2"
wait_for 20 "e2 is back" state 10.9.0.12 Established
wait_for 5 "and its route" says "10.100.12.0/24" birdc2 e1 show route

# A neighbor shut down by a reload: 6/2, and up again.
sed -i 's/^ neighbor 10.9.0.11 passive/&\n neighbor 10.9.0.11 shutdown/' rr.conf
kill -HUP "$pid_rr"
wait_for 5 "e1 was told" says "Administrative shutdown" birdc2 e1 show protocols all hub
sed -i '/ neighbor 10.9.0.11 shutdown/d' rr.conf
kill -HUP "$pid_rr"
wait_for 20 "e1 is up again" state 10.9.0.11 Established

# A configuration with a mistake changes nothing.
echo ' neighbor 10.9.0.11 remote-sa 7' >>rr.conf
kill -HUP "$pid_rr"
wait_for 5 "refused with a word" says "the configuration stays as it was" cat rr.log
state 10.9.0.11 Established || fail "a bad configuration took a session down"

# RFC 8212: without a policy an eBGP neighbour gets and gives nothing.
sed -i '/remote-sa/d; s/ no bgp ebgp-requires-policy/ bgp ebgp-requires-policy/' rr.conf
kill -HUP "$pid_rr"
wait_for 10 "nothing for e1" lacks "10.100.12.0/24" birdc2 e1 show route
kill -TERM "$pid_rr"
ends 5 rr
