#!/bin/sh
# Runs one test in a scratch folder that is gone afterwards.
#   in_scratch.sh TEST SIMBGPD SOURCE DAEMONS
set -eu
test=$1
SIMBGPD=$2
SOURCE=$3
SIMRUN_DAEMONS=$4
export SIMBGPD SOURCE SIMRUN_DAEMONS
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
chmod 755 "$scratch"
cd "$scratch"
code=0
sh -eu "$test" || code=$?
exit "$code"
