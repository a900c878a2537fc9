# A real table as a collector had it in July 2002: 115,521 routes, of them 112,986 of one full feed, go over ADD-PATH
# from a client through a reflector to another client and a BIRD, and arrive equal: every path with every
# attribute.
#
#	feed .11 (the archive) --- rr .1 --- sink .12 simbgpd
#	                           simbgpd +- bird .13 BIRD 2
. "$SOURCE/tests/netns/lib.sh"
archive=$SIMRUN_SHARED/bgp/data/bgpdump/test_data/bview.20020722.2337.gz
[ -r "$archive" ] || { echo "shared data not here: skipped"; exit 77; }
netns_setup
daemon_root bird2
node rr 10.9.0.1
node feed 10.9.0.11
node sink 10.9.0.12
node bird 10.9.0.13
gunzip -c "$archive" >archive

cat >rr.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.1
END
for client in 11 12 13; do
	cat >>rr.conf <<END
 neighbor 10.9.0.$client remote-as 64512
 neighbor 10.9.0.$client passive
 neighbor 10.9.0.$client route-reflector-client
 neighbor 10.9.0.$client addpath-tx-all-paths
END
done
cat >sink.conf <<'END'
router bgp 64512
 bgp router-id 10.9.0.12
 neighbor 10.9.0.1 remote-as 64512
 neighbor 10.9.0.1 timers connect 1
 neighbor 10.9.0.1 addpath-tx-all-paths
END
cat >bird.conf <<'END'
router id 10.9.0.13;
protocol device {}
protocol bgp hub { local 10.9.0.13 as 64512; neighbor 10.9.0.1 as 64512; connect delay time 1;
	error wait time 1, 2; ipv4 { import all; export none; add paths; gateway recursive; }; }
END
# As BIRD 2: FRR adds MED 0 to what it reflects.
simbgpd_start rr --no-kernel --profile bird2
simbgpd_start sink --no-kernel --profile bird2
bird2_start bird
for client in 12 13; do
	wait_for 20 ".$client is up" says '"state":"Established"' \
		show rr "show bgp neighbors 10.9.0.$client json"
done
ip netns exec "$net-feed" "$MRTFEED" archive 10.9.0.1 64512 10.9.0.11 >sent.txt 2>feed.log &
processes="$processes $!"
wait_for 60 "all has been sent" says "fed 115521 routes" cat feed.log
received() { # NODE PEER
	says '"pfxRcd":115521,' show "$1" "show bgp neighbors $2 json"
}
wait_for 60 "all at the reflector" received rr 10.9.0.11
wait_for 60 "all at the sink" received sink 10.9.0.1
wait_for 60 "all at BIRD" says "115521 of 115521 routes" birdc2 bird show route count

show sink 'show bgp ipv4 unicast json' | awk '{ gsub(/\{"pathFrom/, "\n&") } 1' | awk '
	/^{"pathFrom"/ {
		if (match($0, /"attributes":"[^"]*"/)) {
			text = substr($0, RSTART + 14, RLENGTH - 15)
			print prefix, text
		}
	}
	match($0, /"[0-9.]+\/[0-9]+":\[$/) { prefix = substr($0, RSTART + 1, RLENGTH - 4) }' |
	sed 's/, originator-id 10\.9\.0\.11//; s/, cluster-list 10\.9\.0\.1//' | sort >got.txt
sort sent.txt >want.txt
[ "$(wc -l <want.txt)" = 115521 ] || fail "not the archive we know"
cmp want.txt got.txt || { diff want.txt got.txt | head -n 20 >&2; fail "what arrived is not what was sent"; }
echo "ok: equal"

# The feed is lost: all withdrawn.
kill -KILL $(ip netns pids "$net-feed")
wait_for 60 "nothing at the sink" says '"pfxRcd":0,' show sink "show bgp neighbors 10.9.0.1 json"
wait_for 60 "nothing at BIRD" says "0 of 0 routes" birdc2 bird show route count
kill -TERM "$pid_rr" "$pid_sink"
ends 10 rr
ends 10 sink
