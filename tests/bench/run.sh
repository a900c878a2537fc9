#!/bin/sh
# make bench: builds the benchmark with the release flags and prints its figures.
#   tests/bench/run.sh BUILD [LARGEST_N]
set -eu
build=$1
cmake -S . -B "$build" -DSIMRUN_BENCH=ON >/dev/null
cmake --build "$build" --target simrun_bench >/dev/null
uname -srm
grep -m1 'model name' /proc/cpuinfo || true
"$build/tests/bench/simrun_bench" "${2:-1000}"
