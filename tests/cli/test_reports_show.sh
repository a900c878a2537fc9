# simrun show: an earlier run, asked again.
. "$SOURCE/tests/cli/lib.sh"
expect_code 0 "$SIMRUN" -q scenarios/rr-failover.topo
run=simrun-rr-failover

# The seed document's table to the letter, but for the times.
cat >seed <<'END'
Calico process is running.

IPv4 BGP status
+---------------+---------------+-------+----------+-------------+
| PEER ADDRESS  |   PEER TYPE   | STATE |  SINCE   |    INFO     |
+---------------+---------------+-------+----------+-------------+
| 172.31.13.116 | node specific | up    | HH:MM:SS | Established |
| 172.31.13.28  | node specific | up    | HH:MM:SS | Established |
| 172.31.13.29  | node specific | up    | HH:MM:SS | Established |
+---------------+---------------+-------+----------+-------------+

IPv6 BGP status
No IPv6 peers found.

END
expect_code 0 "$SIMRUN" show "$run" k8s-1 'calicoctl node status' --at 50s
sed 's/ [0-9][0-9]:[0-9][0-9]:[0-9][0-9] / HH:MM:SS /' out | diff -u seed - || fail "not the seed's table"
expect_code 0 "$SIMRUN" show "$run" k8s-1 'calicoctl node status'
sed 's/ [0-9][0-9]:[0-9][0-9]:[0-9][0-9] / HH:MM:SS /' out | diff -u seed - || fail "nor at the end"

# Each kind of trouble.
shows() { # TIME NODE COMMAND TEXT
	expect_code 0 "$SIMRUN" show "$run" "$2" "$3" --at "$1"
	has out "$4"
}
shows 100s k8s-1 'calicoctl node status' '(the node has no power)'
shows 100s k8s-1 'ip route' '(the node has no power)'
shows 100s k8s-1 'ip neigh' '(the node has no power)'
shows 430s k8s-1 'calicoctl node status' "INFO: BIRDv4 process: 'bird' is not running."
shows 430s k8s-3 'calicoctl node status' '| 172.31.13.27 | node specific | start |'
shows 50s k8s-3 'calicoctl node status' '| 172.31.13.27 | node specific | up    |'

# Kernel tables: the routes outlive the daemon, the neighbour's entry does not outlive the neighbour.
shows 50s tor 'ip route' '172.27.208.0/26 via 172.31.13.27 dev eth0 proto bgp metric 20 '
shows 250s tor 'ip route' '172.31.13.0/24 dev eth0 proto kernel scope link src 172.31.13.116 '
lacks out '172.27.208.0/26'
shows 430s k8s-1 'ip route' '172.27.210.0/26 via 172.31.13.29 dev eth0 proto bird '
has out 'blackhole 172.27.208.0/26 proto bird '
has out ' scope link '
shows 50s client 'ip route' '172.27.208.0/22 via 172.31.13.116 dev eth0 '
shows 50s tor 'ip neigh' '172.31.13.27 dev eth0 lladdr 02:'
lacks out FAILED
shows 250s tor 'ip neigh' '172.31.13.27 dev eth0 FAILED '
shows 100s k8s-3 'ip neigh' '172.31.13.27 dev eth0 FAILED '
has out '172.31.13.28 dev eth0 lladdr 02:'
shows 50s client 'ip neigh' '172.31.13.116 dev eth0 lladdr 02:'
expect_code 0 "$SIMRUN" show "$run" client 'ip neigh' --at 50s
grep -Eqx '172\.31\.13\.116 dev eth0 lladdr [0-9a-f:]{17} (REACHABLE|STALE|DELAY|PROBE) ' out ||
	fail "the client's gateway is in no state Linux knows"

# A hung daemon is there, and does not answer.
sed 's/    kill: { node: k8s-1, process: bird, signal: KILL }/    hang: { node: k8s-1, process: bird }/
s/    start: { node: k8s-1, process: bird }/    continue: { node: k8s-1, process: bird }/' \
	scenarios/rr-failover.topo >scenarios/hang.topo
code=0
"$SIMRUN" -q scenarios/hang.topo --until 450s -o hang >out 2>err || code=$?
[ "$code" -le 1 ] || { cat err >&2; fail "hang: exit code $code"; }
run=hang
shows 430s k8s-1 'calicoctl node status' 'Calico process is running.'
has out '(bird hangs: nothing answers on its control socket)'

# Who asks for what is not there is told what is.
expect_code 2 "$SIMRUN" show "$run" nobody 'ip route'
has err "there is no node nobody; there are: "
expect_code 2 "$SIMRUN" show "$run" tor 'reload'
has err "calicoctl node status"
