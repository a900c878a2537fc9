/* `simrun check --explain` for what topo/frr reports. */
#include "topo/frr/frr.h"

static const struct topo_code codes[] = {
	{ "E301", "a configuration line is not understood",
	  "The caret stands under the first word that no command of FRR or Quagga has at this "
	  "place. "
	  "Nothing of the line took effect." },
	{ "E302", "a configuration line stands outside its block",
	  "The line is right, but belongs under `router bgp`, `interface` or `route-map`. vtysh "
	  "would "
	  "answer: % Unknown command." },
	{ "E303", "Quagga does not know this line", "It came with FRR, after the two parted." },
	{ "E304", "`no` cannot stand before this",
	  "The command enters a block or shows something." },
	{ "E305", "a value does not fit the others", "The daemon would refuse the line." },
	{ "E306", "not simulated",
	  "The line is right, but what it asks for is not simulated here." },
	{ "E307", "a second `router bgp`",
	  "One router has one AS; FRR answers: BGP is already running." },
	{ "E308", "a neighbor without an AS",
	  "FRR answers: Specify remote-as or peer-group commands first." },
	{ "E309", "no such interface", "Interfaces are what `links:` plug into the node." },
	{ "E310", "no router id",
	  "BGP identifies a router by an IPv4 address; this one has none." },
	{ "W321", "read, but without effect here",
	  "The command is known and would change something on a real router; the simulation does "
	  "not "
	  "model it." },
	{ "W322", "host bits are set", "The daemon masks the address; so does the simulation." },
	{ "W323", "a policy is not modelled exactly",
	  "Policies are flat lists of prefixes here; this one needs more than that." },
	{ "W324", "a policy names a list that is not there",
	  "bgpd then denies everything (an entry of a route-map: matches nothing)." },
	{ "W325", "an interface is shut down",
	  "It is modelled as an interface without addresses." },
};

const struct topo_code *frr_code_at(size_t index)
{
	return index < sizeof(codes) / sizeof(codes[0]) ? &codes[index] : NULL;
}
