# Where the machine says no: exit 3, one clear line, nothing half-written, the former run as it was.
. "$SOURCE/tests/cli/lib.sh"
topo=scenarios/rr-failover.topo

no_trace() { # no_trace OUTPUT: nothing half-written stands beside it
	for left in "$1".simrun.tmp "$1".simrun.old; do
		[ ! -e "$left" ] || { ls -la "$left" >&2; fail "$left was left behind"; }
	done
}
one_line() { # what is said is one line, and not a verdict
	[ "$(grep -c '^simrun: ' err)" -eq 1 ] || { cat err >&2; fail "not one clear line"; }
	lacks out "PASS"
	lacks err "runtime error"
}

# ---- places that are not ours -------------------------------------------------------------------
echo precious >file
expect_code 3 "$SIMRUN" $topo -q -o file
has err "file is there, and is no folder of an earlier run: not touched"
[ "$(cat file)" = precious ] || fail "a file was overwritten"
mkdir foreign
echo precious >foreign/thesis
expect_code 3 "$SIMRUN" $topo -q -o foreign
has err "not touched"
expect_code 3 "$SIMRUN" $topo -q -o foreign/
echo 'not a database' >foreign/run.db
expect_code 3 "$SIMRUN" $topo -q -o foreign
sqlite3 foreign.db 'CREATE TABLE wedding(guest)'
cp foreign.db foreign/run.db
expect_code 3 "$SIMRUN" $topo -q -o foreign
[ "$(cat foreign/thesis)" = precious ] && cmp foreign.db foreign/run.db || fail "a foreign folder was touched"
ln -s foreign link
expect_code 3 "$SIMRUN" $topo -q -o link
ln -s nowhere dangling
expect_code 3 "$SIMRUN" $topo -q -o dangling
for place in / /dev/null . .. foreign/thesis/x nowhere/x "$(printf '%0300d' 1)"; do
	expect_code 3 "$SIMRUN" $topo -q -o "$place"
	one_line
done
for place in file foreign link dangling; do no_trace $place; done
echo mine >taken.simrun.tmp
expect_code 3 "$SIMRUN" $topo -q -o taken
[ "$(cat taken.simrun.tmp)" = mine ] && [ ! -e taken ] || fail "a file in the way was touched"
# An empty folder is as good as none, and stays if nothing comes of it.
mkdir empty
expect_code 2 "$SIMRUN" scenarios/seed-typo.topo -q -o empty
[ -d empty ] || fail "an empty folder went"
expect_code 0 "$SIMRUN" $topo -q -o empty/
[ -s empty/run.db ] || fail "an empty folder was not taken"
expect_code 0 "$SIMRUN" $topo -q -o "a name with 'blanks' \"quotes\" and %s"
[ -s "a name with 'blanks' \"quotes\" and %s/plots/reach.png" ] || fail "odd names"

# ---- what one may not write -----------------------------------------------------------------------
expect_code 0 "$SIMRUN" $topo -q -o kept
cp -r kept before
mkdir locked
cp -r kept locked/kept
if [ "$(id -u)" = 0 ]; then
	chmod 755 . locked
	nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
else
	chmod 555 locked
	nobody=
fi
# shellcheck disable=SC2086
if $nobody true 2>/dev/null && [ ! -w /proc/1/mem ] || [ "$(id -u)" = 0 ]; then
	expect_code 3 $nobody "$SIMRUN" $topo -q -o locked/kept
	has err "cannot make locked/kept.simrun.tmp: Permission denied"
	one_line
	expect_code 3 $nobody "$SIMRUN" $topo -q -o locked/fresh
	one_line
	diff -r kept locked/kept || fail "the former run was touched"
	# ... may still be looked at.
	expect_code 0 $nobody "$SIMRUN" show locked/kept tor 'ip route'
	has out 172.27.208.0/26
	expect_code 0 $nobody "$SIMRUN" $topo -q --no-write
fi

# ---- a full disk ----------------------------------------------------------------------------------
# Whatever the size at which it is full, from "not even the first page" to "all but the last report".
full() { # full SIZE: runs in a file system of that size which already holds a run
	code=0
	unshare -m sh -eu -c '
		mount -t tmpfs -o size=128m simrun-test small
		cp -r before small/kept
		mount -o remount,size='"$1"' small
		code=0
		"$SIMRUN" scenarios/rr-failover.topo -q -o small/kept >out 2>err || code=$?
		ls -A small >left
		diff -r before small/kept >difference 2>&1 || :
		exit $code' || code=$?
}
mkdir small
if unshare -m sh -c 'mount -t tmpfs simrun-test small' 2>/dev/null; then
	used=$(du -sk before | cut -f1)
	seen=0
	for more in 4 40 200 1500 5000 9000 12000 14000 15000 16000 17000 18000 20000 40000; do
		full "$((used + more))k"
		if [ "$code" -eq 0 ]; then
			[ "$(cat left)" = kept ] || fail "a run that fits leaves more than itself"
			break
		fi
		seen=$((seen + 1))
		[ "$code" -eq 3 ] || { cat out err >&2; fail "exit code $code at ${more}k"; }
		one_line
		grep -qE 'full|No space' err || { cat err >&2; fail "the line does not say why (${more}k)"; }
		[ "$(cat left)" = kept ] || { cat left >&2; fail "something half-written was left (${more}k)"; }
		[ ! -s difference ] || { cat difference >&2; fail "the former run was touched (${more}k)"; }
	done
	[ $seen -ge 4 ] && [ "$code" -eq 0 ] || fail "$seen sizes were too small, then $code: test more"
else
	echo "no private mounts here: full disks are tried with a limit on files only"
fi
for blocks in 0 8 100 2000 9000; do # of 512 bytes
	# (what it says goes through a pipe: the limit is on files of the shell, too)
	{ code=0
		sh -c "trap '' XFSZ; ulimit -f $blocks; exec \"\$SIMRUN\" $topo -q -o kept" 2>&1 || code=$?
		echo "code $code"; } | cat >err
	has err "code 3"
	: >out
	one_line
	no_trace kept
	diff -r kept before || fail "the former run was touched (ulimit -f $blocks)"
done
has err "run.pcapng: File too large"

# ---- gnuplot: gone, failing, or writing half a picture
mkdir fake
printf "#!/bin/sh\nexit 1\n" >fake/gnuplot
chmod 755 fake/gnuplot
expect_code 3 env PATH="$PWD/fake:$PATH" "$SIMRUN" $topo -q -o kept
has err "gnuplot failed on"
printf "#!/bin/sh\n%s\n" 'for word; do name=${word%.gp}; done; echo "<svg" >$name.svg; echo PNG >$name.png' >fake/gnuplot
expect_code 3 env PATH="$PWD/fake:$PATH" "$SIMRUN" $topo -q -o kept
has err "the picture is not whole"
one_line
no_trace kept
diff -r kept before || fail "the former run was touched (gnuplot)"
expect_code 0 env PATH="$PWD/nowhere" "$SIMRUN" $topo -q -o unpainted
has err "no gnuplot here"
[ -s unpainted/plots/reach.gp ] && [ ! -e unpainted/plots/reach.svg ] || fail "without gnuplot"

# ---- nobody reads --------------------------------------------------------------------------------
code=0
"$SIMRUN" $topo -q -o kept >/dev/full 2>err || code=$?
[ $code -eq 3 ] || fail "exit code $code with a full stdout"
has err "standard output: No space left on device"
[ -s kept/run.db ] && no_trace kept
code=0
"$SIMRUN" check scenarios/rr-failover.topo >/dev/full 2>err || code=$?
[ $code -eq 3 ] || fail "exit code $code with a full stdout of check"
code=0
"$SIMRUN" $topo -o kept >out 2>/dev/full || code=$?
[ $code -eq 0 ] || fail "exit code $code with a full stderr"
"$SIMRUN" $topo -q -o closed >&- 2>&- <&- || :
[ ! -e closed ] || [ "$(sqlite3 closed/run.db 'PRAGMA integrity_check')" = ok ] ||
	fail "with closed standard files something was written into run.db"
