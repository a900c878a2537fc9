#!/bin/sh
# Runs one test in a scratch folder that is gone afterwards.
#   in_scratch.sh TEST SIMRUN SOURCE RELEASE_BUILD CLANG_BUILD
set -eu
test=$1
SIMRUN=$2
SOURCE=$3
RELEASE=$4/simrun/simrun
CLANG=$5/simrun/simrun
export SIMRUN SOURCE RELEASE CLANG
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
cd "$scratch"
cp -r "$SOURCE/scenarios" scenarios
sh -eu "$test"
