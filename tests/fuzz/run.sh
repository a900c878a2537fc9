#!/bin/sh
# Runs every fuzzer for some seconds, two at a time, on a copy of its kept corpus.
#   tests/fuzz/run.sh BUILD SECONDS
set -eu
build=$1
seconds=$2
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

one() {
	name=$(basename "$1")
	short=${name#fuzz_}
	mkdir -p "$work/$short" "$work/out"
	[ ! -d "$here/corpus/$short" ] || cp -r "$here/corpus/$short/." "$work/$short/"
	if "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$work/out/$short-" "$work/$short" \
		>"$work/$short.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$short.log")
		echo "fuzz $short: ${runs:-?} runs in ${seconds}s, clean"
	else
		tail -n 40 "$work/$short.log" >&2
		for file in "$work/out/$short-"*; do
			[ -f "$file" ] || continue
			echo "the input, in base64:" >&2
			base64 "$file" | head -n 40 >&2
		done
		echo "fuzz $short: FAILED" >&2
		: >"$work/failed"
	fi
}

count=0
for program in "$build"/tests/fuzz/fuzz_*; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	one "$program" &
	count=$((count + 1))
	[ $((count % 2)) -ne 0 ] || wait
done
wait
[ "$count" -gt 0 ] || { echo "no fuzzer was built" >&2; exit 1; }
[ ! -e "$work/failed" ] || exit 1
echo "$count fuzzers, all clean"
