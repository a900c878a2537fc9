/* Every diagnostic code: simrun check --explain CODE. The rooms inside topo/ bring their own. */
#include "topo/calico/calico.h"
#include "topo/frr/frr.h"
#include "topo/topo.h"

static const struct topo_code codes[] = {
	{ "E001", "a file cannot be read",
	  "It is missing, a folder, too large, or holds a NUL byte. Names of files are relative to "
	  "the folder of the .topo that names them." },
	{ "E031", "host bits are set in a prefix",
	  "A network's address has zeros after its prefix length: 172.27.208.0/22, not "
	  "172.27.0.208/22. Linux refuses such a route: Invalid prefix for given prefix length." },
	{ "E032", "a gateway is not reachable",
	  "A route's gateway must be on a subnet of the node. Linux refuses others: Nexthop has "
	  "invalid gateway." },
	{ "E101", "not YAML", "The parser stopped here; what follows was not read." },
	{ "E102", "a character that cannot be here",
	  "Files are UTF-8, lines end in newlines; NUL, a lone carriage return and the rare "
	  "Unicode line separators are refused: places in the file could not be told any more." },
	{ "E103", "too large", "More values, or more bytes, than any scenario needs." },
	{ "E104", "nested too deeply",
	  "64 levels are allowed, aliases counted as if written out." },
	{ "E105", "a bad alias", "*name stands for what &name marked earlier, outside itself." },
	{ "E106", "a key is written twice", "YAML parsers disagree which one wins; keep one." },
	{ "E107", "a key is no text", "Lists and mappings cannot be keys here." },
	{ "E108", "a bad merge key",
	  "<<: takes a mapping or a list of mappings, mostly an alias." },
	{ "E109", "an unknown key", "Nothing is skipped in silence; see docs/topo-format.md." },
	{ "E110", "another kind of value is wanted",
	  "Text, a mapping or a list, as the message says." },
	{ "E111", "a whole number is wanted", "In decimal, without quotes." },
	{ "E112", "true or false is wanted",
	  "yes, no, on and off mean different things to different YAML parsers." },
	{ "E113", "a time is wanted", "A number with its unit: 250us, 10ms, 1.5s, 2m, 1h." },
	{ "E114", "a rate is wanted", "A number with its unit: 64kbit, 100mbit, 10gbit." },
	{ "E115", "a share is wanted", "In percent: 0.1%." },
	{ "E116", "lines would be lost",
	  "Configuration and commands of several lines are written after |, which keeps them. > "
	  "folds lines together, and a mistake could not be located any more." },
	{ "E401", "not a scenario", "The first document of a .topo says simrun: 1." },
	{ "E402", "documents run into each other",
	  "The scenario is the first document; resources follow, each after a line ---." },
	{ "E403", "a name that cannot be used", "The message says what names are made of." },
	{ "E404", "something is missing", "A key without which the entry means nothing." },
	{ "E405", "there is no such node or neighbor", "Nodes are those under topology: nodes:." },
	{ "E406", "there is no such link, or end of one",
	  "A link is named, or one of its ends: \"node:interface\"." },
	{ "E407", "an interface is plugged in twice", "Each interface has one cable." },
	{ "E408", "a key that does not fit here",
	  "It is known, but not together with the others." },
	{ "E409", "a step does not do one thing",
	  "Exactly one verb a step; two things at the same time are two steps." },
	{ "E410", "written twice", "Names are unique, and one thing is said once." },
	{ "E411", "a moment that is not known",
	  "A time since the start (90s), start, end, the name of a step, or STEP + 10s." },
	{ "E412", "no such process or signal", "calico-node runs bird; frr and quagga run bgpd." },
	{ "E413", "nothing happens after the end", "Move the step, or the end." },
	{ "E414", "an expectation does not say one thing",
	  "One of established, routes, show ip route bgp, reachable, source-preserved, never, "
	  "converged." },
	{ "E415", "the times do not fit",
	  "at alone; or during alone; or within, after, or both. All lie before the end." },
	{ "E416", "nobody is there",
	  "from and to are nodes, pods, or addresses that someone has." },
	{ "E417", "too many flows", "Watch fewer pairs: pods-on: [..] or single addresses." },
	{ "E418", "an address or prefix is wanted", "As the message shows." },
	{ "E419", "a pasted line is not understood",
	  "Lines of show ip route as vtysh prints them: B>* PREFIX via ADDRESS, IF." },
	{ "E420", "no room for that many pods", "A /26 block holds 64; blocks: takes several." },
	{ "E421", "a word that is not among the known ones", "The message lists them." },
	{ "E422", "no file matches", "A pattern under resources: must find at least one." },
	{ "E501", "a command is not simulated",
	  "ip address, ip route, ip link, sysctl and iptables are, in part; docs/topo-format.md "
	  "has the list. An unknown command is never skipped: it may be the one that matters." },
	{ "E502", "an option is not known or lacks its value", "See docs/topo-format.md." },
	{ "E503", "Linux would refuse this command", "The message has the kernel's words." },
	{ "E504", "the rest of the shell is not simulated",
	  "One plain command a line: no pipes, variables, substitutions or lists." },
	{ "E505", "a sysctl is not simulated", "The message lists those that are." },
	{ "E506", "too many", "10000 addresses, routes or filters on one machine are the limit." },
	{ "N001", "reflectors with different cluster ids",
	  "Works; each learns the other's copies." },
	{ "N501", "a command without effect",
	  "It is known, and changes nothing that is simulated." },
	{ "W010", "a session is configured on one side only",
	  "HALF_OPEN: the other node has no such neighbor, or runs no BGP." },
	{ "W011", "a neighbor nobody is", "UNKNOWN_REMOTE: no node has the address." },
	{ "W012", "AS numbers do not fit", "Both sides answer the OPEN with Bad Peer AS (2/2)." },
	{ "W013", "passwords do not fit",
	  "Segments without the right TCP-MD5 signature are dropped in silence. Calico's side is "
	  "password.secretKeyRef." },
	{ "W014", "a reflector puts itself into the way",
	  "Calico's BGP peers are multihop, so BIRD writes its own address as next hop to eBGP "
	  "peers unless keepOriginalNextHop is true. Traffic then goes through the reflector, and if "
	  "that is lost, until its session's hold time runs out, nowhere." },
	{ "W015", "a single route reflector", "Its loss takes all routes between nodes with it." },
	{ "W016", "a window without sessions",
	  "The mesh is switched off before the peers that replace it exist: routes go and come "
	  "back." },
	{ "W017", "a node never hears of another's pods",
	  "The mesh is off, and no chain of reflectors leads from one to the other." },
	{ "W018", "a session cannot come up", "The message says why." },
	{ "W019", "two sessions to one neighbor",
	  "BIRD keeps the second one idle, and a restart waits for it up to 240 s." },
	{ "W020", "an eBGP neighbor without policy",
	  "RFC 8212: FRR then sends and accepts nothing, and shows (Policy)." },
	{ "W021", "natOutgoing hides the pod",
	  "Packets from pods to addresses outside all pools leave with the node's address." },
	{ "W022", "a way is missing", "The node speaks no BGP and has no route there." },
	{ "W023", "nothing to send from", "The node has no address of that family." },
	{ "W026", "a block outside all pools", "Calico announces blocks that lie in an IPPool." },
	{ "W027", "a pod outside its node's blocks",
	  "Calico would announce such a borrowed address as a /32 of its own." },
	{ "W028", "an address twice", "Two nodes answer for it; who is reached is luck." },
	{ "W029", "the same router id twice",
	  "Within one AS the session between the two is refused (2/3)." },
	{ "W030", "a router that does not forward",
	  "net.ipv4.ip_forward=1, or pods stay unreachable." },
	{ "W031", "different subnets without encapsulation",
	  "The routers between must know the pods' blocks." },
	{ "W032", "a static route with an unreachable gateway", "The daemon keeps it inactive." },
	{ "W033", "a Node that is not in the topology", "Selectors see it; the network does not." },
	{ "W034", "a step changes nothing", "What it does is so already, or cannot be done then." },
	{ "W041", "more jitter than delay", "The delay of a frame is never below 0." },
	{ "W042", "a router without configuration", "config: takes frr.conf, or a file's name." },
	{ "W043", "a sysctl that is not in force", "/etc/sysctl.conf is read by sysctl -p." },
	{ "W044", "a restart that restarts nobody",
	  "No node of this scenario is among those named." },
	{ "W045", "nothing is expected", "A gate that tests nothing is not green: exit code 5." },
	{ "W046", "a session that is not played",
	  "Simulated wires carry IPv4: a session between two IPv6 addresses is checked against its "
	  "other side, and neither comes up nor is judged." },
	{ "W047", "an encapsulation that is not played",
	  "Simulated packets travel as they are. On one subnet IPIP makes no difference to who is "
	  "reached; with VXLAN, and across subnets, a cluster may reach more than is shown." },
};

const struct topo_code *topo_code_at(size_t index)
{
	size_t own = sizeof(codes) / sizeof(codes[0]), frr = 0;
	if (index < own)
		return &codes[index];
	index -= own;
	while (frr_code_at(frr))
		frr++;
	return index < frr ? frr_code_at(index) : calico_code_at(index - frr);
}
