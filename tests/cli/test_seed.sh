# The recipe as written: it fails as real daemons do, and says why; one line mends it; one word in it is
# refused; and the canary's every expectation fails.
. "$SOURCE/tests/cli/lib.sh"

# Of one expectation in summary.json: everything between its name and the next one.
story_of() { # story_of FOLDER NAME
	awk -v name="\"name\": \"$2\"," 'index($0, name) { on = 1; print; next }
		on && /"name": / { exit } on { print }' "$1/summary.json"
}
seconds_of() { # "longest outage 130.527s": 130
	story_of "$1" "$2" | sed -n 's/.*"measured": "longest outage \([0-9]*\)\..*/\1/p'
}
result_of() { story_of "$1" "$2" | sed -n 's/.*"result": "\([^"]*\)".*/\1/p'; }

# Quagga keeps one path. Whichever reflector it took at first, once k8s-1 has been away all goes through
# k8s-2, so that the loss of that one is felt, whatever the seed.
for seed in 1 2 3 4 5 6; do
	silent=0
	expect_code 1 "$SIMRUN" scenarios/seed-as-written.topo --seed "$seed" -o seed
	for name in sessions pods-from-outside source-kept; do
		[ "$(result_of seed $name)" = pass ] || fail "seed $seed: $name should pass"
	done
	first=$(result_of seed rr1-crash-harmless)
	second=$(result_of seed rr2-crash-harmless)
	[ "$second" = fail ] || fail "seed $seed: rr2-crash-harmless: $second"
	for pair in "rr1-crash-harmless 27" "rr2-crash-harmless 28"; do
		name=${pair% *}
		[ "$(result_of seed "$name")" = fail ] || continue
		outage=$(seconds_of seed "$name")
		[ "$outage" -ge 120 ] && [ "$outage" -lt 180 ] ||
			fail "seed $seed: $name: silent for $outage s, not for 120..180 s"
		story_of seed "$name" >story
		grep -q "k8s-3/172.27.210.5 .6" story && silent=$((silent + 1))
		has story "NODE_DOWN"
		has story "to the reflector k8s-"
		has story "not to the pod's node"
		has story "BGPPeer/rr-peer keeps no original"
		has story "hold time min(tor 180s, k8s-"
		has story "tor: ARP for 172.31.13.${pair#* } "
		has story "another path, via k8s-"
		line=$(grep -n 'name: rr-peer' scenarios/seed-as-written.topo | cut -d: -f1)
		grep -q "line $line\b" story || fail "the line of BGPPeer/rr-peer ($line) is not named"
		crash=$(grep -n "name: ${name%-harmless}" scenarios/seed-as-written.topo | cut -d: -f1)
		grep -qE "${name%-harmless}, line ($crash|$((crash + 1))|$((crash - 1)))\b" story ||
			fail "the line of the step is not named"
		# The same text on the terminal, in JUnit and from why.
		has out "keeps no original"
		has seed/junit.xml "keeps no original"
		expect_code 0 "$SIMRUN" why seed "$name"
		has out "keeps no original"
	done
	[ "$silent" -ge 1 ] || fail "seed $seed: the pods of k8s-3 hang on one reflector"
done

# In between, the switch still believes, and says so in its own words.
expect_code 1 "$SIMRUN" scenarios/seed-as-written.topo -o seed
expect_code 0 "$SIMRUN" show seed tor 'show ip route bgp' --at 505s
has out "172.27.208.0/26"
expect_code 0 "$SIMRUN" show seed tor 'ip neigh' --at 540s
grep -qE '172.31.13.2[78] .*(FAILED|INCOMPLETE)' out || { cat out; fail "no neighbour given up"; }

# One line mends it.
sed 's/^  asNumber: 7675.*/&\n  keepOriginalNextHop: true/' scenarios/seed-as-written.topo >kept.topo
expect_code 0 "$SIMRUN" kept.topo -o kept
[ "$(seconds_of kept rr1-crash-harmless)" -eq 0 ] || fail "an outage in spite of keepOriginalNextHop"
[ "$(seconds_of kept rr2-crash-harmless)" -eq 0 ] || fail "an outage in spite of keepOriginalNextHop"

# FRR keeps both paths: only those flows are silent whose hash says so, and only until the kernel gives the
# dead neighbour up: what is left of its reachable time (15..45 s at most, 0 if it was just being
# asked), 5 s of delay, three questions of a second. 10.2 s and 3 of 8 flows were measured once.
sed -e 's/kind: quagga/kind: frr/' -e 's/pods: 2/pods: 8/' \
	-e 's/^         bgp router-id/         no bgp ebgp-requires-policy\n&/' \
	scenarios/seed-as-written.topo >ecmp.topo
around_ten=0
for seed in 1 2 3 4 5 6 7 8; do
	expect_code 1 "$SIMRUN" ecmp.topo --seed "$seed" -o ecmp --pcap none
	for name in rr1-crash-harmless rr2-crash-harmless; do
		[ "$(result_of ecmp $name)" = fail ] || fail "seed $seed: $name should fail"
		outage=$(seconds_of ecmp $name)
		[ "$outage" -ge 3 ] && [ "$outage" -le 53 ] ||
			fail "seed $seed: $name: silent for $outage s, not for 3..53 s"
		[ "$outage" -ge 8 ] && [ "$outage" -le 13 ] && around_ten=$((around_ten + 1))
		share=$(story_of ecmp $name | grep -oE '[0-9]+ of 16 flows' | head -n 1 | cut -d' ' -f1)
		[ "${share:-0}" -ge 1 ] && [ "$share" -le 15 ] ||
			fail "seed $seed: $name: '$share' of 16 flows is no share"
	done
done
[ "$around_ten" -ge 1 ] || fail "never about the 10 s that were measured"

# The typing error: located, explained, nothing run.
expect_code 2 "$SIMRUN" scenarios/seed-typo.topo -o typo
line=$(grep -n '172.27.0.208/22 via' scenarios/seed-typo.topo | cut -d: -f1)
has err "scenarios/seed-typo.topo:$line:24: error: 172.27.0.208/22 is not a network: host bits are set [E031]"
has err "did you mean 172.27.208.0/22? IPPool/default-pool has it"
[ "$(grep -c 'error:' err)" -eq 1 ] || fail "one mistake, one error"
[ ! -e typo ] || fail "a scenario that cannot be read left a folder"
sed 's|172.27.0.208/22 via|172.27.208.0/22 via|' scenarios/seed-typo.topo >mended.topo
expect_code 1 "$SIMRUN" mended.topo -o mended
[ "$(sqlite3 mended/run.db "SELECT value FROM fact WHERE key = 'digest'")" = \
	"$(sqlite3 seed/run.db "SELECT value FROM fact WHERE key = 'digest'")" ] ||
	fail "the mended recipe is not the one as written"

# The canary.
for seed in 1 2 3; do
	expect_code 1 "$SIMRUN" scenarios/canary-must-fail.topo -o canary --seed "$seed"
	wanted=$(sed -n '/^expect:/,/^---/p' scenarios/canary-must-fail.topo | grep -c '^  [a-z]')
	failed=$(grep -c '"result": "fail",' canary/summary.json)
	[ "$failed" -eq $((wanted + 1)) ] || # and the whole
		fail "$((failed - 1)) of $wanted expectations failed"
	lacks canary/summary.json '"pass"'
	lacks canary/summary.json '"warn"'
	lacks canary/summary.json '"not judged"'
	has canary/junit.xml "failures=\"$wanted\""
done
