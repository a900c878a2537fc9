# The seed's network, failing over: it passes, leaves what it promises, and would not pass if the
# reflectors did not back each other up.
. "$SOURCE/tests/cli/lib.sh"

expect_code 0 "$SIMRUN" scenarios/rr-failover.topo
has out "PASS"
has out "digest"
has out "seed 1"
for file in run.db report.html junit.xml summary.json run.pcapng pcap/rack1.pcap plots/reach.gp \
	plots/reach.dat plots/reach.svg plots/reach.png plots/sessions.svg plots/messages.svg; do
	[ -s "simrun-rr-failover/$file" ] || fail "simrun-rr-failover/$file is missing or empty"
done
[ ! -e simrun-rr-failover.simrun.tmp ] || fail "the working folder was left behind"
[ ! -e simrun-rr-failover/run.db-wal ] || fail "run.db has a -wal beside it"
passed=$(grep -c '"result": "pass"' simrun-rr-failover/summary.json)
[ "$passed" -ge 12 ] || fail "only $passed expectations passed"

# A second run replaces the first in one step.
cp simrun-rr-failover/summary.json first.json
expect_code 0 "$SIMRUN" scenarios/rr-failover.topo
[ -s simrun-rr-failover/run.db ] || fail "the second run left no run.db"

# With one reflector less, the others' pods go silent once the hold time is over.
sed -e '/name: k8s-2, labels/s/, labels: { route-reflector: "true" }//' \
	-e 's/172.31.13.28\/24, routeReflectorClusterID: 172.31.13.28/172.31.13.28\/24/' \
	scenarios/rr-failover.topo >scenarios/single.topo
expect_code 1 "$SIMRUN" scenarios/single.topo -k rr1-off-harmless -o single
has out "FAIL"
has out "longest outage"
