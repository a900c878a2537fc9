/* `simrun check --explain` for what topo/calico reports. */
#include "topo/calico/calico.h"

static const struct topo_code codes[] = {
	{ "E201", "a document is no resource",
	  "Every document after the first needs apiVersion, kind and metadata.name." },
	{ "E202", "unknown kind or apiVersion",
	  "Calico's resources are projectcalico.org/v3; Kubernetes' Node, ConfigMap and Secret are "
	  "v1." },
	{ "E203", "unknown field", "calicoctl decodes strictly and refuses the document." },
	{ "E204", "a value of the wrong kind", "calicoctl refuses the document." },
	{ "E205", "a selector that cannot be read",
	  "Strings stand in quotes inside the selector: route-reflector == 'true'." },
	{ "E206", "fields that do not go together", "calicoctl refuses the document." },
	{ "E207", "a name that is none", "Names are DNS-1123 subdomains." },
	{ "E208", "an IPPool that cannot be", "calicoctl refuses the document." },
	{ "E209", "a field of a later Calico", "The rules here are those of v3.23.3." },
	{ "E210", "a field only BGPConfiguration default may have",
	  "calicoctl refuses the document." },
	{ "E211", "a command that is not simulated",
	  "kubectl and calicoctl: label, annotate, patch, apply, create, replace, delete, "
	  "rollout." },
	{ "E212", "no such resource",
	  "The command names something that is not there at that time." },
	{ "E213", "a BGPPeer without asNumber",
	  "It is accepted, renders as AS 0, and BIRD then refuses the whole configuration." },
	{ "E214", "a label that is there already", "kubectl wants --overwrite to change it." },
	{ "W221", "Calico's storage form", "crd.projectcalico.org/v1 is not meant to be written." },
	{ "W222", "read, but without effect here", "The simulation does not model it." },
	{ "W223", "a YAML tag where a selector was meant",
	  "nodeSelector: !has(x) without quotes is empty, and an empty nodeSelector means every "
	  "node." },
	{ "W224", "a label that is not what it looks like",
	  "YAML 1.1 reads yes, on and 1.10 as other values; labels are the text of those." },
	{ "W225", "a password that is not there, or too long", "The session comes up without it." },
	{ "W226", "a BGPConfiguration nobody reads", "Only `default` and `node.NAME` are read." },
	{ "W227", "two BGPPeers for one session",
	  "Calico picks one at random, on every node anew." },
	{ "W228", "a BGPPeer that makes no session", "Nothing matches what it selects." },
	{ "W229", "a BGPPeer without a peer", "It needs peerIP or peerSelector." },
	{ "W230", "a node that is plugged in nowhere", "Addresses live on interfaces." },
};

const struct topo_code *calico_code_at(size_t index)
{
	return index < sizeof(codes) / sizeof(codes[0]) ? &codes[index] : NULL;
}
