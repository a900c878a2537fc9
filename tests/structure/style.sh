#!/bin/sh
# The house's measures: lines of 120 columns (100 is the aim) (a tab is eight), functions of 75 lines, files of 650;
# calls that have a better one; nothing of this machine or of Python in the tree.
set -eu
cd "$1"
files=$(find base bgp topo trace sim checker reports simrun simbgpd -name '*.[ch]' | sort)
[ -n "$files" ]

# shellcheck disable=SC2086
awk '
function columns(s,   i, n, c) {
	n = 0
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		n = c == "\t" ? n + 8 - n % 8 : n + 1
	}
	return n
}
FNR == 1 { if (NR > 1 && lines > 650) long_file(last, lines); last = FILENAME; lines = 0; body = 0 }
function long_file(f, n) { printf "%s: %d lines: tell one thing a file\n", f, n; bad++ }
{ lines = FNR }
/[^ -~\t]/ { next } # columns of non-ASCII text are not counted here
columns($0) > 120 { printf "%s:%d: %d columns\n", FILENAME, FNR, columns($0); bad++ }
/^\{/ { start = FNR; body = 1 }
/^\}/ { if (body && FNR - start > 75) { printf "%s:%d: a function of %d lines\n", FILENAME, start, FNR - start; bad++ } body = 0 }
END { if (lines > 650) long_file(last, lines); exit bad > 0 }
' $files

banned='(^|[^a-z_>.])(gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|system|popen|alloca|rand|srand|strncpy)\('
# strcpy into a buffer of known size is used once, for "-" (base/addr.c).
# shellcheck disable=SC2086
if grep -nE "$banned" $files | grep -v '^base/addr.c:.*strcpy(buffer, "-")' | grep -v ':[0-9]*:[[:space:]]*[/ ]\*'; then
	echo "these calls have a better one: text_*, snprintf, strtoll, posix_spawn, base/random.h"
	exit 1
fi
if grep -rnIE '(^|[^[:alnum:]])/work/|#!.*python' --include='*' . --exclude-dir=.git --exclude-dir=build \
	--exclude=style.sh --exclude=.git --exclude-dir='simrun-*' ; then
	echo "a path of one machine, or Python"
	exit 1
fi
echo "style: clean"
