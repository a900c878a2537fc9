# Every verb of the timeline does what docs/topo-format.md says, in one run each.
. "$SOURCE/tests/cli/lib.sh"

# A switch, two reflectors, a node and a client; $1 is the timeline, $2 the expectations.
scenario() {
	sed '/^timeline:/q' scenarios/rr-failover.topo
	echo "$1"
	echo 'expect:'
	echo "$2"
	sed -n '/^---/,$p' scenarios/rr-failover.topo
}
# play NAME TIMELINE EXPECTATIONS: all of them hold.
play() {
	scenario "$2" "$3" >"$1.topo"
	expect_code 0 "$SIMRUN" "$1.topo" -q -o run --pcap none
}
sql() { sqlite3 run/run.db "$1"; }
is() { # is WHAT WANTED GOT
	[ "$2" = "$3" ] || fail "$1: $3 instead of $2"
}
between() { # between WHAT LOW HIGH VALUE: whole numbers
	[ -n "$4" ] && [ "$4" -ge "$2" ] && [ "$4" -le "$3" ] || fail "$1: '$4' is not in $2..$3"
}
down_at() { # seconds at which NODE loses its session with NEIGHBOR, after a time
	sql "SELECT cast(at_s AS int) FROM v_sessions WHERE node = '$1' AND neighbor LIKE '%$2'
		AND old_state = 'Established' AND new_state <> 'Established' AND at_s >= $3 LIMIT 1"
}
up_at() {
	sql "SELECT cast(at_s AS int) FROM v_sessions WHERE node = '$1' AND neighbor LIKE '%$2'
		AND old_state <> 'Established' AND new_state = 'Established' AND at_s >= $3 LIMIT 1"
}
error_of() { # code and subcode, and whether NODE sent them, when that session first went down
	sql "SELECT json_extract(o.data, '\$.error_code') || '/' || json_extract(o.data, '\$.error_subcode')
			|| iif(json_extract(o.data, '\$.error_sent'), ' sent', ' received')
		FROM observation o JOIN name n ON n.kind = 'node' AND n.number = o.node
		WHERE o.kind = 'session' AND n.name = '$1' AND json_extract(o.data, '\$.neighbor') LIKE '%$2'
			AND json_extract(o.data, '\$.old_state') = 'Established'
			AND json_extract(o.data, '\$.new_state') <> 'Established' ORDER BY o.sequence LIMIT 1"
}
silent() { # whole seconds of silence of a flow on its way there, from a second on
	sql "SELECT coalesce(cast(sum(until_ns - max(from_ns, $2 * 1000000000)) / 1e9 AS int), 0)
		FROM v_flows WHERE NOT success AND way = 'there' AND flow LIKE '$1'
		AND until_ns > $2 * 1000000000"
}

# ---- crash, boot -----------------------------------------------------------------------------
# Power off: no FIN, so the peers wait out their hold time; a boot comes with an empty table.
play crash '
  - { at: 60s, crash: [k8s-3, client] }
  - { at: 80s, boot: [client] }
  - { at: 300s, boot: k8s-3 }
  - { at: 360s, end: true }' '
  back: { established: all, at: end }
  reach: { reachable: { from: client, to: pods, port: 80 }, at: end }
  gone: { at: 290s, node: tor, routes: [ { prefix: 172.27.210.0/26, absent: true } ] }
  kept: { at: 100s, node: tor, routes: [ 172.27.210.0/26 ] }'
between "hold time after a crash" 180 300 "$(down_at k8s-1 29 60)"
is "who tells of it" "4/0 sent" "$(error_of k8s-1 29)"
between "its pods are silent" 230 250 "$(silent '%k8s-3/172.27.210.5%' 59)"

# ---- kill, start: by signal --------------------------------------------------------------------
# SIGKILL: FIN from the kernel, graceful restart, routes stay. SIGTERM: Cease, but Calico's kernel routes stay.
play kill '
  - { at: 60s, kill: k8s-3 }
  - { at: 70s, start: k8s-3 }
  - { at: 100s, kill: { node: tor, process: bgpd, signal: KILL } }
  - { at: 104s, start: { node: tor, process: bgpd } }
  - { at: 200s, kill: { node: k8s-2, process: bird, signal: TERM } }
  - { at: 220s, start: { node: k8s-2, process: bird } }
  - { at: 260s, end: true }' '
  back: { established: all, at: end }
  reach: { reachable: { from: client, to: { pods-on: [k8s-3] }, port: 80 }, during: 59s .. 99s, max-outage: 10ms }'
is "after SIGKILL the peer sees the connection close" 60 "$(down_at k8s-1 29 60)"
is "no NOTIFICATION is sent by the dead" "0/0 received" "$(error_of k8s-1 29)"
is "after SIGTERM" "6/2 received" "$(error_of k8s-1 28)"

# ---- stop, start, restart ----------------------------------------------------------------------
play stop '
  - { at: 60s, stop: [k8s-2, k8s-3] }
  - { at: 90s, start: [k8s-2, k8s-3] }
  - { at: 150s, restart: k8s-1 }
  - { at: 200s, stop: tor }
  - { at: 230s, start: tor }
  - { at: 300s, end: true }' '
  gone: { at: 80s, node: tor, routes: [ { prefix: 172.27.209.0/26, absent: true }, 172.27.208.0/26 ] }
  emptied: { at: 210s, node: tor, table: fib, routes: [ { prefix: 172.27.208.0/26, absent: true } ] }
  kept: { at: 210s, node: k8s-1, table: fib, routes: [ 172.27.210.0/26 ] }
  back: { established: all, at: end }'
is "an orderly stop" "6/2 received" "$(error_of tor 28)"
between "a restart is over at once" 150 160 "$(up_at k8s-3 27 150)"
is "FRR says goodbye in its own way" "6/3 received" "$(sql "SELECT json_extract(o.data, '\$.error_code') || '/' ||
	json_extract(o.data, '\$.error_subcode') || ' received' FROM observation o JOIN name n
	ON n.kind = 'node' AND n.number = o.node WHERE o.kind = 'session' AND n.name = 'k8s-1'
	AND o.at_ns >= 200000000000 AND json_extract(o.data, '\$.old_state') = 'Established'
	AND json_extract(o.data, '\$.new_state') <> 'Established' LIMIT 1")"

# ---- hang, continue ----------------------------------------------------------------------------
# The kernel goes on acknowledging; only KEEPALIVEs stop. Forwarding does not.
play hang '
  - { at: 60s, hang: { node: k8s-3, process: bird } }
  - { at: 400s, continue: { node: k8s-3, process: bird } }
  - { at: 500s, end: true }' '
  forwards: { reachable: { from: client, to: { pods-on: [k8s-3] }, port: 80 }, during: 59s .. 170s, max-outage: 10ms }
  gone: { at: 390s, node: tor, routes: [ { prefix: 172.27.210.0/26, absent: true } ] }
  back: { established: all, at: end }
  again: { reachable: { from: client, to: pods, port: 80 }, at: end }'
between "a hung daemon's peer waits" 180 301 "$(down_at k8s-1 29 60)"
is "and then says so" "4/0 sent" "$(error_of k8s-1 29)"
between "it recovers" 400 450 "$(up_at k8s-1 29 400)"
# Shorter than the hold time: nothing happens at all.
play nap '
  - { at: 60s, hang: k8s-3 }
  - { at: 120s, continue: k8s-3 }
  - { at: 400s, end: true }' '
  still: { established: all, after: 30s }'

# ---- cut, mend: a link, an end, a direction, for a while ------------------------------------------
play cut '
  - { at: 60s, cut: rack1, for: 20s }
  - { at: 100s, cut: "k8s-3:eth0" }
  - { at: 110s, mend: "k8s-3:eth0" }
  - { at: 150s, cut: { link: "k8s-3:eth0", direction: send } }
  - { at: 160s, mend: "k8s-3:eth0" }
  - { at: 200s, end: true }' '
  still: { established: all, at: end }
  reach: { reachable: { from: client, to: pods, port: 80 }, at: end }'
is "the whole segment for 20 s" 20 "$(sql "SELECT (until_ns - from_ns) / 1000000000 FROM v_flows
	WHERE NOT success AND flow LIKE 'client%172.27.208.5' AND way = 'there' AND from_ns = 60000000000")"
is "flows cut" "60 100 150" "$(echo $(sql "SELECT DISTINCT from_ns / 1000000000 FROM v_flows WHERE NOT success
	AND flow LIKE 'client%172.27.210.5' AND from_ns >= 30000000000 AND from_ns % 1000000000 = 0 ORDER BY 1"))"

# ---- impair: one direction, undone by for: and by mend ---------------------------------------------
play impair '
  - { at: 60s, impair: { link: "k8s-3:eth0", direction: send, loss: 100% }, for: 5s }
  - { at: 80s, impair: { link: "k8s-3:eth0", direction: receive, loss: 100% } }
  - { at: 85s, mend: "k8s-3:eth0" }
  - { at: 100s, impair: { link: "k8s-3:eth0", delay: 20ms } }
  - { at: 110s, mend: "k8s-3:eth0" }
  - { at: 120s, impair: { link: rack1, delay: 30ms }, for: 10s }
  - { at: 140s, end: true }' '
  still: { established: all, after: 30s }
  reach: { reachable: { from: client, to: pods, port: 80 }, at: end }
  ping: { reachable: { from: k8s-1, to: k8s-3 }, at: end }'
trip() { # milliseconds a probe took
	sql "SELECT round_trip_ns / 1000000 FROM v_probes WHERE flow = 'k8s-1 → k8s-3' AND answered
		AND sent_ns BETWEEN $1 * 1000000000 AND $2 * 1000000000 ORDER BY sent_ns DESC LIMIT 1"
}
lost() {
	sql "SELECT count(*) FROM v_probes WHERE flow = 'k8s-1 → k8s-3' AND NOT answered
		AND sent_ns BETWEEN $1 * 1000000000 AND $2 * 1000000000"
}
is "nothing is sent" 5 "$(lost 60 65.5)"
is "nothing is received" 5 "$(lost 80 85.5)"
is "nothing else is lost" 10 "$(lost 5 140)"
is "made as it was" 0 "$(trip 90 99)"
is "20 ms each way, at one end" 40 "$(trip 101 109)"
is "mended" 0 "$(trip 111 119)"
is "30 ms each way, once a link" 60 "$(trip 121 129)"
is "and no more" 0 "$(trip 131 139)"
is "one way is cut, the other is not: where it failed" "there" "$(echo $(sql "SELECT DISTINCT way FROM v_flows
	WHERE NOT success AND flow = 'k8s-1 → k8s-3' AND from_ns BETWEEN 80000000000 AND 84000000000"))"

# ---- partition, heal ---------------------------------------------------------------------------
play partition '
  - { at: 60s, partition: [[k8s-1, client], [tor, k8s-2]] }
  - { at: 70s, heal: true }
  - { at: 100s, partition: [[k8s-3]] }
  - { at: 400s, heal: true }
  - { at: 500s, end: true }' '
  apart: { at: 390s, node: tor, routes: [ { prefix: 172.27.210.0/26, absent: true }, 172.27.208.0/26 ] }
  back: { established: all, at: end }
  again: { reachable: { from: client, to: pods, port: 80 }, at: end }
  in: { reachable: { from: client, to: k8s-1 }, at: 65s }
  in-2: { reachable: { from: tor, to: k8s-2 }, at: 65s }'
is "islands for ten seconds" 10 "$(sql "SELECT (until_ns - from_ns) / 1000000000 FROM v_flows
	WHERE NOT success AND flow LIKE 'client%172.27.208.5' AND way = 'there' AND from_ns = 60000000000")"
between "an island's session ends" 200 380 "$(down_at k8s-1 29 100)"

# ---- apply, delete, calicoctl, kubectl, vtysh, exec ------------------------------------------------
cat >peer.yaml <<'END'
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: direct }
spec: { node: k8s-3, peerIP: 172.31.13.116, asNumber: 7675 }
END
play configure '
  - at: 60s
    vtysh:
      tor: |
        conf t
        router bgp 7675
        neighbor 172.31.13.29 remote-as 64512
  - { at: 70s, apply: peer.yaml }
  - { at: 120s, delete: peer.yaml }
  - { at: 150s, kubectl: label node k8s-2 route-reflector- }
  - at: 200s
    kubectl: |
      label node k8s-2 route-reflector=true
  - at: 250s
    vtysh:
      tor: |
        configure terminal
        router bgp 7675
        no neighbor 172.31.13.28
  - { at: 300s, kubectl: "delete pods -n kube-system -l k8s-app=calico-node" }
  - at: 350s
    exec:
      client: [ip route del 172.27.208.0/22, ip route add 172.27.208.0/22 via 172.31.13.27]
  - at: 400s
    calicoctl: |
      patch node k8s-1 -p '"'"'{"spec": {"bgp": {"routeReflectorClusterID": "244.0.0.1"}}}'"'"'
  - { at: 600s, end: true }' '
  applied: { established: { node: k8s-3, neighbor: 172.31.13.116 }, at: 110s }
  direct: { at: 110s, node: tor, routes: [ { prefix: 172.27.210.0/26, via: 172.31.13.29 } ] }
  k8s-1-alone: { at: 190s, node: k8s-3, routes: [ { prefix: 172.27.208.0/26 }, { prefix: 172.27.209.0/26 } ] }
  waiting: { at: 460s, node: k8s-3, routes: [ { prefix: 172.27.209.0/26, absent: true } ] }
  cluster: { at: end, node: k8s-3, routes: [ { prefix: 172.27.209.0/26 } ] }
  reach: { reachable: { from: client, to: pods, port: 80 }, at: end }'
# (waiting: a BIRD that starts with -R exports nothing before every configured peer has spoken, or for 240 s.
# k8s-2 still has tor in its configuration, which does not want it any more.)
between "the new peer comes up" 70 110 "$(up_at k8s-3 13_116 70)"
is "deleted: the session goes" 120 "$(down_at k8s-3 13_116 120)"
is "a demoted reflector loses its switch" 150 "$(down_at k8s-2 13_116 150)"
between "and gets it again" 200 245 "$(up_at k8s-2 13_116 200)"
is "no neighbor" 250 "$(down_at tor 13.28 250)"
is "no neighbor: Cease, de-configured" "6/3" "$(sql "SELECT json_extract(o.data, '\$.error_code') || '/' ||
	json_extract(o.data, '\$.error_subcode') FROM observation o JOIN name n ON n.kind = 'node'
	AND n.number = o.node WHERE o.kind = 'session' AND n.name = 'k8s-2' AND o.at_ns >= 250000000000
	AND json_extract(o.data, '\$.neighbor') LIKE '%116'
	AND json_extract(o.data, '\$.old_state') = 'Established' ORDER BY o.sequence LIMIT 1")"
is "delete pods: all daemons anew" "k8s-1 k8s-2 k8s-3" "$(echo $(sql "SELECT DISTINCT node FROM v_sessions
	WHERE at_ns = 300000000000 AND old_state = 'Established' AND new_state = 'Idle' AND node LIKE 'k8s%' ORDER BY 1"))"
expect_code 0 "$SIMRUN" show run client 'ip route' --at 360s
has out "172.27.208.0/22 via 172.31.13.27 dev eth0"
expect_code 0 "$SIMRUN" show run client 'ip route' --at 340s
has out "172.27.208.0/22 via 172.31.13.116 dev eth0"

# ---- nonsense is harmless ------------------------------------------------------------------------
play nonsense '
  - { at: 60s, boot: k8s-3 }
  - { at: 61s, start: k8s-3 }
  - { at: 62s, continue: k8s-3 }
  - { at: 63s, mend: rack1 }
  - { at: 64s, mend: "k8s-3:eth0" }
  - { at: 65s, heal: true }
  - { at: 66s, boot: [tor, client] }
  - { at: 300s, end: true }' '
  nothing: { established: all, after: 30s }
  reach: { reachable: { from: client, to: pods, port: 80 }, during: 30s .. end, max-outage: 0s }'
play nonsense-2 '
  - { at: 60s, crash: k8s-3 }
  - { at: 60s, crash: k8s-3 }
  - { at: 61s, crash: [k8s-3] }
  - { at: 62s, kill: k8s-3 }
  - { at: 63s, stop: k8s-3 }
  - { at: 64s, start: k8s-3 }
  - { at: 65s, hang: k8s-3 }
  - { at: 66s, continue: k8s-3 }
  - { at: 67s, restart: k8s-3 }
  - { at: 68s, cut: "k8s-3:eth0" }
  - { at: 69s, cut: "k8s-3:eth0" }
  - { at: 70s, boot: k8s-3 }
  - { at: 71s, mend: "k8s-3:eth0" }
  - { at: 71s, mend: "k8s-3:eth0" }
  - { at: 80s, kill: k8s-3 }
  - { at: 80s, kill: k8s-3 }
  - { at: 81s, hang: k8s-3 }
  - { at: 82s, stop: k8s-3 }
  - { at: 83s, start: k8s-3 }
  - { at: 83s, start: k8s-3 }
  - { at: 84s, hang: k8s-3 }
  - { at: 84s, hang: k8s-3 }
  - { at: 85s, kill: { node: k8s-3, signal: TERM } }
  - { at: 86s, start: k8s-3 }
  - { at: 87s, hang: k8s-3 }
  - { at: 88s, restart: k8s-3 }
  - { at: 89s, hang: k8s-3 }
  - { at: 90s, crash: k8s-3 }
  - { at: 90s, boot: k8s-3 }
  - { at: 91s, cut: rack1 }
  - { at: 92s, cut: rack1, for: 1s }
  - { at: 94s, mend: rack1 }
  - { at: 95s, partition: [[k8s-1], [k8s-2]] }
  - { at: 96s, partition: [[k8s-1]] }
  - { at: 97s, heal: true }
  - { at: 600s, end: true }' '
  back: { established: all, at: end }
  reach: { reachable: { from: client, to: pods, port: 80 }, at: end }'
[ "$(grep -c 'W034' err)" -ge 12 ] || { cat err; fail "steps without effect are worth a warning"; }
