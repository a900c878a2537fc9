# Signals at any moment: a run that is interrupted says so and keeps what it has; one that is killed can
# be looked at and leaves the former run alone; two do not get into each other's way.
. "$SOURCE/tests/cli/lib.sh"

# A run of many hours, with something to see at once.
sed -e '/^timeline:/,/^expect:/c\
timeline:\
  - { at: 10s, name: off, crash: k8s-3 }\
  - { at: 2000000s, end: true }\
expect:' scenarios/rr-failover.topo | sed '/^  rr1-off-harmless:/,/^  no-loops:/d; /never: \[loop\]/d' >long.topo
expect_code 0 "$SIMRUN" check long.topo

has_rows() { # of a database that is being written, or was
	[ "$(sqlite3 -readonly "$1" 'SELECT count(*) FROM observation' 2>/dev/null || echo 0)" -gt "$2" ]
}
wait_until() { # wait_until COMMAND...: bounded, without a clock of its own
	rounds=0
	until "$@"; do
		rounds=$((rounds + 1))
		[ $rounds -lt 3000 ] || fail "never came: $*"
		kill -0 "$run" 2>/dev/null || { cat log errors >&2; fail "the run ended before: $*"; }
		sleep 0.02
	done
}
begin() { # begin OUTPUT ARGUMENTS...: in the background, its number in $run
	out_folder=$1
	shift
	# (sh starts what goes to the background with SIGINT ignored, and simrun respects that.)
	env --default-signal "$SIMRUN" long.topo -o "$out_folder" --no-progress "$@" >log 2>errors &
	run=$!
}
ends_with() {
	code=0
	wait "$run" || code=$?
	[ "$code" -eq "$1" ] || { cat log errors >&2; fail "exit code $code, not $1"; }
}

# ---- SIGINT, SIGTERM, SIGHUP -------------------------------------------------------------------
for signal in TERM HUP INT; do
	rm -rf cut
	begin cut
	wait_until has_rows cut.simrun.tmp/run.db 5000
	kill -$signal "$run"
	ends_with 130
	has log "INTERRUPTED"
	lacks log "PASS"
	for file in run.db report.html junit.xml summary.json run.pcapng plots/reach.svg; do
		[ -s cut/$file ] || fail "$signal: $file is missing"
	done
	[ ! -e cut.simrun.tmp ] || fail "$signal: the working folder was left behind"
	[ ! -e cut/run.db-wal ] || fail "$signal: a -wal was left behind"
	has cut/summary.json '"result": "interrupted"'
	has cut/junit.xml 'name="simrun.interrupted" value="yes"'
	has cut/report.html "nterrupted"
	[ "$(sqlite3 cut/run.db "SELECT value FROM fact WHERE key = 'state'")" = interrupted ] ||
		fail "$signal: run.db does not say so"
	[ "$(sqlite3 cut/run.db 'PRAGMA integrity_check')" = ok ] || fail "$signal: run.db is broken"
	has_rows cut/run.db 5000 || fail "$signal: rows were lost"
	expect_code 0 "$SIMRUN" show cut k8s-1 'calicoctl node status' --at 9s
	has out "Established"
	expect_code 0 "$SIMRUN" why cut sessions
done

# nohup: what is ignored from outside stays ignored.
rm -rf cut
env --ignore-signal=HUP "$SIMRUN" long.topo -o cut --no-progress >log 2>errors &
run=$!
wait_until has_rows cut.simrun.tmp/run.db 1
kill -HUP "$run"
wait_until has_rows cut.simrun.tmp/run.db 20000
kill -TERM "$run"
ends_with 130

# ---- kill -9, at several instants ----------------------------------------------------------------
expect_code 0 "$SIMRUN" scenarios/rr-failover.topo -q -o kept
cp -r kept before
for rows in 0 1 12000 40000; do
	begin kept
	if [ $rows -eq 0 ]; then
		wait_until [ -e kept.simrun.tmp/run.db ]
	else
		wait_until has_rows kept.simrun.tmp/run.db $rows
	fi
	kill -9 "$run"
	ends_with 137
	diff -r kept before >&2 || fail "kill -9 touched the former run"
	if [ $rows -gt 0 ]; then
		has_rows kept.simrun.tmp/run.db $((rows - 1)) || fail "kill -9 lost what was committed"
		[ "$(sqlite3 kept.simrun.tmp/run.db 'PRAGMA integrity_check')" = ok ] ||
			fail "kill -9 broke run.db"
		expect_code 0 "$SIMRUN" show kept.simrun.tmp tor 'ip route'
		has out "172.31.13.0/24 dev eth0"
		expect_code 0 "$SIMRUN" why kept.simrun.tmp 'client -> 172.27.208.5'
	fi
done
# What was committed is there although nothing had been long at work: the facts come first.
[ "$(sqlite3 kept.simrun.tmp/run.db "SELECT value FROM fact WHERE key = 'state'")" = running ] ||
	fail "a killed run is not 'running'"
expect_code 0 "$SIMRUN" scenarios/rr-failover.topo -q -o kept --seed 2
[ ! -e kept.simrun.tmp ] || fail "the next run did not clear away the killed one's folder"
[ "$(sqlite3 kept/run.db "SELECT value FROM fact WHERE key = 'seed'")" = 2 ] || fail "the former run stands"

# ---- two at once ---------------------------------------------------------------------------------
rm -rf shared
begin shared
wait_until has_rows shared.simrun.tmp/run.db 100
for other in 1 2 3; do
	expect_code 3 "$SIMRUN" scenarios/rr-failover.topo -q -o shared
	has err "another run is writing it"
	[ -e shared.simrun.tmp/run.db ] || fail "number $other took the first one's folder away"
done
kill -TERM "$run"
ends_with 130
[ -s shared/run.db ] && [ -s shared/run.pcapng ] || fail "the first run was harmed"
expect_code 0 "$SIMRUN" scenarios/rr-failover.topo -q -o shared
# Many who start at the same instant: some win, nobody is harmed, nothing is left.
runs=
for number in 1 2 3 4 5 6; do
	"$SIMRUN" scenarios/rr-failover.topo -q -o many --pcap none >many.$number 2>&1 &
	runs="$runs $!"
done
won=0
for run in $runs; do
	code=0
	wait "$run" || code=$?
	case $code in
	0) won=$((won + 1)) ;;
	3) ;;
	*) cat many.*; fail "exit code $code among many" ;;
	esac
done
[ $won -ge 1 ] || fail "of many at once none won"
[ ! -e many.simrun.tmp ] || fail "many at once left a working folder"
[ "$(sqlite3 many/run.db 'PRAGMA integrity_check')" = ok ] || fail "many at once broke run.db"
[ -s many/report.html ] && [ -s many/junit.xml ] || fail "many at once left half a run"

# ---- a reader who has had enough -----------------------------------------------------------------
rm -rf piped
{ code=0; "$SIMRUN" scenarios/canary-must-fail.topo -o piped 2>errors || code=$?; echo $code >code; } | head -n 1 >first
has first "canary-must-fail"
[ "$(cat code)" = 1 ] || { cat errors; fail "with | head -1 the exit code is $(cat code), not 1"; }
lacks errors "roken pipe"
[ -s piped/report.html ] || fail "with | head -1 nothing was written"
"$SIMRUN" show piped tor 'show ip route bgp' 2>errors | true
lacks errors "roken pipe"
"$SIMRUN" --help 2>errors | true
lacks errors "roken pipe"
