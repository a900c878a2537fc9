# What the tests of this folder share. Sourced.
fail() {
	echo "FAIL: $*" >&2
	exit 1
}
# expect_code CODE COMMAND...: runs it, keeps stdout in out and stderr in err.
expect_code() {
	wanted=$1
	shift
	code=0
	"$@" >out 2>err || code=$?
	if [ "$code" -ne "$wanted" ]; then
		cat out err >&2
		fail "exit code $code instead of $wanted: $*"
	fi
}
# has FILE TEXT: TEXT stands in FILE.
has() {
	grep -qF -- "$2" "$1" || {
		cat "$1" >&2
		fail "$1 lacks: $2"
	}
}
lacks() {
	if grep -qF -- "$2" "$1"; then
		cat "$1" >&2
		fail "$1 holds: $2"
	fi
}
