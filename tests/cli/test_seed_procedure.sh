# The recipe's own procedure, in its own order and words, on a cluster that starts as Calico is installed:
# a full mesh, IP-in-IP, NAT. In the end k8s-1 prints the table the recipe prints.
. "$SOURCE/tests/cli/lib.sh"

cat >procedure.topo <<'END'
simrun: 1
name: procedure
topology:
  nodes:
    tor:
      kind: quagga
      config: |
        hostname tor
        interface eth0
         ip address 172.31.13.116/24
        router bgp 7675
         bgp router-id 172.31.13.116
         neighbor 172.31.13.27 remote-as 64512
         neighbor 172.31.13.28 remote-as 64512
      exec:
        - echo "net.ipv4.ip_forward=1" >> /etc/sysctl.conf
        - sysctl -p
    k8s-1: { kind: calico-node, pods: 2, block: 172.27.208.0/26 }
    k8s-2: { kind: calico-node, pods: 2, block: 172.27.209.0/26 }
    k8s-3: { kind: calico-node, pods: 2, block: 172.27.210.0/26 }
    client:
      kind: host
      exec: [ip addr add 172.31.13.200/24 dev eth0]
  links:
    - { name: rack1, endpoints: ["tor:eth0", "k8s-1:eth0", "k8s-2:eth0", "k8s-3:eth0", "client:eth0"], delay: 0.1ms }
timeline:
  - at: 50s
    name: backend
    apply:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: calico-config, namespace: kube-system }
      data: { calico_backend: bird }
  - at: 60s
    name: pool
    kubectl: |
      patch ippools.crd.projectcalico.org default-pool --type=merge -p '{"spec": {"ipipMode": "Never", "vxlanMode": "Never", "natOutgoing": false}}'
  - at: 70s
    name: restarted
    kubectl: delete pods -n kube-system -l k8s-app=calico-node
  - at: 130s
    name: mesh-off
    calicoctl: |
      apply -f - << EOF
      apiVersion: projectcalico.org/v3
      kind: BGPConfiguration
      metadata:
        name: default
      spec:
        logSeverityScreen: Info
        nodeToNodeMeshEnabled: false #为了禁用默认的full-mesh
        asNumber: 64512 # calico集群,默认as number
      EOF
  - at: 140s
    name: cluster-ids
    calicoctl:
      - |
        patch node k8s-1 -p '{"spec": {"bgp": {"routeReflectorClusterID": "172.31.13.27"}}}'
      - |
        patch node k8s-2 -p '{"spec": {"bgp": {"routeReflectorClusterID": "172.31.13.28"}}}'
  - at: 150s
    name: labels
    kubectl:
      - label node k8s-1 route-reflector=true
      - label node k8s-2 route-reflector=true
  - at: 160s
    name: tor-peer
    calicoctl: |
      apply -f - << EOF
      apiVersion: projectcalico.org/v3
      kind: BGPPeer
      metadata:
        name: rr-peer
      spec:
        nodeSelector: route-reflector == 'true'
        peerIP: 172.31.13.116 # 交换机/路由器上的BGP 地址
        asNumber: 7675 # 交换机/路由器上的BGP的AS
      EOF
  - at: 278s
    name: rr-peer
    calicoctl: |
      apply -f - << EOF
      kind: BGPPeer
      apiVersion: projectcalico.org/v3
      metadata:
        name: peer-with-route-reflectors
      spec:
        nodeSelector: all()
        peerSelector: route-reflector == 'true'
      EOF
  - at: 300s
    name: way-back
    exec: { client: [ip route add 172.27.208.0/22 via 172.31.13.116] }
  - { at: 600s, end: true }
expect:
  mesh: { established: k8s-3, at: 49s }
  mesh-again: { established: k8s-3, at: 129s }
  end: { established: all, at: end }
  reach: { reachable: { from: client, to: pods, port: 80 }, after: way-back, within: 60s }
  source: { source-preserved: { from: pods, to: client }, at: end }
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: { name: default-pool }
spec: { cidr: 172.27.208.0/22, ipipMode: Always, vxlanMode: Never, natOutgoing: true }
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: { name: k8s-1 }
spec: { bgp: { ipv4Address: 172.31.13.27/24 } }
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: { name: k8s-2 }
spec: { bgp: { ipv4Address: 172.31.13.28/24 } }
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: { name: k8s-3 }
spec: { bgp: { ipv4Address: 172.31.13.29/24 } }
END
expect_code 0 "$SIMRUN" procedure.topo -o run

table() { # table NODE TIME: what `calicoctl node status` prints, times of day aside
	"$SIMRUN" show run "$1" 'calicoctl node status' --at "$2" |
		sed 's/[0-9][0-9]:[0-9][0-9]:[0-9][0-9]/hh:mm:ss/'
}
cat >wanted <<'END'
Calico process is running.

IPv4 BGP status
+---------------+---------------+-------+----------+-------------+
| PEER ADDRESS  |   PEER TYPE   | STATE |  SINCE   |    INFO     |
+---------------+---------------+-------+----------+-------------+
| 172.31.13.116 | node specific | up    | hh:mm:ss | Established |
| 172.31.13.28  | node specific | up    | hh:mm:ss | Established |
| 172.31.13.29  | node specific | up    | hh:mm:ss | Established |
+---------------+---------------+-------+----------+-------------+

IPv6 BGP status
No IPv6 peers found.
END
table k8s-1 599s | sed '/^$/{ N; /^\n$/D; }' >got
diff -B wanted got || fail "k8s-1 does not print the recipe's table"

table k8s-1 49s >mesh
has mesh "| 172.31.13.28 | node-to-node mesh | up    |"
has mesh "| 172.31.13.29 | node-to-node mesh | up    |"
table k8s-1 139s >off
lacks off "172.31.13.28"
table k8s-3 200s >alone
lacks alone "172.31.13"
table k8s-1 277s >switch
has switch "| 172.31.13.116 | node specific |"
lacks switch "172.31.13.28"
table k8s-3 599s >client
has client "172.31.13.27"
has client "172.31.13.28"
lacks client "172.31.13.116"
# The order matters to people: with the mesh off first, the nodes are alone for a while, and check says so.
expect_code 0 "$SIMRUN" check procedure.topo
has err "[W016]"
lost=$(sqlite3 run/run.db "SELECT count(*) FROM v_routes WHERE node = 'k8s-3' AND removed
	AND source = 'bgp' AND at_s BETWEEN 130 AND 278")
[ "$lost" -ge 2 ] || fail "with the mesh off k8s-3 should lose its neighbours' blocks: $lost"
