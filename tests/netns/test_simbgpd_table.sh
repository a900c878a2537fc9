# A hundred thousand routes with some hundred attribute sets go in at one side and arrive equal at the
# other; withdrawn, they are gone; with the kernel's table filled on the way.
#
#	feed .11 AS 65001 --- rr .1 --- sink .12
#	 BIRD 1.6             simbgpd +- slow .13
. "$SOURCE/tests/netns/lib.sh"
netns_setup
daemon_root bird
node rr 10.9.0.1
node feed 10.9.0.11
node sink 10.9.0.12
node slow 10.9.0.13
# Small buffers, so that a reader that stops is felt by the writer.
in_node rr sh -c "echo 4096 8192 16384 >/proc/sys/net/ipv4/tcp_wmem"
in_node slow sh -c "echo 4096 8192 16384 >/proc/sys/net/ipv4/tcp_rmem"
routes=${ROUTES:-100000}

cat >rr.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.1
 no bgp ebgp-requires-policy
 neighbor 10.9.0.11 remote-as 65001
 neighbor 10.9.0.11 timers connect 1
 neighbor 10.9.0.12 remote-as 64512
 neighbor 10.9.0.12 timers connect 1
 neighbor 10.9.0.13 remote-as 64512
 neighbor 10.9.0.13 timers connect 1
END
{
	echo 'router id 10.9.0.11; protocol device {}'
	echo 'protocol static table0 {'
	awk -v n="$routes" 'BEGIN { for (i = 0; i < n; i++)
		printf "route %d.%d.%d.0/24 blackhole;\n", 20 + int(i / 65536), int(i / 256) % 256, i % 256 }'
	echo '}'
	echo 'filter dressed { if source != RTS_STATIC then reject;'
	awk 'BEGIN { for (i = 0; i < 256; i += 2) printf \
		"if net ~ [ 20.%d.0.0/15+, 21.%d.0.0/15+ ] then { bgp_path.prepend(%d); bgp_community.add((65001, %d)); bgp_med = %d; }\n",
		i, i, 3000 + i, i, i }'
	echo 'accept; }'
	echo 'protocol bgp hub { local 10.9.0.11 as 65001; neighbor 10.9.0.1 as 64512;'
	echo 'connect delay time 1; error wait time 1, 2; import all; export filter dressed; }'
} >feed.conf
cat >sink.conf <<'END'
router id 10.9.0.12;
protocol device {}
protocol bgp hub { local 10.9.0.12 as 64512; neighbor 10.9.0.1 as 64512; connect delay time 1;
	error wait time 1, 2; import all; export none; }
END
simbgpd_start rr
sed "s,10\.9\.0\.12,10.9.0.13," sink.conf >slow.conf
bird16_start sink
bird16_start slow
bird16_start feed
counted() { # COUNT NODE
	says "$1 of" birdc16 "$2" show route count
}
wait_for 60 "all at the sink" counted "$routes" sink

# What BIRD itself says of each: AS path, MED, communities.
birdc16 sink show route all >all.txt
[ "$(grep -c 'BGP.community: (65001,' all.txt)" = "$routes" ] || fail "communities were lost"
[ "$(sort -u all.txt | grep -c 'BGP.as_path')" = 128 ] || fail "AS paths are not the feed's"
awk '/\/24/ { split($1, q, ".") } /BGP.as_path:/ { if ($2 != 3000 + q[2] - q[2] % 2) bad++ }
	/BGP.med:/ { if ($2 != q[2] - q[2] % 2) bad++ } END { exit bad > 0 }' all.txt ||
	fail "a route has another's attributes"
in_kernel() { [ "$(ip -n "$net-rr" route show proto bgp | wc -l)" = "$1" ]; }
wait_for 60 "all in rr's kernel" in_kernel "$routes"

birdc16 feed disable table0 >/dev/null
wait_for 60 "all gone at the sink" counted 0 sink
wait_for 60 "and from rr's kernel" in_kernel 0
birdc16 feed enable table0 >/dev/null
wait_for 60 "all there again" counted "$routes" sink

# One that stops reading costs the others nothing, and gets it all once it reads again.
simbgpd_alive() { says '"state":"Established"' show rr "show bgp neighbors 10.9.0.13 json"; }
wait_for 20 "the slow one is up" simbgpd_alive
birdc16 feed disable table0 >/dev/null
wait_for 60 "all gone at the slow one" counted 0 slow
kill -STOP "$pid_slow"
birdc16 feed enable table0 >/dev/null
wait_for 60 "all there again" counted "$routes" sink
birdc16 feed disable table0 >/dev/null
wait_for 60 "all gone again" counted 0 sink
birdc16 feed enable table0 >/dev/null
wait_for 60 "and there again" counted "$routes" sink
kill -CONT "$pid_slow"
wait_for 60 "all at the slow one" counted "$routes" slow

# A full table goes at the end.
wait_for 60 "all in rr's kernel" in_kernel "$routes"
kill -TERM "$pid_rr"
ends 30 rr
in_kernel 0 || fail "routes left in the kernel"
