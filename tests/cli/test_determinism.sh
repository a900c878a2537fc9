# Same scenario, seed and options: the same run, bit by bit, whichever compiler and build it was, and
# wherever and however it was started. Another node more leaves the others' random draws alone.
. "$SOURCE/tests/cli/lib.sh"

builds="$SIMRUN"
for other in "$RELEASE" "$CLANG"; do
	if [ -x "$other" ]; then
		builds="$builds $other"
	else
		echo "no build at $other: not compared (make release clang)"
	fi
done

# Everything of a run that is not the wall clock's.
essence() {
	sqlite3 "$1/run.db" .dump >"$1.sql"
	sed 's/ time="[^"]*"//' "$1/junit.xml" >"$1.xml"
	sed '/"wall_ns"/d' "$1/summary.json" >"$1.json"
	sed 's/simulated in [0-9.]*s//; s/[0-9.]*s of wall time//' "$1/report.html" >"$1.html"
	rm "$1/run.db" "$1/junit.xml" "$1/summary.json" "$1/report.html"
}
same() { # same A B
	for part in sql xml json html; do
		cmp "$1.$part" "$2.$part" || fail "$1 and $2 differ in $part"
	done
	diff -r -q "$1" "$2" || fail "$1 and $2 differ"
}
run() { # run BUILD OUTPUT SCENARIO OPTIONS...
	program=$1
	out=$2
	shift 2
	code=0
	"$program" -q -o "$out" "$@" >/dev/null 2>&1 || code=$?
	[ "$code" -le 1 ] || fail "exit code $code: $program $*"
}
digest() { sqlite3 "$1/run.db" "SELECT value FROM fact WHERE key = 'digest'"; }

sed -e 's/      delay: 0.1ms/      delay: 2ms\n      jitter: 1500us\n      loss: 2%/' \
	-e 's/^name: .*/name: lossy/' scenarios/rr-failover.topo >scenarios/lossy.topo
grep -q 'loss: 2%' scenarios/lossy.topo

for name in rr-failover seed-as-written lossy; do
	file=scenarios/$name.topo
	run "$SIMRUN" "$name-again" "$file"
	before=$(digest "$name-again")
	essence "$name-again"
	number=0
	for build in $builds; do
		number=$((number + 1))
		run "$build" "$name-$number" "$file"
		[ "$(digest "$name-$number")" = "$before" ] || fail "$name: another digest: $build"
		essence "$name-$number"
		same "$name-again" "$name-$number"
	done
	[ -s "$name-1/run.pcapng" ] && [ -s "$name-1/pcap/rack1.pcap" ] || fail "$name: no capture"
	[ -s "$name-1/plots/messages.dat" ] || fail "$name: no plots"
	run "$SIMRUN" "$name-seed" "$file" --seed 2
	[ "$(digest "$name-seed")" != "$before" ] || fail "$name: seed 2 is seed 1"
	# What is written down does not change what happens.
	for options in '--pcap none' '--pcap rack1' '--no-progress'; do
		# shellcheck disable=SC2086
		run "$SIMRUN" "$name-quiet" "$file" $options
		[ "$(digest "$name-quiet")" = "$before" ] || fail "$name: $options: another digest"
	done
	"$SIMRUN" --no-write --format json "$file" >none.json 2>err || :
	has none.json "$before"
done

# The place, the locale, the time zone, the clock's day, the order of words: all the same.
run "$SIMRUN" plain scenarios/lossy.topo --seed 3
for locale in C C.UTF-8 de_DE.UTF-8; do
	(
		export TZ=Pacific/Chatham LC_ALL="$locale" HOME=/nonexistent COLUMNS=40
		run "$SIMRUN" other --seed 3 scenarios/lossy.topo
	)
	cp -r plain plain-copy
	cp -r other other-copy
	essence plain-copy
	essence other-copy
	same plain-copy other-copy
	rm -r plain-copy other-copy
done
mkdir elsewhere
(cd elsewhere && export SIMRUN_SEED=3 && run "$SIMRUN" ../moved -C ../scenarios lossy.topo -o ../moved)
[ "$(digest moved)" = "$(digest plain)" ] || fail "another folder, another digest"

# Another node: what the old ones draw stays. First those who do not even speak with it.
sed -e '/^timeline:/,/^expect:/c\
timeline:\
  - { at: 900s, name: off, crash: k8s-1 }\
  - { at: 1500s, end: true }\
expect:' -e '/during:/,/max-outage:/d' -e 's/nodeSelector: all()/nodeSelector: "!has(stranger)"/' \
	scenarios/lossy.topo >scenarios/quiet.topo
host='    visitor: { kind: host, exec: [ip addr add 172.31.13.201/24 dev eth0] }'
node='    visitor: { kind: calico-node, pods: 0, block: 172.27.211.0/26 }'
stranger='---
apiVersion: projectcalico.org/v3
kind: Node
metadata: { name: visitor, labels: { stranger: "yes" } }
spec: { bgp: { ipv4Address: 172.31.13.30/24 } }'
place() { # place WHAT WHERE: at the end, or in the middle, of both lists
	case $2 in
	end) at='/^  links:/' ends='"client:eth0", "visitor:eth0"' ;;
	middle) at='/^    k8s-2: /' ends='"visitor:eth0", "client:eth0"' ;;
	esac
	sed -e "$at"'i\
'"$1" -e 's/"client:eth0"/'"$ends"'/' scenarios/quiet.topo
}
place "$host" end >scenarios/host-end.topo
# Two strangers who talk with each other, in the midst of all.
pair="$host
    guest: { kind: host, exec: [ip addr add 172.31.13.202/24 dev eth0] }"
place "$(echo "$pair" | sed '1s/$/\\/')" middle |
	sed -e 's/^  sessions:/  seen: { reachable: { from: visitor, to: guest } }\n&/' \
		-e 's/"visitor:eth0"/&, "guest:eth0"/' >scenarios/host-middle.topo
{ place "$node" end && echo "$stranger"; } >scenarios/node-end.topo
{ place "$node" middle && echo "$stranger"; } >scenarios/node-middle.topo
{ place "$node" middle && echo "$stranger" | sed 's/stranger:/friend:/'; } >scenarios/friend.topo

story() { # by name, as numbers may shift; the visitor's own left out
	sqlite3 "$1/run.db" "SELECT o.at_ns, o.kind, n.name, o.data
		FROM observation o JOIN name n ON n.kind = 'node' AND n.number = o.node
		WHERE o.kind IN ('session', 'message', 'fib', 'best') AND n.name NOT IN ('visitor', 'guest')
		ORDER BY o.sequence"
}
# As far as a friend leaves it alone: KEEPALIVEs, to a tenth of a second.
keepalives() {
	sqlite3 "$1/run.db" "SELECT n.name, json_extract(o.data, '\$.neighbor') AS peer,
			(o.at_ns + 50000000) / 100000000
		FROM observation o JOIN name n ON n.kind = 'node' AND n.number = o.node
		WHERE o.kind = 'message' AND json_extract(o.data, '\$.type') = 4
			AND json_extract(o.data, '\$.sent') AND n.name NOT IN ('visitor', 'guest')
			AND peer NOT LIKE '%13_30' AND o.at_ns BETWEEN 10000000000 AND 890000000000
		ORDER BY 1, 2, o.sequence"
}
run "$SIMRUN" quiet scenarios/quiet.topo
story quiet >quiet.story
[ "$(grep -c '"type":4' quiet.story)" -gt 100 ] || fail "too few KEEPALIVEs to compare"
for name in host-end host-middle node-end node-middle; do
	run "$SIMRUN" "$name" "scenarios/$name.topo"
	[ "$(digest "$name")" != "$(digest quiet)" ] || fail "$name: the visitor does nothing"
	story "$name" >"$name.story"
	diff quiet.story "$name.story" | head -5
	cmp quiet.story "$name.story" || fail "$name: the visitor changed what others draw"
done
keepalives quiet >quiet.keepalives
run "$SIMRUN" friend scenarios/friend.topo
keepalives friend >friend.keepalives
diff quiet.keepalives friend.keepalives | head -5
cmp quiet.keepalives friend.keepalives || fail "a session more changed what others draw"
