# Fifty nodes whose sessions are active on both sides: they come up and stay up. (With every clock in
# step, two BIRDs that dial each other at once take the second connection for a restart, for ever.)
. "$SOURCE/tests/cli/lib.sh"

awk -v N=50 '
function rr(i) { return i < 2 }
BEGIN {
	print "simrun: 1\nname: cluster\ntopology:\n  nodes:"
	for (i = 0; i < N; i++) printf "    n%d: { kind: calico-node, pods: 1 }\n", i
	print "    client: { kind: host, exec: [ ip addr add 172.16.0.9/16 dev eth0 ] }"
	printf "  links:\n    - name: lan\n      delay: 0.1ms\n      endpoints: [\"client:eth0\""
	for (i = 0; i < N; i++) printf ", \"n%d:eth0\"", i
	print "]\ntimeline:\n  - { at: 60s, name: off, crash: n0 }\n  - { at: 90s, name: on, boot: n0 }"
	print "  - { at: 200s, end: true }\nexpect:\n  up: { established: all, within: 15s }"
	print "  up-again: { established: all, at: end }"
	print "---\napiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: p }"
	print "spec: { cidr: 10.64.0.0/16, ipipMode: Never, vxlanMode: Never }"
	print "---\napiVersion: projectcalico.org/v3\nkind: BGPConfiguration\nmetadata: { name: default }"
	print "spec: { nodeToNodeMeshEnabled: false }"
	print "---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: { name: rr }"
	print "spec: { nodeSelector: all(), peerSelector: rr == \"yes\" }"
	for (i = 0; i < N; i++) {
		printf "---\napiVersion: projectcalico.org/v3\nkind: Node\nmetadata: { name: n%d%s }\n", i,
			rr(i) ? ", labels: { rr: \"yes\" }" : ""
		printf "spec: { bgp: { ipv4Address: 172.16.1.%d/16%s } }\n", i + 1,
			rr(i) ? ", routeReflectorClusterID: 244.0.0.1" : ""
	}
}' >cluster.topo
for seed in 1 2 3; do
	expect_code 0 "$RELEASE" cluster.topo --seed "$seed" --pcap none
	has out "97 of 97 in"
	losses=$(sqlite3 simrun-cluster/run.db \
		"SELECT count(*) FROM v_sessions WHERE old_state = 'Established' AND new_state <> 'Established' AND at_s < 60")
	[ "$losses" -lt 20 ] || fail "seed $seed: $losses sessions were lost before anything was done"
done
