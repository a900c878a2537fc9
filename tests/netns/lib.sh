# What the tests of this folder share: network namespaces on one segment, and other people's daemons in
# them. Sourced. Everything made here carries $net in its name and is gone afterwards, which is
# checked.
#
#	      lan (bridge br0, 10.9.0.0/24)
#	  ------+--------+--------+------
#	      eth0     eth0     eth0
#	       a        b        c        one namespace each: $net-a ...
#
# A daemon is started in the background of this shell with `run NODE COMMAND...`.
net=sb$$
nodes=
processes=

fail() {
	echo "FAIL: $*" >&2
	for log in ./*.log; do
		[ -s "$log" ] || continue
		echo "--- $log" >&2
		tail -n 15 "$log" >&2
	done
	exit 1
}

# Conditions are polled, for so many tenths of a second.
wait_for() {
	tenths=$(($1 * 10))
	what=$2
	shift 2
	while [ "$tenths" -gt 0 ]; do
		if "$@" >/dev/null 2>&1; then
			echo "ok: $what"
			return 0
		fi
		tenths=$((tenths - 1))
		sleep 0.1
	done
	"$@" >&2 || true
	fail "in vain: $what"
}
# says TEXT COMMAND...: its output holds TEXT. lacks: it ran, and its output does not.
says() {
	text=$1
	shift
	"$@" 2>&1 | grep -qF -- "$text"
}
lacks() {
	text=$1
	shift
	output=$("$@" 2>&1) && ! printf '%s\n' "$output" | grep -qF -- "$text"
}
# holds FILTER...: all of these stand in the output of `show`, given before: holds "A" "B" -- COMMAND
holds() {
	texts=
	while [ "$1" != -- ]; do
		texts="$texts$1
"
		shift
	done
	shift
	output=$("$@" 2>&1) || return 1
	printf '%s' "$texts" | while IFS= read -r line; do
		printf '%s\n' "$output" | grep -qF -- "$line" && continue
		printf 'lacks %s:\n%s\n' "$line" "$output" >&2
		exit 1
	done
}

netns_setup() {
	[ "$(id -u)" = 0 ] || { echo "not root: skipped"; exit 77; }
	ip netns add "$net-lan" 2>/dev/null || { echo "no network namespaces here: skipped"; exit 77; }
	trap netns_cleanup EXIT
	trap 'exit 1' INT TERM HUP
	ip -n "$net-lan" link add br0 type bridge
	ip -n "$net-lan" link set br0 up
}

# node NAME ADDRESS: a namespace on the segment.
node() {
	nodes="$nodes $1"
	ip netns add "$net-$1"
	ip -n "$net-lan" link add "v-$1" type veth peer name eth0 netns "$net-$1"
	ip -n "$net-lan" link set "v-$1" master br0 up
	ip -n "$net-$1" link set lo up
	ip -n "$net-$1" link set eth0 up
	ip -n "$net-$1" addr add "$2/24" dev eth0
	ip -n "$net-$1" -6 addr add "fd09::${2##*.}/64" dev eth0 nodad
}

in_node() {
	at=$1
	shift
	ip netns exec "$net-$at" "$@"
}

# run NODE COMMAND...: in the background; $! is its process. Logs to NODE.log.
run() {
	at=$1
	shift
	ip netns exec "$net-$at" "$@" >>"$at.log" 2>&1 &
	processes="$processes $!"
	eval "pid_$at=$!"
}

alive() { kill -0 "$1" 2>/dev/null; }
dead() { ! alive "$1"; }
# ends SECONDS NODE: the process run there last ends by itself, and with 0.
ends() {
	eval "ending=\$pid_$2"
	wait_for "$1" "$2 ended" dead "$ending"
	wait "$ending" || fail "$2 ended with $?"
}

netns_cleanup() {
	code=$?
	trap - EXIT
	for name in $nodes; do
		for pid in $(ip netns pids "$net-$name" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null || true
		done
	done
	for pid in $processes; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	for name in $nodes lan; do
		ip netns del "$net-$name" || code=1
		rm -rf "/etc/netns/$net-$name"
	done
	rmdir /etc/netns 2>/dev/null || true
	if ip netns list | grep -q "^$net-" || [ -n "$(ls -d /etc/netns/"$net"-* 2>/dev/null)" ]; then
		echo "FAIL: something is left behind" >&2
		code=1
	fi
	exit "$code"
}

# ---- the daemons --------------------------------------------------------------------------------

# daemon_root PACKAGES...: a folder with Debian's packages unpacked; they are not installed, so that
# BIRD 1.6 and 2 can be had together. Skips if they cannot be had.
daemon_root() {
	cache=${SIMRUN_DAEMONS:?}
	mkdir -p "$cache"
	for package in "$@"; do
		[ -d "$cache/$package" ] && continue
		(
			rm -rf "$cache/.$package.$$"
			mkdir "$cache/.$package.$$"
			cd "$cache/.$package.$$"
			apt-get -q download "$package" >/dev/null 2>&1 && dpkg -x ./*.deb . && rm ./*.deb
		) || { rm -rf "$cache/.$package.$$"; echo "$package cannot be had: skipped"; exit 77; }
		mv "$cache/.$package.$$" "$cache/$package"
	done
}

# PROFILE, from outside, says whom it behaves like.
simbgpd_start() { # NODE [OPTIONS...], configuration in NODE.conf
	name=$1
	shift
	run "$name" "$SIMBGPD" -f "$name.conf" -s "$name.ctl" ${PROFILE:+--profile "$PROFILE"} "$@"
}
show() { # NODE LINE
	"$SIMBGPD" -s "$1.ctl" -c "$2"
}

bird16_start() { # NODE [OPTIONS...]
	at=$1
	shift
	run "$at" "$SIMRUN_DAEMONS/bird/usr/sbin/bird" -f "$@" -c "$at.conf" -s "$at.ctl" -P "$at.pid"
}
birdc16() { # NODE WORDS...
	at=$1
	shift
	"$SIMRUN_DAEMONS/bird/usr/sbin/birdc" -s "$at.ctl" "$@"
}
bird2_start() {
	at=$1
	shift
	run "$at" "$SIMRUN_DAEMONS/bird2/usr/sbin/bird" -f "$@" -c "$at.conf" -s "$at.ctl" -P "$at.pid"
}
birdc2() {
	at=$1
	shift
	"$SIMRUN_DAEMONS/bird2/usr/sbin/birdc" -s "$at.ctl" "$@"
}

# FRR insists on its users; `ip netns exec` mounts /etc/netns/NAME over /etc.
frr_start() { # NODE
	frr=$SIMRUN_DAEMONS/frr/usr/lib/frr
	own=/etc/netns/$net-$1
	mkdir -p "$own" "$1.vty"
	{ cat /etc/passwd; echo 'frr:x:64711:64711::/nonexistent:/usr/sbin/nologin'; } >"$own/passwd"
	{ cat /etc/group; echo 'frr:x:64711:'; echo 'frrvty:x:64712:frr'; } >"$own/group"
	chown 64711:64711 "$1.vty" .
	libs=$SIMRUN_DAEMONS/frr/usr/lib/x86_64-linux-gnu/frr:$SIMRUN_DAEMONS/libyang2/usr/lib/x86_64-linux-gnu
	echo "username $(id -un) nopassword" >"$1.vty/vtysh.conf" # else it asks PAM
	cp "$1.conf" "$1.bgpd"
	: >"$1.zebra"
	for program in zebra bgpd; do
		run "$1" env LD_LIBRARY_PATH="$libs" "$frr/$program" -f "$PWD/$1.$program" \
			-z "$PWD/$1.vty/zserv" -i "$PWD/$1.vty/$program.pid" \
			--vty_socket "$PWD/$1.vty" -u frr -g frr --log stdout
	done
}
vtysh() { # NODE LINE
	at=$1
	shift
	in_node "$at" env LD_LIBRARY_PATH="$SIMRUN_DAEMONS/frr/usr/lib/x86_64-linux-gnu/frr:$SIMRUN_DAEMONS/libyang2/usr/lib/x86_64-linux-gnu" \
		"$SIMRUN_DAEMONS/frr/usr/bin/vtysh" --vty_socket "$PWD/$at.vty" \
		--config_dir "$PWD/$at.vty" -c "$*"
}

gobgp_start() { # NODE, configuration in NODE.toml
	run "$1" "$SIMRUN_DAEMONS/gobgpd/usr/bin/gobgpd" -f "$1.toml" --api-hosts 127.0.0.1:50051
}
gobgp() { # NODE WORDS...
	at=$1
	shift
	in_node "$at" "$SIMRUN_DAEMONS/gobgpd/usr/bin/gobgp" "$@"
}

# OpenBGPD drops to a user and a folder of its own. The folder is seen by it alone.
openbgpd_start() { # NODE
	own=/etc/netns/$net-$1
	mkdir -p "$own"
	{ cat /etc/passwd; echo '_openbgpd:x:64713:64713::/run/openbgpd:/usr/sbin/nologin'; } >"$own/passwd"
	{ cat /etc/group; echo '_openbgpd:x:64713:'; } >"$own/group"
	chmod 600 "$1.conf"
	run "$1" sh -c 'mount -t tmpfs none /run && mkdir /run/openbgpd && exec "$@"' sh \
		"$SIMRUN_DAEMONS/openbgpd/usr/sbin/bgpd" -d -f "$PWD/$1.conf"
}
bgpctl() { # NODE WORDS...
	at=$1
	shift
	in_node "$at" "$SIMRUN_DAEMONS/openbgpd/usr/sbin/bgpctl" -s "$PWD/$at.ctl" "$@"
}
