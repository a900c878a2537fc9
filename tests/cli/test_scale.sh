# Ten times the size: three hundred nodes, two of them reflectors, through the binary, with everything that
# is written; one reflector dies and comes back. (Speed is not judged here: make bench.)
. "$SOURCE/tests/cli/lib.sh"

cluster() { # cluster NODES
	awk -v n="$1" 'function address(i) { return "10.0." 1 + int((i - 1) / 250) "." 1 + (i - 1) % 250 }
	BEGIN {
		print "simrun: 1\nname: cluster\ntopology:\n  nodes:\n    tor:\n      kind: frr\n      config: |"
		print "        interface eth0\n         ip address 10.0.0.1/16\n        exit\n        router bgp 65000"
		print "         bgp router-id 10.0.0.1\n         no bgp ebgp-requires-policy"
		print "         neighbor 10.0.1.1 remote-as 64512\n         neighbor 10.0.1.2 remote-as 64512"
		print "    client: { kind: host, exec: [ip addr add 10.0.0.2/16 dev eth0, ip route add 10.128.0.0/9 via 10.0.0.1] }"
		for (i = 1; i <= n; i++) print "    n" i ": { kind: calico-node, pods: 1 }"
		printf "  links:\n    - { name: lan, delay: 0.1ms, endpoints: [\"tor:eth0\", \"client:eth0\""
		for (i = 1; i <= n; i++) printf ", \"n%d:eth0\"", i
		print "] }\ntimeline:\n  - { at: 40s, name: off, crash: n1 }\n  - { at: 50s, name: on, boot: n1 }"
		print "  - { at: 70s, end: true }\nexpect:"
		print "  sessions: { established: all, within: 30s }\n  again: { established: all, at: end }"
		print "  reach: { reachable: { from: client, to: { pods-on: [n2, n" n "] } }, after: 30s, max-outage: 0s }"
		print "---\napiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: p }"
		print "spec: { cidr: 10.128.0.0/9, ipipMode: Never, vxlanMode: Never, natOutgoing: false }"
		print "---\napiVersion: projectcalico.org/v3\nkind: BGPConfiguration\nmetadata: { name: default }"
		print "spec: { nodeToNodeMeshEnabled: false, asNumber: 64512 }"
		print "---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: { name: tor }"
		print "spec: { nodeSelector: has(rr), peerIP: 10.0.0.1, asNumber: 65000, keepOriginalNextHop: true }"
		print "---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: { name: rr }"
		print "spec: { nodeSelector: all(), peerSelector: has(rr) }"
		for (i = 1; i <= n; i++) {
			print "---\napiVersion: projectcalico.org/v3\nkind: Node"
			print "metadata: { name: n" i (i <= 2 ? ", labels: { rr: \"yes\" } }" : " }")
			print "spec: { bgp: { ipv4Address: " address(i) "/16" \
				(i <= 2 ? ", routeReflectorClusterID: " address(i) : "") " } }"
		}
	}'
}
judge() { # judge PROGRAM NODES
	cluster "$2" >cluster.topo
	expect_code 0 "$1" cluster.topo -q -o run --pcap none
	has out "PASS  3 of 3"
	rows=$(sqlite3 run/run.db 'SELECT count(*) FROM v_paths')
	[ "$rows" -gt $(($2 * $2)) ] || fail "$rows paths for $2 nodes"
	[ "$(sqlite3 run/run.db "SELECT count(*) FROM verdict WHERE result = 'pass'")" -eq 3 ] || fail "verdicts"
	for picture in reach sessions messages; do
		[ -s run/plots/$picture.png ] || fail "no $picture.png"
	done
	expect_code 0 "$1" show run "n$2" 'ip route'
	[ "$(grep -c ' proto bird' out)" -ge $(($2 - 1)) ] || fail "n$2 lacks routes"
	expect_code 0 "$1" check cluster.topo
	has out "speakers, "
	[ "$(wc -l <out)" -lt 50 ] || fail "check of a large network prints too much"
}
judge "$SIMRUN" 60
digest=$(sqlite3 run/run.db "SELECT value FROM fact WHERE key = 'digest'")
if [ -x "$RELEASE" ]; then
	judge "$RELEASE" 60
	[ "$(sqlite3 run/run.db "SELECT value FROM fact WHERE key = 'digest'")" = "$digest" ] || fail "another digest"
	judge "$RELEASE" 300
fi
