#!/bin/sh
# The speaker does no IO: what bgp/ leaves undefined must come from base/ or from a short list of the
# C library. Likewise nothing below simrun/ may read a clock, draw from libc or sleep.
#   purity.sh BUILD
set -eu
build=$1
allowed='^(malloc|calloc|realloc|free|memcpy|memmove|memset|memcmp|memchr|strlen|strcmp|strncmp|strcpy|strchr|qsort|qsort_r|snprintf|vsnprintf|__snprintf_chk|__stack_chk_fail|__memcpy_chk|__strcpy_chk|_GLOBAL_OFFSET_TABLE_|abort)$'
clocks='^(time|clock|clock_gettime|gettimeofday|nanosleep|usleep|sleep|rand|random|srand|drand48|getrandom|arc4random)$'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
defined() { nm --defined-only "$@" 2>/dev/null | awk 'NF >= 3 { print $3 }' | sort -u; }
wanted() { nm -u "$@" 2>/dev/null | awk '$1 == "U" { print $2 } NF == 3 && $2 == "U" { print $3 }' | sort -u; }

defined "$build/libsimrun_bgp.a" "$build/libsimrun_base.a" >"$scratch/have"
wanted "$build/libsimrun_bgp.a" >"$scratch/want"
[ -s "$scratch/want" ] || { echo "no symbols found in $build"; exit 1; }
comm -23 "$scratch/want" "$scratch/have" | grep -Ev "$allowed" >"$scratch/impure" || true
if [ -s "$scratch/impure" ]; then
	echo "bgp/ reaches outside:"
	cat "$scratch/impure"
	exit 1
fi
for room in base bgp topo trace sim virtual checker; do
	wanted "$build/libsimrun_$room.a" | grep -E "$clocks" >"$scratch/clock" || true
	if [ -s "$scratch/clock" ]; then
		echo "$room reads a clock or draws a number of its own:"
		cat "$scratch/clock"
		exit 1
	fi
done
echo "$(wc -l <"$scratch/want") undefined symbols of bgp/, all of them allowed"
