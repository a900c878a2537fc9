# What is printed: the whole of it for one failing run; colours and signs only where they can be shown.
#   SIMRUN_UPDATE=1 rewrites the expected output.
. "$SOURCE/tests/cli/lib.sh"

# Wall time, digest and the number of events change with everything; other tests watch them.
normal() {
	sed -e 's/simulated in [0-9.]*s, [0-9]* events/simulated in WALL, N events/' \
		-e 's/digest [0-9a-f]\{16\}/digest DIGEST/' -e 's/([0-9]* frames)/(N frames)/' "$1"
}

unset NO_COLOR
golden=$SOURCE/tests/cli/golden/seed-as-written.txt
expect_code 1 "$SIMRUN" scenarios/seed-as-written.topo
normal out >seen
cp out first
if [ "${SIMRUN_UPDATE:-0}" = 1 ]; then
	cp seen "$golden"
fi
diff -u "$golden" seen || fail "the output has changed (SIMRUN_UPDATE=1 accepts it)"

# A pipe gets neither colour nor a rewritten line; the result fits a narrow terminal.
esc=$(printf '\033')
lacks out "$esc"
lacks err "$esc"
lacks out "$(printf '\r')"
lacks err "$(printf '\r')"

# Colours when asked for, whatever NO_COLOR says; not by themselves, and the words stay.
NO_COLOR=1 expect_code 1 "$SIMRUN" --color=always scenarios/seed-as-written.topo
has out "$esc["
sed "s/$esc\[[0-9;]*m//g" out >stripped
normal stripped >seen
diff -u "$golden" seen || fail "colour changes more than colour"
NO_COLOR=1 CLICOLOR_FORCE=1 expect_code 1 "$SIMRUN" scenarios/seed-as-written.topo
lacks out "$esc"
CLICOLOR_FORCE=1 expect_code 1 "$SIMRUN" scenarios/seed-as-written.topo
has out "$esc["
CLICOLOR_FORCE=1 expect_code 1 "$SIMRUN" --color=never scenarios/seed-as-written.topo
lacks out "$esc"

# Where the locale is not UTF-8, only ASCII.
for scenario in seed-as-written canary-must-fail; do
	LC_ALL=C expect_code 1 "$SIMRUN" "scenarios/$scenario.topo"
	LC_ALL=C tr -d '\000-\177' <out >others
	[ ! -s others ] || fail "$scenario: signs outside ASCII on stdout"
	LC_ALL=C tr -d '\000-\177' <err >others
	[ ! -s others ] || fail "$scenario: signs outside ASCII on stderr"
	has out "FAIL "
	has out " -> "
done

# -q: the result alone.
expect_code 1 "$SIMRUN" -q scenarios/seed-as-written.topo
[ "$(wc -l <out)" -eq 2 ] || fail "-q prints $(wc -l <out) lines"
