#!/bin/sh
# Every include falls at least one floor (ARCHITECTURE.md), and inside bgp/ session and route never
# see each other. Prints what does not; fails if anything does not, or if nothing was looked at.
set -eu
cd "$1"

floor() {
	case "$1" in
	base/*) echo 1 ;;
	bgp/* | topo/* | trace/*) echo 2 ;;
	checker/*) echo 3 ;;
	sim/virtual/* | sim/netns/* | reports/*) echo 4 ;;
	sim/*) echo 3 ;;
	simrun/* | simbgpd/*) echo 5 ;;
	*) echo 0 ;;
	esac
}
room() {
	case "$1" in
	sim/virtual/* | sim/netns/*) echo "$1" | cut -d/ -f1-2 ;;
	*) echo "${1%%/*}" ;;
	esac
}

looked=0
bad=0
for file in $(find base bgp topo trace sim checker reports simrun simbgpd -name '*.[ch]' | sort); do
	from_floor=$(floor "$file")
	from_room=$(room "$file")
	for include in $(sed -n 's/^#include "\(.*\)"/\1/p' "$file"); do
		looked=$((looked + 1))
		if [ ! -f "$include" ]; then
			echo "$file: \"$include\" is not a path from the root"
			bad=$((bad + 1))
			continue
		fi
		to_room=$(room "$include")
		if [ "$from_room" = "$to_room" ]; then
			case "$file $include" in
			bgp/session/*' 'bgp/route/* | bgp/route/*' 'bgp/session/* | \
				bgp/wire/*' 'bgp/session/* | bgp/wire/*' 'bgp/route/* | \
				bgp/*/*' 'bgp/speaker.h)
				echo "$file includes $include: these rooms of bgp/ must not meet"
				bad=$((bad + 1))
				;;
			esac
			continue
		fi
		if [ "$(floor "$include")" -ge "$from_floor" ]; then
			echo "$file (floor $from_floor) includes $include: does not fall"
			bad=$((bad + 1))
		fi
		# Checker and reports work from the trace alone: no world, no speaker.
		case "$from_room $to_room" in
		'checker sim' | 'checker bgp' | 'reports sim' | 'reports bgp')
			echo "$file includes $include: $from_room must not see $to_room"
			bad=$((bad + 1))
			;;
		esac
	done
done
echo "$looked includes looked at, $bad against the rules"
[ "$looked" -gt 100 ] && [ "$bad" -eq 0 ]
