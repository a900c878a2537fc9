# Annotations and the step summary: inside Actions only.
. "$SOURCE/tests/cli/lib.sh"
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY || true

expect_code 1 "$SIMRUN" scenarios/seed-as-written.topo
lacks out "::error"
GITHUB_ACTIONS=false GITHUB_STEP_SUMMARY=$PWD/steps.md expect_code 1 "$SIMRUN" \
	scenarios/seed-as-written.topo
lacks out "::error"
[ ! -e steps.md ] || fail "a summary outside Actions"

echo "# before" >steps.md
GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$PWD/steps.md expect_code 1 "$SIMRUN" \
	scenarios/seed-as-written.topo
line=$(grep -n '^  rr[12]-crash-harmless:' scenarios/seed-as-written.topo | cut -d: -f1)
grep '^::error ' out >errors || fail "no annotation"
found=0
for number in $line; do
	if grep -q "^::error file=scenarios/seed-as-written.topo,line=$number,.*::longest outage" errors
	then
		found=1
	fi
done
[ "$found" -eq 1 ] || { cat errors >&2; fail "no annotation at the failed expectation"; }
where=$(grep -n '^  name: rr-peer' scenarios/seed-as-written.topo | cut -d: -f1)
grep -q "^::error file=scenarios/seed-as-written.topo,line=$where," errors ||
	fail "no annotation at the BGPPeer that is to blame"
[ "$(grep -c '^::' out)" -le 30 ] || fail "more annotations than GitHub shows"
has steps.md "# before"
has steps.md "| fail | rr"
has steps.md '```mermaid'

# A file that cannot be read gives annotations, too.
GITHUB_ACTIONS=true expect_code 2 "$SIMRUN" scenarios/seed-typo.topo
has out "::error file=scenarios/seed-typo.topo,line="
has out "172.27.208.0/22"
