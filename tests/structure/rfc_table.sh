#!/bin/sh
# Every test that docs/rfc.md names exists: a function of that name, registered in that file. Prints
# how many rows are done and how many are not yet.
set -eu
cd "$1"
table=docs/rfc.md
bad=0
rows=0 done=0 later=0
while IFS= read -r row; do
	rows=$((rows + 1))
	case $row in
	*'| not yet'*) later=$((later + 1)) ;;
	*.c:*|*.sh:*) done=$((done + 1)) ;;
	*) echo "a row without a test and without \"not yet\": $row"; bad=1 ;;
	esac
done <<ROWS
$(grep '^| ' "$table" | grep -v '^| § ')
ROWS
for name in $(grep -o '`[a-z/_0-9]*\.\(c\|sh\): [a-z_0-9]*`' "$table" | tr -d '`' | sed 's/: /:/' | sort -u); do
	file=${name%%:*} function=${name#*:}
	case $file in
	*/*) path=tests/$file ;;
	*) path=tests/bgp/$file ;;
	esac
	if [ ! -f "$path" ]; then
		echo "$table: there is no $path"
		bad=1
	elif ! grep -q "^static void $function(void \*\*state)" "$path" ||
		! grep -q "cmocka_unit_test[a-z_]*($function[,)]" "$path"; then
		echo "$table: $path has no test $function"
		bad=1
	fi
done
[ "$rows" -gt 100 ] || { echo "$table: only $rows rows"; bad=1; }
echo "RFC table: $rows rows, $done done, $later not yet"
exit $bad
