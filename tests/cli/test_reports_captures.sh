# Captures as Wireshark's dissectors see them: nothing malformed, no wrong checksum, no warning but the
# one resets bring, names, fault markers, comments, BGP and its MD5 option; the same bytes twice.
. "$SOURCE/tests/cli/lib.sh"
command -v tshark >/dev/null || fail "tshark is not installed"
command -v capinfos >/dev/null || fail "capinfos is not installed (wireshark-common)"
export HOME="$PWD" # nobody's own Wireshark preferences

shark() {
	tshark "$@" 2>shark.err || {
		cat shark.err >&2
		fail "tshark $*"
	}
}
none() {
	shark "$@" >printed
	[ ! -s printed ] || {
		head -5 printed >&2
		fail "something matches: $*"
	}
}
some() {
	wanted=$1
	shift
	found=$(shark "$@" | wc -l)
	[ "$found" -ge "$wanted" ] || fail "$found matches instead of $wanted or more: $*"
}

# Expert information of level Warning and Error. One kind is expected, and no other: "Connection reset
# (RST)". The prober resets the half-open connection it has been answered on, as a SYN scan does; a
# port whose daemon is gone answers with RST; two BGP speakers that dialled each other at the same time
# close one connection of the two with unread bytes in it, which Linux does by RST.
sound() {
	file=$1
	none -r "$file" -Y '_ws.malformed'
	none -r "$file" -Y '_ws.expert.severity >= 6291456 && !tcp.flags.reset == 1'
	shark -r "$file" -q -z expert >expert
	awk '/^(Errors|Warns|Notes|Chats|Comments) \(/ { level = $1 }
	/^ *[0-9]+ / && (level == "Errors" || level == "Warns") && !/Connection reset \(RST\)$/' \
		expert >unexpected
	[ ! -s unexpected ] || {
		cat unexpected >&2
		fail "$file: warnings nobody expects"
	}
	none -r "$file" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-o udp.check_checksum:TRUE \
		-Y 'ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 ||
			icmp.checksum.status == 0'
}

for name in rr-failover seed-as-written canary-must-fail; do
	code=0
	"$SIMRUN" -q "scenarios/$name.topo" >out 2>err || code=$?
	[ "$code" -le 1 ] || fail "$name: exit code $code"
	for file in "simrun-$name/run.pcapng" "simrun-$name"/pcap/*.pcap; do
		sound "$file"
	done
done

# The resets themselves: while nobody touches the network there are those of the prober (port 80) and
# of the collisions at the start (port 179), and none later.
awk '/^timeline:/ { print "timeline:\n  - { at: 300s, end: true }"
	print "expect:\n  sessions: { established: all, within: 30s }"; skip = 1 }
/^---/ { skip = 0 }
!skip' scenarios/rr-failover.topo >scenarios/quiet.topo
code=0
"$SIMRUN" -q scenarios/quiet.topo -o quiet >out 2>err || code=$?
[ "$code" -eq 0 ] || { cat out err >&2; fail "quiet: exit code $code"; }
sound quiet/run.pcapng
none -r quiet/run.pcapng \
	-Y 'tcp.flags.reset == 1 && !(tcp.dstport == 80) && !(tcp.port == 179 && frame.time_relative < 5)'
none -r quiet/run.pcapng -Y 'syslog || frame.comment'

run=simrun-rr-failover/run.pcapng
# Nanoseconds, names of interfaces and nodes.
capinfos "$run" >info
has info "nanoseconds (9)"
has info "Capture application: simrun"
for interface in tor k8s-1 k8s-2 k8s-3 client; do
	has info "Name = $interface:eth0"
done
has info "Name = timeline"
has info "Strict time order:   True"
has info "2024-01-01"
capinfos simrun-rr-failover/pcap/rack1.pcap >info
has info "nanosecond"
shark -r "$run" -N n -Y 'bgp.type == 1' -T fields -e ip.src_host -e ip.dst_host >names
has names "tor"
has names "k8s-3"
lacks names "172.31.13."

# Fault markers, in line, at their time, and the first frame after each of them.
shark -r "$run" -Y 'syslog' -T fields -e frame.time_relative -e frame.interface_name \
	-e _ws.col.Info >markers
has markers "60.000000000	timeline	USER.ERR: simrun: rr1-off @60.000s k8s-1 off"
[ "$(wc -l <markers)" -eq 8 ] || fail "$(wc -l <markers) markers instead of 8"
shark -r "$run" -Y 'frame.comment && !syslog' -T fields -e frame.comment >comments
has comments "first frame after rr2-cut at 520.000s: k8s-2:eth0 cut"
[ "$(wc -l <comments)" -eq 8 ] || fail "$(wc -l <comments) comments instead of 8"
# Who has no power sends nothing.
none -r "$run" -Y 'frame.interface_name == "k8s-1:eth0" && frame.time_relative > 60 &&
	frame.time_relative < 300'

# BGP, dissected: capabilities of OPEN, prefixes of UPDATE, reflection, goodbye.
some 10 -r "$run" -Y 'bgp.type == 1 && bgp.cap.type == 1 && bgp.cap.type == 2 && bgp.cap.type == 64 &&
	bgp.cap.type == 65'
some 1 -r "$run" -Y 'bgp.type == 2 && bgp.nlri_prefix == 172.27.210.0'
some 1 -r "$run" -Y 'bgp.type == 2 && bgp.update.path_attribute.originator_id'
some 1 -r "$run" -Y 'bgp.type == 3 && bgp.notify.major_error == 6'
# (An expired hold timer is never told to the dead: nobody answers ARP, so that NOTIFICATION never leaves.)
none -r "$run" -Y 'bgp.type == 3 && bgp.notify.major_error == 4 && ip.dst == 172.31.13.27'
# A password means the MD5 option on every segment of that session, and on no other's.
some 100 -r "$run" -Y 'tcp.port == 179 && ip.addr == 172.31.13.116 && tcp.options.md5'
none -r "$run" -Y 'tcp.port == 179 && ip.addr == 172.31.13.116 && tcp.len > 0 && !tcp.options.md5'
none -r "$run" -Y 'tcp.options.md5 && !(ip.addr == 172.31.13.116)'
none -r simrun-seed-as-written/run.pcapng -Y 'tcp.options.md5'

# What is lost on the way says so.
sed 's/      delay: 0.1ms/      delay: 0.1ms\n      loss: 2%/' scenarios/seed-as-written.topo \
	>scenarios/lossy.topo
code=0
"$SIMRUN" -q scenarios/lossy.topo --until 60s -o lossy >out 2>err || code=$?
[ "$code" -le 1 ] || fail "lossy: exit code $code"
some 20 -r lossy/run.pcapng -Y 'frame.comment contains "lost on the way"'
none -r lossy/run.pcapng -Y '_ws.malformed'

# The same run, the same bytes.
expect_code 0 "$SIMRUN" -q scenarios/rr-failover.topo -o again
cmp "$run" again/run.pcapng || fail "run.pcapng differs between two runs"
cmp simrun-rr-failover/pcap/rack1.pcap again/pcap/rack1.pcap || fail "rack1.pcap differs"
for picture in reach sessions messages; do
	for ending in dat gp svg; do
		cmp "simrun-rr-failover/plots/$picture.$ending" "again/plots/$picture.$ending" ||
			fail "$picture.$ending differs between two runs"
	done
done

# None, one link, or no such link.
expect_code 0 "$SIMRUN" -q --pcap none scenarios/rr-failover.topo -o bare
[ ! -e bare/run.pcapng ] && [ ! -e bare/pcap ] || fail "--pcap none left a capture"
expect_code 1 "$SIMRUN" -q --pcap spare scenarios/canary-must-fail.topo -o one
capinfos one/run.pcapng >info
has info "Number of interfaces in file: 3"
[ "$(ls one/pcap | wc -l)" -eq 1 ] || fail "--pcap spare wrote other links, too"
expect_code 2 "$SIMRUN" -q --pcap nope scenarios/canary-must-fail.topo -o one
has err "there is no such link; there are: lan spare"
