# junit.xml, summary.json, report.html and what is printed tell the same story, each in its own valid
# form; without gnuplot everything but the pictures is there.
. "$SOURCE/tests/cli/lib.sh"
command -v xmllint >/dev/null || fail "xmllint is not installed (libxml2-utils)"
schema=$SOURCE/tests/reports/junit.xsd

number() { # from the summary: how many expectations have that result
	grep -c "^      \"result\": \"$2\"" "$1/summary.json" || true
}
attribute() {
	xmllint --xpath "string(/testsuites/testsuite/@$2)" "$1/junit.xml"
}

for name in rr-failover seed-as-written canary-must-fail; do
	code=0
	"$SIMRUN" "scenarios/$name.topo" >out 2>err || code=$?
	folder=simrun-$name
	xmllint --noout --nonet --schema "$schema" "$folder/junit.xml" 2>err || {
		cat err >&2
		fail "$name: junit.xml is not valid"
	}
	passed=$(number "$folder" pass)
	failed=$(number "$folder" fail)
	all=$((passed + failed))
	[ "$(attribute "$folder" tests)" -eq "$all" ] || fail "$name: tests"
	[ "$(attribute "$folder" failures)" -eq "$failed" ] || fail "$name: failures"
	cases=$(xmllint --xpath 'count(//testcase)' "$folder/junit.xml")
	[ "$cases" -eq "$all" ] || fail "$name: $cases cases instead of $all"
	has "$folder/summary.json" "\"exit_code\": $code,"
	digest=$(sed -n 's/^  "digest": "\(.*\)",$/\1/p' "$folder/summary.json")
	has out "digest $digest"
	has "$folder/junit.xml" "name=\"simrun.digest\" value=\"$digest\""
	has "$folder/report.html" "$digest"
	if [ "$failed" -eq 0 ]; then
		has out "PASS  $passed of $all"
	else
		has out "FAIL  $failed of $all failed"
	fi

	# One page: well-formed even as XML, no script, no request, under half a megabyte.
	xmllint --noout --nonet "$folder/report.html" || fail "$name: report.html is not well-formed"
	lacks "$folder/report.html" "<script"
	lacks "$folder/report.html" " src="
	has "$folder/report.html" "default-src 'none'"
	[ "$(wc -c <"$folder/report.html")" -lt 500000 ] || fail "$name: report.html is too big"
	grep -o '\(href\|xmlns[:a-z]*\)="[^"#][^"]*"' "$folder/report.html" | sort -u |
		grep -v '^xmlns\(:xlink\)\?="http://www.w3.org/' >links || true
	[ ! -s links ] || {
		cat links >&2
		fail "$name: report.html leads elsewhere"
	}
	has "$folder/report.html" "The network at the end"
	has "$folder/report.html" "id=\"reach_plot_1\""
done
has simrun-seed-as-written/report.html "url(#off)"
lacks simrun-rr-failover/report.html "url(#off)"

# --format json prints what summary.json holds (but for the clock).
"$SIMRUN" --format json scenarios/rr-failover.topo >json 2>err
sed 's/"wall_ns": [0-9]*/"wall_ns": 0/' json >a
sed 's/"wall_ns": [0-9]*/"wall_ns": 0/' simrun-rr-failover/summary.json >b
cmp a b || fail "--format json is not summary.json"

# Nothing judged: skipped cases, or none; the machine's trouble: an <error>.
expect_code 5 "$SIMRUN" scenarios/rr-failover.topo -k nothing-of-that-name -o none
xmllint --noout --nonet --schema "$schema" none/junit.xml 2>err || fail "nothing judged: junit.xml"
expect_code 3 "$SIMRUN" scenarios/rr-failover.topo -o /proc/no/such/folder --junit trouble.xml
xmllint --noout --nonet --schema "$schema" trouble.xml 2>err || fail "trouble: junit.xml"
has trouble.xml "<error "

# Without gnuplot: data and scripts, said once, and the exit code is the verdict's.
code=0
PATH=/nonexistent "$SIMRUN" scenarios/rr-failover.topo -o plain >out 2>err || code=$?
[ "$code" -eq 0 ] || fail "without gnuplot: exit code $code"
[ "$(grep -c 'no gnuplot here' err)" -eq 1 ] || fail "a missing gnuplot is not said once"
for picture in reach sessions messages; do
	[ -s "plain/plots/$picture.dat" ] && [ -s "plain/plots/$picture.gp" ] || fail "$picture"
	[ ! -e "plain/plots/$picture.svg" ] || fail "$picture.svg without gnuplot"
done
has plain/report.html "The network at the end"
# ... and the scripts, run by hand, draw what a whole run draws.
(cd plain/plots && gnuplot reach.gp)
cmp plain/plots/reach.svg simrun-rr-failover/plots/reach.svg || fail "reach.gp draws something else"
