#!/bin/sh
# mutants.sh SOURCE SCRATCH: every protocol mutant still applies, and the first three are killed. All
# of them: tests/mutants/run.sh.
exec sh "$1/tests/mutants/run.sh" "$1" "$2" first 3
