# What is typed, and what comes back: codes 0, 1, 2, 3, 5 (130: test_interrupts.sh), every flag and verb.
. "$SOURCE/tests/cli/lib.sh"
topo=scenarios/rr-failover.topo
seed=scenarios/seed-as-written.topo

# ---- 0, 1, 5 ---------------------------------------------------------------------------------
expect_code 0 "$SIMRUN" $topo -q
has out "PASS"
expect_code 0 "$SIMRUN" run $topo -q
expect_code 1 "$SIMRUN" $seed -q
has out "of 5 failed"
expect_code 5 "$SIMRUN" $topo -q -k 'no-such-*'
has out "NOTHING JUDGED"
expect_code 0 "$SIMRUN" $seed -q -k 's*'
expect_code 1 "$SIMRUN" $seed -q -k 'rr?-crash-harmless'
expect_code 5 "$SIMRUN" $seed -q -k '' # an empty name is the name of none
sed -n '/^expect:/q;p' $topo >none.topo
sed -n '/^---/,$p' $topo >>none.topo
expect_code 5 "$SIMRUN" none.topo -o none
has out "NOTHING JUDGED"
[ -s none/run.db ] && [ -s none/report.html ] || fail "a run without expectations leaves its folder, too"
# Before anything was to be: what was not judged is not called passed.
for until in 1ns 1ms 1s 29s; do
	expect_code 5 "$SIMRUN" $seed -k sessions --until $until -o early
	has out "not judged"
	has out "the run ended at"
	has early/junit.xml "<skipped"
done
expect_code 0 "$SIMRUN" $seed -k sessions --until 31s -o early
expect_code 0 "$SIMRUN" $seed --until 60s -o early
has out "PASS  3 of 5"
has out "2 not judged"
expect_code 1 "$SIMRUN" $seed --until 2000000h -q -o early
has out "800.000s simulated"
# --no-write, --junit, --pcap, --probe.
rm -rf simrun-*
expect_code 0 "$SIMRUN" $topo --no-write --junit j.xml --no-progress
lacks out "report.html"
[ ! -e simrun-rr-failover ] || fail "--no-write wrote"
has j.xml 'failures="0"'
expect_code 0 "$SIMRUN" $topo -q --pcap none -o p
[ ! -e p/run.pcapng ] && [ ! -e p/pcap ] || fail "--pcap none captured"
lacks out pcapng
expect_code 0 "$SIMRUN" $topo -q --pcap rack1 -o p
[ -s p/pcap/rack1.pcap ] || fail "--pcap rack1 did not"
expect_code 0 "$SIMRUN" $topo -q --probe 0s -o p
[ "$(sqlite3 p/run.db 'SELECT count(*) FROM v_probes')" -eq 0 ] || fail "--probe 0s probed"
expect_code 3 "$SIMRUN" $topo -q --junit nowhere/j.xml
has err "nowhere/j.xml: No such file or directory"

# ---- 2: usage --------------------------------------------------------------------------------
refused() { # refused WHAT-IS-SAID ARGUMENTS...
	said=$1
	shift
	expect_code 2 "$SIMRUN" "$@"
	has err "$said"
	[ ! -s out ] || fail "usage belongs on stderr: $*"
	[ ! -e simrun-rr-failover.simrun.tmp ] || fail "a folder was begun: $*"
}
rm -rf simrun-*
refused "'frobnicate' is neither a verb nor a file" frobnicate
refused "cannot read nowhere.topo: No such file" nowhere.topo
expect_code 2 "$SIMRUN" check nowhere.topo
has err "cannot read nowhere.topo: No such file"
refused "unrecognized option" --frobnicate
refused "requires an argument" $topo --seed
refused "requires an argument" $topo -k
refused "--seed 'x': a whole number" --seed x $topo
refused "--seed '-1'" --seed -1 $topo
refused "--seed '1.5'" --seed 1.5 $topo
refused "--seed ''" --seed '' $topo
refused "--seed '99999999999999999999'" --seed 99999999999999999999 $topo
refused "--until '5': a time with its unit" --until 5 $topo
refused "--until '0s'" --until 0s $topo
refused "--until '-5s'" --until -5s $topo
refused "--until '999999999h'" --until 999999999h $topo
refused "--until '1e3s'" --until 1e3s $topo
refused "--probe 'often'" --probe often $topo
refused "--at 'noon'" why x y --at noon
refused "--color 'red': auto, always or never" --color red $topo
refused "--format 'xml': text or json" --format xml $topo
refused "there is no such link; there are: rack1" --pcap rack7 $topo
refused "nowhere: No such file or directory" -C nowhere $topo
refused "--out ''" --out '' $topo
refused "there are several files" $topo $seed -o both
refused "there are several files" $topo $seed --junit both
refused "show needs a run, a node and a command" show
refused "show needs a run, a node and a command" show x y
refused "why needs a run" why x
refused "nowhere: No such file" show nowhere tor 'ip route'
refused "nowhere: No such file" why nowhere sessions
refused "goes with run and check" show -t $topo x y z
refused "no diagnostic has the code 'E999'" check --explain E999
[ ! -e simrun-rr-failover ] || fail "a refused call left a folder"
SIMRUN_SEED=x expect_code 2 env SIMRUN_SEED=x "$SIMRUN" $topo
has err "SIMRUN_SEED in the environment"

# ---- the environment, -t, -C, no file at all -----------------------------------------------------
expect_code 0 "$SIMRUN" $topo -q --seed 7
cp out seven
expect_code 0 env SIMRUN_SEED=7 SIMRUN_QUIET=1 "$SIMRUN" $topo
[ "$(grep -o 'digest.*' out)" = "$(grep -o 'digest.*' seven)" ] || fail "SIMRUN_SEED is not --seed"
expect_code 0 env SIMRUN_SEED=8 "$SIMRUN" $topo -q --seed 7
[ "$(grep -o 'digest.*' out)" = "$(grep -o 'digest.*' seven)" ] || fail "a flag outdoes the environment"
expect_code 0 env SIMRUN_NO_WRITE=1 SIMRUN_NO_PROGRESS=1 SIMRUN_OUT=x "$SIMRUN" $topo -q
[ ! -e x ] || fail "SIMRUN_NO_WRITE wrote"
expect_code 0 env SIMRUN_NO_WRITE=0 SIMRUN_OUT=x "$SIMRUN" $topo -q
[ -e x/run.db ] || fail "SIMRUN_NO_WRITE=0 is off"
for words in "-t $topo" "run -t $topo" "-t $topo run" "--topo=$topo run -q"; do
	# shellcheck disable=SC2086
	expect_code 0 "$SIMRUN" $words
	has out "PASS  12 of 12"
done
expect_code 0 "$SIMRUN" check -t $topo
has out "session matrix"
expect_code 0 env SIMRUN_TOPO=$topo "$SIMRUN" -q
expect_code 1 env SIMRUN_TOPO=$topo "$SIMRUN" -q $seed
lacks out "12 of 12"
expect_code 0 env SIMRUN_TOPO=$topo "$SIMRUN" show x tor 'ip route'
has out "172.27.208.0/26"
expect_code 0 "$SIMRUN" -C scenarios rr-failover.topo -q -o ../c
[ -s c/run.db ] || fail "-C did not"
mkdir one two
cp $topo one
cp $topo $seed two
expect_code 0 "$SIMRUN" -C one -q
has err "taking rr-failover.topo"
[ -s one/simrun-rr-failover/run.db ] || fail "no folder beside the only .topo"
expect_code 0 "$SIMRUN" -C one check
has out "session matrix"
refused "which file?" -C two
refused "which file?" -C two check

# ---- several files: what was found counts more than what could not be found out -----------------------
expect_code 1 "$SIMRUN" $topo $seed -q
has out "PASS  12 of 12"
has out "FAIL  2 of 5"
expect_code 1 "$SIMRUN" $seed $topo -q
expect_code 1 "$SIMRUN" $seed none.topo -q
expect_code 5 "$SIMRUN" none.topo $topo -q
expect_code 2 "$SIMRUN" scenarios/seed-typo.topo $topo -q
has out "PASS  12 of 12"
expect_code 1 "$SIMRUN" scenarios/seed-typo.topo $seed -q

# ---- --strict --------------------------------------------------------------------------------
sed 's/^  rr[12]-crash-harmless:/&\n    level: warning/' $seed >lenient.topo
expect_code 0 "$SIMRUN" lenient.topo -q -o s
expect_code 1 "$SIMRUN" lenient.topo -q -o s --strict
has err "--strict makes a failure"
has out "FAIL"
has s/summary.json '"exit_code": 1'
expect_code 0 "$SIMRUN" check $seed
expect_code 1 "$SIMRUN" check --strict $seed

# ---- output ----------------------------------------------------------------------------------
expect_code 0 "$SIMRUN" --version
grep -qE '^simrun [0-9]+\.[0-9]+' out || fail "--version"
cp out version
expect_code 0 "$SIMRUN" version
cmp out version
expect_code 0 "$SIMRUN" --help
for word in run check show why --seed --until --only --out --no-write --junit --pcap --probe --at --explain \
	--strict --format --color --no-progress --quiet --verbose --topo --directory SIMRUN_ 'Exit:' 130; do
	has out "$word"
done
[ ! -s err ] || fail "--help belongs on stdout"
cp out help
expect_code 0 "$SIMRUN" help
cmp out help
json() { # is it JSON? as far as SQLite can tell
	[ "$(sqlite3 :memory: "SELECT json_valid(CAST(readfile('$1') AS TEXT))")" = 1 ] ||
		fail "$1 is not JSON"
}
expect_code 0 "$SIMRUN" $topo --format json -o s
json out
cmp out s/summary.json || fail "--format json is not summary.json"
expect_code 1 "$SIMRUN" scenarios/canary-must-fail.topo --format json -o s
json out
expect_code 5 "$SIMRUN" none.topo --format json -o s
json out
expect_code 0 env NO_COLOR= "$SIMRUN" $topo --color always -o s
grep -q "$(printf '\033')" out || fail "--color always has no colour"
expect_code 0 env CLICOLOR_FORCE=1 NO_COLOR= "$SIMRUN" $topo -o s
grep -q "$(printf '\033')" out || fail "CLICOLOR_FORCE has no colour"
expect_code 0 env CLICOLOR_FORCE=1 "$SIMRUN" $topo -o s --color never
if grep -q "$(printf '\033')" out err; then fail "--color never has colour"; fi
expect_code 1 env LC_ALL=C "$SIMRUN" scenarios/canary-must-fail.topo -o s
if LC_ALL=C grep -q '[^ -~	]' out; then fail "not ASCII in the C locale"; fi
if LC_ALL=C grep -q '[^ -~	]' err; then cat err; fail "not ASCII in the C locale, on stderr"; fi
has out "FAIL never-loops"
has out "client -> k8s-2/"
expect_code 0 "$SIMRUN" $topo -q -v -o s
[ "$(wc -l <out)" -le 2 ] || fail "-q prints the result only"

# ---- check -----------------------------------------------------------------------------------
for file in scenarios/*.topo; do
	right=0
	[ "$file" != scenarios/seed-typo.topo ] || right=2
	expect_code $right "$SIMRUN" check "$file"
	[ $right -ne 0 ] || has out "session matrix"
	has out "error"
done
expect_code 2 "$SIMRUN" check scenarios/*.topo
has out scenarios/rr-failover.topo
# Every code that is printed anywhere or spoken of can be looked up.
codes=$({ grep -hoE "\b[EWN][0-9]{3}\b" "$SOURCE"/docs/*.md
	grep -rhoE "\"[EWN][0-9]{3}\"" "$SOURCE/topo" "$SOURCE/base" --include="*.c" | tr -d "\""; } | sort -u)
[ "$(echo "$codes" | wc -l)" -gt 50 ] || fail "where are the codes?"
for known in $codes; do
	expect_code 0 "$SIMRUN" check --explain "$known"
	has out "$known: "
	[ "$(wc -w <out)" -gt 7 ] || fail "$known is hardly explained"
done

# The session matrix keeps its columns apart, however long the words are.
expect_code 0 "$SIMRUN" check "$SOURCE/tests/topo/bad/lints-router-id.topo"
has out ".              NO_MATCH_FOUND UNIQUE"
