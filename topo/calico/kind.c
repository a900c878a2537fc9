/* Kinds: what there is, by which names it goes, and which one a document or a command line means.
 */
#include "topo/calico/resource.h"

#include <string.h>
#include <strings.h>

#define V3 CALICO_VERSION
#define CRD CALICO_CRD_VERSION

static const struct kind_row {
	const char *name, *plural;
	enum calico_kind kind;
	bool calico;      /* projectcalico.org, not Kubernetes' own */
	const char *also; /* what kubectl calls it in short */
} kinds[] = {
	{ "Node", "nodes", CALICO_NODE, true, NULL },
	{ "BGPConfiguration", "bgpconfigurations", CALICO_BGP_CONFIGURATION, true, "bgpconfig" },
	{ "BGPPeer", "bgppeers", CALICO_BGP_PEER, true, NULL },
	{ "IPPool", "ippools", CALICO_IP_POOL, true, NULL },
	{ "BlockAffinity", "blockaffinities", CALICO_BLOCK_AFFINITY, true, NULL },
	{ "IPAMBlock", "ipamblocks", CALICO_IPAM_BLOCK, true, NULL },
	{ "FelixConfiguration", "felixconfigurations", CALICO_OTHER, true, "felixconfig" },
	{ "ClusterInformation", "clusterinformations", CALICO_OTHER, true, NULL },
	{ "KubeControllersConfiguration", "kubecontrollersconfigurations", CALICO_OTHER, true,
	  NULL },
	{ "GlobalNetworkPolicy", "globalnetworkpolicies", CALICO_OTHER, true, "gnp" },
	{ "NetworkPolicy", "networkpolicies", CALICO_OTHER, true, "netpol" },
	{ "GlobalNetworkSet", "globalnetworksets", CALICO_OTHER, true, NULL },
	{ "NetworkSet", "networksets", CALICO_OTHER, true, NULL },
	{ "HostEndpoint", "hostendpoints", CALICO_OTHER, true, "hep" },
	{ "WorkloadEndpoint", "workloadendpoints", CALICO_OTHER, true, "wep" },
	{ "Profile", "profiles", CALICO_OTHER, true, NULL },
	{ "IPReservation", "ipreservations", CALICO_OTHER, true, NULL },
	{ "IPAMConfig", "ipamconfigs", CALICO_OTHER, true, NULL },
	{ "IPAMConfiguration", "ipamconfigurations", CALICO_OTHER, true, NULL },
	{ "IPAMHandle", "ipamhandles", CALICO_OTHER, true, NULL },
	{ "CalicoNodeStatus", "caliconodestatuses", CALICO_OTHER, true, NULL },
	{ "Node", "nodes", CALICO_K8S_NODE, false, "no" },
	{ "ConfigMap", "configmaps", CALICO_CONFIG_MAP, false, "cm" },
	{ "Secret", "secrets", CALICO_SECRET, false, NULL },
	{ "Service", "services", CALICO_OTHER, false, "svc" },
	{ "Endpoints", "endpoints", CALICO_OTHER, false, "ep" },
	{ "EndpointSlice", "endpointslices", CALICO_OTHER, false, NULL },
	{ "Pod", "pods", CALICO_OTHER, false, "po" },
	{ "Namespace", "namespaces", CALICO_OTHER, false, "ns" },
	{ "ServiceAccount", "serviceaccounts", CALICO_OTHER, false, "sa" },
	{ "DaemonSet", "daemonsets", CALICO_OTHER, false, "ds" },
	{ "Deployment", "deployments", CALICO_OTHER, false, "deploy" },
	{ "StatefulSet", "statefulsets", CALICO_OTHER, false, "sts" },
	{ "ClusterRole", "clusterroles", CALICO_OTHER, false, NULL },
	{ "ClusterRoleBinding", "clusterrolebindings", CALICO_OTHER, false, NULL },
	{ "Role", "roles", CALICO_OTHER, false, NULL },
	{ "RoleBinding", "rolebindings", CALICO_OTHER, false, NULL },
	{ "CustomResourceDefinition", "customresourcedefinitions", CALICO_OTHER, false, "crd" },
	{ "Installation", "installations", CALICO_OTHER, false, NULL },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *calico_kind_text(enum calico_kind kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "resource";
}

static bool same_word(const char *a, const char *b)
{
	return b && strcasecmp(a, b) == 0;
}

bool calico_kind_of_word(const char *word, bool kubectl, enum calico_kind *kind)
{
	size_t length = strcspn(word, "."); /* ippools.crd.projectcalico.org */
	bool crd = word[length] == '.';
	char bare[64];
	if (length >= sizeof(bare))
		return false;
	memcpy(bare, word, length);
	bare[length] = '\0';
	for (size_t i = 0; i < KINDS; i++) {
		bool match = same_word(bare, kinds[i].name) || same_word(bare, kinds[i].plural) ||
			     same_word(bare, kinds[i].also);
		bool side = kinds[i].kind != CALICO_NODE && kinds[i].kind != CALICO_K8S_NODE
				    ? true
				    : kinds[i].calico == (!kubectl || crd);
		if (match && side) {
			*kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

/* ---- which resource ------------------------------------------------------------------------ */

static bool is_calico_group(const char *version)
{
	return strncmp(version, V3, strlen(V3)) == 0 || strcmp(version, CRD) == 0;
}

static bool find_kind(struct diag_list *diags, const struct yaml_node *document,
		      struct calico_resource *out)
{
	const struct yaml_node *kind = yaml_get(document, "kind");
	const struct yaml_node *version = yaml_get(document, "apiVersion");
	const char *known[KINDS];
	size_t count = 0;
	if (yaml_is_null(kind) || yaml_is_null(version) || kind->kind != YAML_SCALAR ||
	    version->kind != YAML_SCALAR) {
		diag_add(diags, DIAG_ERROR, "E201", document->pos,
			 "this document is no resource: it has no %s",
			 yaml_is_null(kind) ? "kind" : "apiVersion");
		return false;
	}
	bool calico = strstr(version->text, "projectcalico.org") != NULL;
	if (calico && !is_calico_group(version->text)) {
		diag_add(diags, DIAG_ERROR, "E202", version->pos, "apiVersion %s is not known",
			 version->text);
		diag_note(diags, "Calico's is " V3);
		return false;
	}
	if (strcmp(kind->text, "BGPFilter") == 0 && calico) {
		diag_add(diags, DIAG_ERROR, "E209", kind->pos,
			 "BGPFilter came with Calico v3.26; this is v3.23.3");
		return false;
	}
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].calico != calico)
			continue;
		known[count++] = kinds[i].name;
		if (strcmp(kinds[i].name, kind->text) == 0) {
			out->kind = kinds[i].kind;
			out->kind_name = kinds[i].name;
			return true;
		}
	}
	if (!calico) {
		out->kind = CALICO_OTHER;
		out->kind_name = kind->text;
		const char *hint = nearest_word(kind->text, known, count);
		for (size_t i = 0; i < KINDS && !hint; i++)
			hint = kinds[i].calico && strcmp(kinds[i].name, kind->text) == 0 ? V3
											 : NULL;
		if (!hint)
			return true;
		diag_add(diags, DIAG_ERROR, "E202", kind->pos,
			 "there is no kind %s in apiVersion %s", kind->text, version->text);
		diag_note(diags, "did you mean %s?", hint);
		return false;
	}
	diag_add(diags, DIAG_ERROR, "E202", kind->pos, "Calico has no kind %s", kind->text);
	const char *near = nearest_word(kind->text, known, count);
	if (near)
		diag_note(diags, "did you mean %s?", near);
	return false;
}

bool calico_resource_identify(struct diag_list *diags, const struct yaml_node *document,
			      struct calico_resource *out)
{
	*out = (struct calico_resource){ .document = document, .namespace = "" };
	if (!yaml_want(diags, document, YAML_MAPPING, "a resource") ||
	    !find_kind(diags, document, out))
		return false;
	const struct yaml_node *metadata = yaml_get(document, "metadata");
	const struct yaml_node *name = yaml_get(metadata, "name");
	const struct yaml_node *space = yaml_get(metadata, "namespace");
	if (yaml_is_null(name) || name->kind != YAML_SCALAR) {
		const struct yaml_node *at = yaml_key(document, "metadata");
		diag_add(diags, DIAG_ERROR, "E201", at ? at->pos : document->pos,
			 "%s has no metadata.name", out->kind_name);
		return false;
	}
	out->name = calico_scalar_text(&diags->arena, name);
	out->pos = name->pos;
	bool spaced = out->kind == CALICO_CONFIG_MAP || out->kind == CALICO_SECRET ||
		      out->kind == CALICO_OTHER;
	if (spaced && !yaml_is_null(space) && space->kind == YAML_SCALAR)
		out->namespace = space->text;
	else if (out->kind == CALICO_CONFIG_MAP || out->kind == CALICO_SECRET)
		out->namespace = "default";
	return true;
}

