# Every command shown in the README and in docs/ prints what is shown. In a ```console block a line
# "$ command" is run here, with simrun on the PATH, and what follows must be its standard output; a
# line "..." stands for any lines. Wall time differs from run to run and is not compared.
# SIMRUN_UPDATE=1 writes what was printed into the source tree's files instead.
. "$SOURCE/tests/cli/lib.sh"

mkdir bin
ln -s "$SIMRUN" bin/simrun
PATH="$PWD/bin:$PATH"
export PATH

normal() { sed -e 's/simulated in [0-9.]*s/simulated in 0.000s/'; }

# matches SHOWN PRINTED
matches() {
	awk -v shown="$1" '
	BEGIN { while ((getline line < shown) > 0) want[n++] = line }
	{ got[m++] = $0 }
	END {
		i = j = 0
		while (i < n) {
			if (want[i] == "...") {
				if (++i == n) exit 0
				while (j < m && got[j] != want[i]) j++
				if (j == m) { print "not printed: " want[i]; exit 1 }
			} else {
				if (got[j] != want[i]) {
					print "shown:   " want[i]
					print "printed: " (j < m ? got[j] : "(nothing)")
					exit 1
				}
				i++
				j++
			}
		}
		if (j < m) { print "printed, not shown: " got[j]; exit 1 }
	}' "$2"
}

commands=0
run_one() { # runs $command; compares with the file `shown`
	commands=$((commands + 1))
	sh -c "$command" >raw 2>raw.err || true
	normal <raw >printed
	normal <shown >wanted
	if [ -n "${SIMRUN_UPDATE:-}" ] && ! grep -qx '\.\.\.' shown; then
		cat printed >>updated
	else
		cat shown >>updated
		matches wanted printed || fail "$file: $command"
	fi
}

for file in "$SOURCE/README.md" "$SOURCE"/docs/*.md; do
	: >updated
	inside=no
	command=
	: >shown
	while IFS= read -r line || [ -n "$line" ]; do
		case "$inside,$line" in
		'no,```console') inside=yes ;;
		'yes,```')
			[ -z "$command" ] || run_one
			command=
			: >shown
			inside=no
			;;
		'yes,$ '*)
			[ -z "$command" ] || run_one
			command=${line#\$ }
			: >shown
			;;
		yes,*)
			printf '%s\n' "$line" >>shown
			continue
			;;
		esac
		printf '%s\n' "$line" >>updated
	done <"$file"
	if [ -n "${SIMRUN_UPDATE:-}" ]; then
		cmp -s updated "$file" || cp updated "$file"
	fi
done
[ "$commands" -gt 0 ] || fail "no command is shown anywhere"
echo "$commands commands print what the documentation shows"

# The pictures in the README are those of these very runs.
for name in seed-as-written rr-failover; do
	[ -z "${SIMRUN_UPDATE:-}" ] || cp "simrun-$name/plots/reach.svg" "$SOURCE/docs/$name.svg"
	cmp "simrun-$name/plots/reach.svg" "$SOURCE/docs/$name.svg" ||
		fail "docs/$name.svg is not what the run draws (SIMRUN_UPDATE=1)"
done
