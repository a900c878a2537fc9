#!/bin/sh
# Installs the Debian packages simrun is built, run and tested with; only those that are missing.
#   cmake/deps.sh build     to build and run
#   cmake/deps.sh test      the test suite as well
set -eu

build="gcc libc6-dev make cmake ninja-build pkg-config libyaml-dev libjansson-dev libpcap-dev
libsqlite3-dev libxxhash-dev libmd-dev libnl-route-3-dev librandom123-dev uthash-dev
gnuplot-nox fonts-dejavu-core"
test="iproute2 libjson-c5 libevent-2.1-7 libcmocka-dev tshark libxml2-utils sqlite3 clang libclang-rt-14-dev git"

case "${1:-build}" in
build) wanted=$build ;;
test) wanted="$build $test" ;;
*) echo "usage: $0 build|test" >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
	status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null 2>&1; then
	as_root=sudo
else
	echo "These Debian packages are missing, and only root can install them:$missing" >&2
	exit 3
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { $as_root apt-get -q update && $as_root apt-get -q install -y --no-install-recommends $missing; } \
	>"$log" 2>&1; then
	tail -n 30 "$log" >&2
	echo "apt-get could not install:$missing" >&2
	exit 3
fi
