# Whatever the files are: exit 2, every mistake at once, each with its place, and no crash.
. "$SOURCE/tests/cli/lib.sh"

bad() { # bad TEXT FILE...: both check and run refuse it, saying TEXT
	said=$1
	shift
	for verb in check run; do
		expect_code 2 "$SIMRUN" $verb "$@"
		has err "$said"
		grep -qE '\[[E][0-9]{3}\]' err || { cat err >&2; fail "no code: $*"; }
		lacks err "runtime error"
		lacks err "AddressSanitizer"
	done
	[ -z "$(ls -d simrun-* 2>/dev/null)" ] || fail "a folder was left: $(ls -d simrun-*)"
}
text() { sed -n '1,/^expect:/p' scenarios/rr-failover.topo; } # something to spoil

# ---- files that are none ---------------------------------------------------------------------
: >empty.topo
bad "empty.topo" empty.topo
printf '\n\n# nothing\n' >blank.topo
bad "blank.topo" blank.topo
head -c 4096 /dev/urandom >garbage.topo
bad "garbage.topo" garbage.topo
head -c 65536 "$SIMRUN" >elf.topo
bad "elf.topo" elf.topo
{ text; printf 'a\000b\n'; } >nul.topo
bad "NUL" nul.topo
{ text; printf '  x: \377\376 bad utf-8\n'; } >utf8.topo
bad "utf8.topo" utf8.topo
mkdir folder.topo
bad "folder.topo" folder.topo
bad "scenarios" scenarios/.
{ cat scenarios/rr-failover.topo; head -c 17000000 /dev/zero | tr '\0' '#'; } >huge.topo
bad "huge.topo" huge.topo
rm huge.topo
bad "No such file" "$(printf '%0200d' 7).topo"
cp scenarios/rr-failover.topo unreadable.topo
chmod 000 unreadable.topo
if [ "$(id -u)" = 0 ]; then
	chmod 755 .
	expect_code 2 setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$SIMRUN" check "$PWD/unreadable.topo"
	has err "Permission denied"
else
	bad "Permission denied" unreadable.topo
fi
mkfifo pipe.topo
(cat scenarios/rr-failover.topo >pipe.topo &)
expect_code 0 "$SIMRUN" check pipe.topo
expect_code 0 "$SIMRUN" check /dev/stdin <scenarios/rr-failover.topo
bad "/dev/null" /dev/null

# ---- YAML that is too much -------------------------------------------------------------------
for depth in 100 100000; do
	{ echo "simrun: 1"; printf 'name: '; head -c $depth /dev/zero | tr '\0' '['; } >deep.topo
	bad "deep.topo:" deep.topo
	{ echo "simrun: 1"; printf 'name: '; yes '{a: ' | head -n $depth | tr -d '\n'; } >deep.topo
	bad "deep.topo:" deep.topo
done
awk 'BEGIN { for (i = 0; i < 3000; i++) { printf "%*sk:\n", i, "" } }' >deep.topo
bad "deep.topo:" deep.topo
{
	echo 'simrun: 1'
	echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
	for i in 1 2 3 4 5 6 7 8 9; do
		p=$((i - 1))
		echo "a$i: &a$i [*a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p]"
	done
	echo 'topology: *a9'
} >bomb.topo
bad "bomb.topo:" bomb.topo
printf 'simrun: 1\na: &a [*a]\n' >loop.topo
bad "loop.topo:" loop.topo
{ sed "/^timeline:/q" scenarios/rr-failover.topo; yes "  - { at: 1s, cut: nothing }" | head -n 5000; } >many.topo
bad "many.topo:" many.topo
[ "$(wc -c <err)" -lt 1000000 ] || fail "many mistakes fill a screen or two, not a disk"
has err "in all"

# ---- everything at once ----------------------------------------------------------------------
cat >several.topo <<'END'
simrun: 1
name: several
topology:
  nodes:
    a: { kind: hots, exec: [ip addr add 10.0.0.1/33 dev eth0] }
    b: { kind: host, exec: [ip addr add 10.0.0.2/24 dev eth7, ifconfig] }
    b2: { kind: host, exek: [] }
    tor:
      kind: frr
      config: |
        router bgp 65000
         neighbour 10.0.0.1 remote-as 1
        route-map
  links:
    - { name: l, endpoints: ["a:eth0", "c:eth0"], delay: 5 }
timeline:
  - { at: 10s, crash: z }
  - { at: 10s, cut: l, mend: l }
  - { at: later, end: true }
expect:
  x: { reachable: { from: a, to: nobody }, within: 5 }
  y: { established: all, sometimes: true }
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: p }
spec: { nodeSelector: "has(", peerIP: 10.0.0.300 }
END
bad "several.topo" several.topo
for line in 5 6 7 12 15 17 18 19 21 22 27; do
	grep -q "^several.topo:$line:[0-9]*: error" err || { cat err >&2; fail "line $line has a mistake, too"; }
done
[ "$(grep -c '^several.topo:[0-9]*:[0-9]*: error' err)" -ge 12 ] || fail "not all at once"
sort -t: -k2n -c err 2>/dev/null || grep '^several' err | sort -t: -k2n -c || fail "not in order"

# ---- files that are referred to ----------------------------------------------------------------
spoil() { sed "$1" scenarios/rr-failover.topo; }
spoil 's|^timeline:|resources: [nowhere.yaml]\n&|' >missing.topo
bad "nowhere.yaml" missing.topo
spoil 's|^timeline:|resources: ["no*where.yaml"]\n&|' >missing.topo
bad "no*where.yaml" missing.topo
spoil 's|^timeline:|resources: [scenarios]\n&|' >missing.topo
bad "scenarios" missing.topo
printf 'kind: BGPPeer\nmetadata: {name: x}\nspec: {\n' >half.yaml
spoil 's|^timeline:|resources: [half.yaml]\n&|' >missing.topo
bad "half.yaml:" missing.topo
spoil 's|config: .$|config: nowhere.conf\n      x: \||' >missing.topo
bad "missing.topo:" missing.topo
spoil 's|^timeline:|&\n  - { at: 1s, apply: nowhere.yaml }|' >missing.topo
bad "nowhere.yaml" missing.topo
spoil 's|^simrun: 1|simrun: 2|' >newer.topo
bad "newer.topo:" newer.topo
spoil 's|^---$||' >dashes.topo
bad "dashes.topo:" dashes.topo

# ---- other people's editors ----------------------------------------------------------------------
digest_of() { "$SIMRUN" -q --no-write "$1" 2>/dev/null | grep -o 'digest.*'; }
wanted=$(digest_of scenarios/rr-failover.topo)
[ -n "$wanted" ]
sed 's/$/\r/' scenarios/rr-failover.topo >crlf.topo
[ "$(digest_of crlf.topo)" = "$wanted" ] || fail "CRLF makes a difference"
{ printf '\357\273\277'; cat scenarios/rr-failover.topo; } >bom.topo
[ "$(digest_of bom.topo)" = "$wanted" ] || fail "a byte order mark makes a difference"
printf '%s' "$(cat scenarios/rr-failover.topo)" >newline.topo
[ "$(digest_of newline.topo)" = "$wanted" ] || fail "a missing last newline makes a difference"
spoil 's/kind: frr/kind: fr\r/' >cr.topo
expect_code 2 "$SIMRUN" check cr.topo

# ---- show and why on what is no run ------------------------------------------------------------
expect_code 0 "$SIMRUN" scenarios/rr-failover.topo -q -o good
no_run() { # no_run TEXT DATABASE
	for verb in "show $2 tor 'ip route'" "why $2 sessions"; do
		code=0
		eval "\"\$SIMRUN\" $verb" >out 2>err || code=$?
		[ $code -eq 2 ] || [ $code -eq 3 ] || { cat out err >&2; fail "exit code $code: $verb"; }
		has err "$1"
		lacks err "runtime error"
		lacks err "AddressSanitizer"
	done
}
sqlite3 foreign.db 'CREATE TABLE t(a); INSERT INTO t VALUES(1)'
no_run "foreign.db: not a simrun run database" foreign.db
echo hello >text.db
no_run "text.db" text.db
: >empty.db
no_run "empty.db: not a simrun run database" empty.db
no_run "No such file" nowhere.db
mkdir hollow
no_run "hollow/run.db: No such file" hollow
cp good/run.db newer.db
sqlite3 newer.db 'PRAGMA user_version = 99'
no_run "written by a newer simrun (schema 99" newer.db
for size in 100 4096 50000 700000; do
	head -c $size good/run.db >cut.db
	no_run "cut.db" cut.db
done
# Its pages overwritten, its tables gone, its text no JSON: an error, or what can still be read.
survives() {
	for command in "show $1 tor 'ip route'" "show $1 k8s-1 'calicoctl node status'" "why $1 sessions" \
		"why $1 'client -> 172.27.208.5'"; do
		code=0
		eval "\"\$SIMRUN\" $command" >out 2>err || code=$?
		[ $code -le 3 ] || { cat err >&2; fail "exit code $code: $command"; }
		lacks err "runtime error"
		lacks err "AddressSanitizer"
	done
}
for offset in 10000 100000 1000000 2000000; do
	cp good/run.db torn.db
	dd if="$SIMRUN" of=torn.db bs=1 seek=$offset count=20000 conv=notrunc 2>/dev/null
	survives torn.db
done
for sql in 'DROP TABLE observation' 'DELETE FROM source' 'DELETE FROM fact' 'DELETE FROM name' \
	"UPDATE source SET text = CAST('simrun: 1' AS BLOB)" "UPDATE observation SET data = '{'" \
	"UPDATE observation SET data = '{}'" "UPDATE observation SET data = '[1, null]'" \
	"UPDATE observation SET node = 9999" "UPDATE observation SET kind = 'fib'" \
	"UPDATE observation SET at_ns = -at_ns" "UPDATE observation SET kind = 'other'" \
	"UPDATE observation SET data = replace(data, '1', '999999999999999999999')" \
	"UPDATE fact SET value = 'x'" "UPDATE fact SET value = ''" "UPDATE verdict SET why = ''"; do
	cp good/run.db odd.db
	sqlite3 odd.db "$sql" 2>sqlite || fail "$sql: $(cat sqlite)"
	survives odd.db
done
