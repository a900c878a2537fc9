#!/bin/sh
# run.sh SOURCE SCRATCH [check | first N | all | NAME...]
#
# Kills the protocol mutants of tests/mutants/list one by one: an edit is applied to a scratch copy
# of the tree, one object is built anew, and the tests of bgp/ run until one fails.
#   check     every edit still applies
#   first N   ... and the first N are killed
#   all       ... and docs/mutants.md is written (the kill matrix)
#   NAME...   only those
# Fails if an edit does not apply or build, or a mutant lives.
set -eu
export LC_ALL=C
source=$(cd "$1" && pwd)
mkdir -p "$2"
scratch=$(cd "$2" && pwd)
shift 2
mode=${1:-all}
here=$source/tests/mutants

rm -rf "$scratch/mutants" "$scratch/tree"
mkdir -p "$scratch/mutants" "$scratch/tree" "$scratch/objects" "$scratch/tests"
cp -r "$source/base" "$source/bgp" "$scratch/tree"
mkdir "$scratch/tree/tests"
cp -r "$source/tests/bgp" "$scratch/tree/tests"
total=$(awk -v out="$scratch/mutants" -f "$here/split.awk" "$here/list")

apply() { # FOLDER: the mutated file, as $scratch/mutated.c
	awk -f "$here/apply.awk" "$1/old" "$1/new" "$scratch/tree/$(cat "$1/file")" >"$scratch/mutated.c" || {
		echo "$(cat "$1/name"): its old text is not found exactly once in $(cat "$1/file")" >&2
		return 1
	}
}

bad=0
for folder in "$scratch/mutants"/*; do
	apply "$folder" || bad=1
done
[ $bad = 0 ] || exit 1
echo "$total mutants, every edit applies"
if [ "$mode" = check ]; then
	exit 0
fi

# ---- the tree as it is: one library, shared so that a mutant needs one link ------------------

cd "$scratch/tree"
cc=${CC:-cc}
! command -v ccache >/dev/null || cc="ccache $cc"
# The data of others is left out: what it would kill, a test of our own has to kill too.
flags="-std=c17 -D_GNU_SOURCE -O0 -g0 -w -fPIC -I. -DSIMRUN_SHARED=\"none\" -DSIMRUN_SOURCE=\"$source\""
flags="$flags $(pkg-config --cflags cmocka jansson libxxhash)"
libs="$(pkg-config --libs cmocka jansson libxxhash) -lm"

object() { echo "$scratch/objects/$(echo "$1" | tr / _ | sed 's/c$/o/')"; }
compile() { $cc $flags -c "$1" -o "$2"; }
link_library() { ${CC:-cc} -shared -o "$scratch/libbgp.so" "$scratch"/objects/*.o $libs; }

rm -f "$scratch"/objects/* "$scratch"/tests/*
for file in $(find base bgp -name '*.c' | sort); do
	compile "$file" "$(object "$file")"
done
link_library

# Its room's tests first; the random histories, which take longest, last. What looks at the library
# file itself (purity), or is about the data of others (corpus), is not asked.
tests_for() {
	room=$(echo "$1" | sed -n "s|bgp/\\([a-z]*\\)[/_.].*|\\1|p")
	all=$(ls tests/bgp | sed -n 's|^test_\(.*\)\.c$|\1|p' | grep -v -e purity -e corpus)
	[ -z "$room" ] || echo "$all" | grep "^$room" | grep -v random || true
	echo "$all" | grep -v "^${room:-none}" | grep -v random || true
	echo "$all" | grep random
}

program() { # built when it is first wanted
	[ -x "$scratch/tests/$1" ] || {
		compile "tests/bgp/test_$1.c" "$scratch/tests/$1.o"
		${CC:-cc} -o "$scratch/tests/$1" "$scratch/tests/$1.o" "$scratch/libbgp.so" $libs
	}
}

# The test that fails, as FILE: FUNCTION.
killer() {
	for test in $(tests_for "$1"); do
		program "$test"
		if LD_LIBRARY_PATH=$scratch timeout 20 "$scratch/tests/$test" >"$scratch/log" 2>&1; then
			continue
		fi
		# Of one that never ends, or dies, the function that was running.
		function=$(sed -n 's/^\[  FAILED  \] \([a-z0-9_]*\)$/\1/p' "$scratch/log" | head -n 1)
		[ -n "$function" ] ||
			function=$(sed -n 's/^\[ RUN      \] \([a-z0-9_]*\)$/\1/p' "$scratch/log" | tail -n 1)
		echo "test_$test.c: $function"
		return
	done
}

sound=$(killer none)
[ -z "$sound" ] || { echo "$sound fails without any mutant" >&2; cat "$scratch/log" >&2; exit 1; }

# ---- one by one ------------------------------------------------------------------------------

wanted() { # NUMBER NAME
	case $mode in
	all) return 0 ;;
	first) [ "$1" -le "$count" ] ;;
	*) for name in $names; do [ "$name" != "$2" ] || return 0; done; return 1 ;;
	esac
}
count=0 names=
if [ "$mode" = first ]; then count=$2; elif [ "$mode" != all ]; then names=$*; fi

: >"$scratch/matrix"
number=0 killed=0 lived=0
for folder in "$scratch/mutants"/*; do
	number=$((number + 1))
	name=$(cat "$folder/name") file=$(cat "$folder/file")
	wanted "$number" "$name" || continue
	apply "$folder"
	cp "$file" "$scratch/sound.c"
	cp "$(object "$file")" "$scratch/sound.o"
	cp "$scratch/mutated.c" "$file"
	if compile "$file" "$(object "$file")"; then
		link_library
		by=$(killer "$file")
	else
		echo "$name: does not build" >&2
		bad=1 by=
	fi
	cp "$scratch/sound.c" "$file"
	cp "$scratch/sound.o" "$(object "$file")"
	if [ -n "$by" ]; then
		killed=$((killed + 1))
		printf '%-34s %s\n' "$name" "$by"
	else
		lived=$((lived + 1))
		printf '%-34s LIVES\n' "$name"
	fi
	echo "| $number | \`$file\` | $(cat "$folder/what") | ${by:-**lives**} |" >>"$scratch/matrix"
done
echo "$killed killed, $lived live"

if [ "$mode" = all ]; then
	{
		echo "# Mutants"
		echo
		echo "Each line is one edit to the speaker that breaks one rule of the protocol, and the first test of"
		echo "\`tests/bgp\` that fails because of it. Made by \`tests/mutants/run.sh\` from \`tests/mutants/list\`;"
		echo "a mutant that lives is a missing test."
		echo
		echo "$killed of $total killed."
		echo
		echo "| | file | what becomes wrong | killed by |"
		echo "|---|---|---|---|"
		sed 's/| \([^|]*\) |$/| \1 |/' "$scratch/matrix"
	} >"$source/docs/mutants.md"
fi
[ $lived = 0 ] && [ $bad = 0 ]
