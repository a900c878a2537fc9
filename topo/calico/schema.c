/* The fields of every Calico kind, a row each: name, type, since when, and whether it does anything
 * here. calicoctl decodes strictly, so a field that is not listed is an error. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "topo/calico/resource.h"

enum type {
	STRUCT, LIST, MAP, STRING, BOOL, INTEGER, AS, SELECTOR, DURATION, IP4, NET4, NET6, CIDR,
	PEER_IP, COMMUNITY, ENUM, ANY,
};

#define K(kind) (1u << CALICO_##kind)
#define ALL (K(NODE) | K(BGP_CONFIGURATION) | K(BGP_PEER) | K(IP_POOL) | K(BLOCK_AFFINITY) | \
	     K(IPAM_BLOCK))
#define NOW 323 /* the version whose rules these are */

struct row {
	unsigned kinds;
	const char *path;
	enum type type;
	const char *param; /* ENUM: a|b|c; INTEGER: low-high */
	unsigned since;    /* 326: v3.26; 0: always */
	bool ignored;      /* read, and without effect here */
};

static const struct row rows[] = {
	{ ALL, "apiVersion", STRING, NULL, 0, false },
	{ ALL, "kind", STRING, NULL, 0, false },
	{ ALL, "metadata", STRUCT, NULL, 0, false },
	{ ALL, "metadata.name", STRING, NULL, 0, false },
	{ ALL, "metadata.namespace", STRING, NULL, 0, false },
	{ ALL, "metadata.labels", MAP, NULL, 0, false },
	{ ALL, "metadata.annotations", MAP, NULL, 0, false },
	{ ALL, "metadata.uid", ANY, NULL, 0, false },
	{ ALL, "metadata.resourceVersion", ANY, NULL, 0, false },
	{ ALL, "metadata.creationTimestamp", ANY, NULL, 0, false },
	{ ALL, "metadata.deletionTimestamp", ANY, NULL, 0, false },
	{ ALL, "metadata.generation", ANY, NULL, 0, false },
	{ ALL, "metadata.generateName", ANY, NULL, 0, false },
	{ ALL, "metadata.managedFields", ANY, NULL, 0, false },
	{ ALL, "metadata.ownerReferences", ANY, NULL, 0, false },
	{ ALL, "metadata.finalizers", ANY, NULL, 0, false },
	{ ALL, "metadata.selfLink", ANY, NULL, 0, false },
	{ ALL, "spec", STRUCT, NULL, 0, false },
	{ K(NODE), "status", ANY, NULL, 0, false },

	{ K(NODE), "spec.bgp", STRUCT, NULL, 0, false },
	{ K(NODE), "spec.bgp.asNumber", AS, NULL, 0, false },
	{ K(NODE), "spec.bgp.ipv4Address", NET4, NULL, 0, false },
	{ K(NODE), "spec.bgp.ipv6Address", NET6, NULL, 0, false },
	{ K(NODE), "spec.bgp.ipv4IPIPTunnelAddr", IP4, NULL, 0, false },
	{ K(NODE), "spec.bgp.routeReflectorClusterID", IP4, NULL, 0, false },
	{ K(NODE), "spec.ipv4VXLANTunnelAddr", STRING, NULL, 0, true },
	{ K(NODE), "spec.ipv6VXLANTunnelAddr", STRING, NULL, 0, true },
	{ K(NODE), "spec.vxlanTunnelMACAddr", STRING, NULL, 0, true },
	{ K(NODE), "spec.vxlanTunnelMACAddrV6", STRING, NULL, 0, true },
	{ K(NODE), "spec.orchRefs", ANY, NULL, 0, false },
	{ K(NODE), "spec.addresses", ANY, NULL, 0, false },
	{ K(NODE), "spec.wireguard", ANY, NULL, 0, true },

	{ K(BGP_CONFIGURATION), "spec.logSeverityScreen", ENUM,
	  "Trace|Debug|Info|Warning|Error|Fatal|trace|debug|info|warning|error|fatal", 0, false },
	{ K(BGP_CONFIGURATION), "spec.nodeToNodeMeshEnabled", BOOL, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.asNumber", AS, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.listenPort", INTEGER, "1-65535", 0, false },
	{ K(BGP_CONFIGURATION), "spec.bindMode", ENUM, "NodeIP|None", 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceClusterIPs", LIST, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceClusterIPs[]", STRUCT, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceClusterIPs[].cidr", CIDR, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceExternalIPs", LIST, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceExternalIPs[]", STRUCT, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceExternalIPs[].cidr", CIDR, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceLoadBalancerIPs", LIST, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceLoadBalancerIPs[]", STRUCT, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.serviceLoadBalancerIPs[].cidr", CIDR, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.communities", LIST, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.communities[]", STRUCT, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.communities[].name", STRING, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.communities[].value", COMMUNITY, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.prefixAdvertisements", LIST, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.prefixAdvertisements[]", STRUCT, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.prefixAdvertisements[].cidr", CIDR, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.prefixAdvertisements[].communities", LIST, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.prefixAdvertisements[].communities[]", STRING, NULL, 0,
	  false },
	{ K(BGP_CONFIGURATION), "spec.nodeMeshPassword", STRUCT, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.nodeMeshPassword.secretKeyRef", STRUCT, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.nodeMeshPassword.secretKeyRef.name", STRING, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.nodeMeshPassword.secretKeyRef.key", STRING, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.nodeMeshPassword.secretKeyRef.optional", BOOL, NULL, 0,
	  false },
	{ K(BGP_CONFIGURATION), "spec.nodeMeshMaxRestartTime", DURATION, NULL, 0, false },
	{ K(BGP_CONFIGURATION), "spec.ignoredInterfaces", ANY, NULL, 325, false },
	{ K(BGP_CONFIGURATION), "spec.localWorkloadPeeringIPV4", ANY, NULL, 330, false },
	{ K(BGP_CONFIGURATION), "spec.localWorkloadPeeringIPV6", ANY, NULL, 330, false },
	{ K(BGP_CONFIGURATION), "spec.serviceLoadBalancerAggregation", ANY, NULL, 331, false },
	{ K(BGP_CONFIGURATION), "spec.programClusterRoutes", ANY, NULL, 332, false },
	{ K(BGP_CONFIGURATION), "spec.ipv4NormalRoutePriority", ANY, NULL, 332, false },
	{ K(BGP_CONFIGURATION), "spec.ipv6NormalRoutePriority", ANY, NULL, 332, false },

	{ K(BGP_PEER), "spec.node", STRING, NULL, 0, false },
	{ K(BGP_PEER), "spec.nodeSelector", SELECTOR, NULL, 0, false },
	{ K(BGP_PEER), "spec.peerIP", PEER_IP, NULL, 0, false },
	{ K(BGP_PEER), "spec.asNumber", AS, NULL, 0, false },
	{ K(BGP_PEER), "spec.peerSelector", SELECTOR, NULL, 0, false },
	{ K(BGP_PEER), "spec.keepOriginalNextHop", BOOL, NULL, 0, false },
	{ K(BGP_PEER), "spec.sourceAddress", ENUM, "UseNodeIP|None", 0, false },
	{ K(BGP_PEER), "spec.password", STRUCT, NULL, 0, false },
	{ K(BGP_PEER), "spec.password.secretKeyRef", STRUCT, NULL, 0, false },
	{ K(BGP_PEER), "spec.password.secretKeyRef.name", STRING, NULL, 0, false },
	{ K(BGP_PEER), "spec.password.secretKeyRef.key", STRING, NULL, 0, false },
	{ K(BGP_PEER), "spec.password.secretKeyRef.optional", BOOL, NULL, 0, false },
	{ K(BGP_PEER), "spec.maxRestartTime", DURATION, NULL, 0, false },
	{ K(BGP_PEER), "spec.numAllowedLocalASNumbers", INTEGER, "0-255", 0, false },
	{ K(BGP_PEER), "spec.ttlSecurity", ANY, NULL, 325, false },
	{ K(BGP_PEER), "spec.reachableBy", ANY, NULL, 325, false },
	{ K(BGP_PEER), "spec.filters", ANY, NULL, 326, false },
	{ K(BGP_PEER), "spec.localWorkloadSelector", ANY, NULL, 330, false },
	{ K(BGP_PEER), "spec.nextHopMode", ANY, NULL, 330, false },
	{ K(BGP_PEER), "spec.reversePeering", ANY, NULL, 330, false },
	{ K(BGP_PEER), "spec.localASNumber", ANY, NULL, 331, false },
	{ K(BGP_PEER), "spec.keepaliveTime", ANY, NULL, 332, false },

	{ K(IP_POOL), "spec.cidr", CIDR, NULL, 0, false },
	{ K(IP_POOL), "spec.vxlanMode", ENUM, "Never|Always|CrossSubnet", 0, false },
	{ K(IP_POOL), "spec.ipipMode", ENUM, "Never|Always|CrossSubnet", 0, false },
	{ K(IP_POOL), "spec.natOutgoing", BOOL, NULL, 0, false },
	{ K(IP_POOL), "spec.disabled", BOOL, NULL, 0, false },
	{ K(IP_POOL), "spec.disableBGPExport", BOOL, NULL, 0, false },
	{ K(IP_POOL), "spec.blockSize", INTEGER, "0-128", 0, false },
	{ K(IP_POOL), "spec.nodeSelector", SELECTOR, NULL, 0, false },
	{ K(IP_POOL), "spec.allowedUses", LIST, NULL, 0, false },
	{ K(IP_POOL), "spec.allowedUses[]", ENUM, "Workload|Tunnel", 0, false },
	{ K(IP_POOL), "spec.assignmentMode", ANY, NULL, 329, false },
	{ K(IP_POOL), "spec.namespaceSelector", ANY, NULL, 331, false },

	{ K(BLOCK_AFFINITY) | K(IPAM_BLOCK), "spec.cidr", CIDR, NULL, 0, false },
	{ K(BLOCK_AFFINITY) | K(IPAM_BLOCK), "spec.deleted", ANY, NULL, 0, false },
	{ K(BLOCK_AFFINITY), "spec.state", ENUM, "|pending|confirmed|pendingDeletion", 0, false },
	{ K(BLOCK_AFFINITY), "spec.node", STRING, NULL, 0, false },
	{ K(BLOCK_AFFINITY), "spec.type", ANY, NULL, 330, false },
	{ K(IPAM_BLOCK), "spec.affinity", STRING, NULL, 0, false },
	{ K(IPAM_BLOCK), "spec.allocations", ANY, NULL, 0, false },
	{ K(IPAM_BLOCK), "spec.unallocated", ANY, NULL, 0, false },
	{ K(IPAM_BLOCK), "spec.attributes", ANY, NULL, 0, false },
	{ K(IPAM_BLOCK), "spec.strictAffinity", ANY, NULL, 0, false },
	{ K(IPAM_BLOCK), "spec.sequenceNumber", ANY, NULL, 0, false },
	{ K(IPAM_BLOCK), "spec.sequenceNumberForAllocation", ANY, NULL, 0, false },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct check {
	struct diag_list *diags;
	unsigned kind;
	const char *kind_name;
};

static void wrong(const struct check *c, const struct yaml_node *node, const char *field,
		  const char *wanted)
{
	diag_add(c->diags, DIAG_ERROR, "E204", node->pos, "%s: %s is wanted here, not `%s`", field,
		 wanted, node->kind == YAML_SCALAR ? node->text : yaml_kind_name(node->kind));
}

static void check_map(const struct check *c, const struct yaml_node *node, const char *field)
{
	bool truth;
	int64_t integer;
	if (node->kind != YAML_MAPPING) {
		wrong(c, node, field, "a mapping");
		return;
	}
	for (uint32_t i = 0; i < node->count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		const char *key = node->pairs[i].key->text;
		if (value->kind != YAML_SCALAR) {
			wrong(c, value, key, "text");
			continue;
		}
		const char *text = calico_scalar_text(&c->diags->arena, value);
		if (calico_scalar_of(value, &truth, &integer) != CALICO_NULL &&
		    strcmp(text, value->text) != 0) {
			diag_add(c->diags, DIAG_WARNING, "W224", value->pos,
				 "%s: without quotes this is the text '%s', not '%s'", key, text,
				 value->text);
			diag_note(c->diags, "write '%s' in quotes if you mean it so", value->text);
		}
	}
}

static void check_selector(const struct check *c, const struct yaml_node *node, const char *field)
{
	struct selector selector;
	struct selector_error error = { 0 };
	const char *text = calico_scalar_text(&c->diags->arena, node);
	if (selector_parse(&c->diags->arena, text, strlen(text), &selector, &error))
		return;
	struct source_pos pos = node->pos;
	if (node->style == YAML_LITERAL || node->style == YAML_FOLDED) {
		diag_add(c->diags, DIAG_ERROR, "E205", pos,
			 "%s: a selector ends before the line does", field);
		diag_note(c->diags,
			  "a block (| or >) adds a line break, which no selector may have; "
			  "write it on one line, in double quotes if need be");
		return;
	}
	bool quoted = node->style != YAML_PLAIN;
	if (pos.column && error.offset < node->length) {
		pos.column += (uint32_t)(error.offset + quoted);
		pos.length = error.length ? (uint32_t)error.length : 1;
	}
	diag_add(c->diags, DIAG_ERROR, "E205", pos, "%s: %s", field, error.text);
	if (strstr(error.text, "quoted string"))
		diag_note(c->diags,
			  "inside a selector, too, text stands in quotes: label == 'true'");
}

/* `nodeSelector: !has(x)`: YAML reads a tag and nothing else, so nothing is selected by. */
static void check_tag(const struct check *c, const struct yaml_node *node, enum type type,
		      const char *field)
{
	if (!node->tag || node->tag[0] != '!' || node->tag[1] == '\0')
		return;
	if (type == SELECTOR && yaml_is_null(node)) {
		diag_add(c->diags, DIAG_WARNING, "W223", node->pos,
			 "%s is empty: without quotes, %s is a YAML tag", field, node->tag);
		diag_note(c->diags, "as it stands, every node is selected; write \"%s\"",
			  node->tag);
	} else {
		diag_add(c->diags, DIAG_WARNING, "W223", node->pos,
			 "%s: %s is a YAML tag, and ignored", field, node->tag);
	}
}

static bool in_choices(const char *choices, const char *text)
{
	size_t length = strlen(text);
	for (const char *p = choices;;) {
		const char *bar = strchr(p, '|');
		size_t part = bar ? (size_t)(bar - p) : strlen(p);
		if (part == length && memcmp(p, text, length) == 0)
			return true;
		if (!bar)
			return false;
		p = bar + 1;
	}
}

static void check_network(const struct check *c, const struct yaml_node *node, enum type type,
			  const char *field, const char *text)
{
	struct ip_prefix prefix = { 0 };
	char right[IP_TEXT_MAX];
	bool strict = type == CIDR;
	if (!ip_prefix_parse(text, strlen(text), !strict, &prefix) ||
	    (type == NET4 && prefix.addr.family != IP_V4) ||
	    (type == NET6 && prefix.addr.family != IP_V6)) {
		wrong(c, node, field, type == NET4 ? "an IPv4 address such as 10.0.0.1/24"
				      : type == NET6 ? "an IPv6 address such as 2001:db8::1/64"
						     : "a prefix such as 10.0.0.0/16");
	} else if (strict && !ip_prefix_is_network(prefix)) {
		diag_add(c->diags, DIAG_ERROR, "E204", node->pos,
			 "%s: %s is not a network: host bits are set", field, text);
		diag_note(c->diags, "did you mean %s?",
			  ip_prefix_format(ip_prefix_masked(prefix), right));
	}
}

static void check_number(const struct check *c, const struct yaml_node *node,
			 const struct row *row, const char *field)
{
	bool truth;
	int64_t value = 0;
	uint32_t as;
	enum calico_scalar scalar = calico_scalar_of(node, &truth, &value);
	if (row->type == AS) {
		if (scalar == CALICO_FLOAT)
			wrong(c, node, field,
			      "an AS number (hi.lo in quotes, or it is a fraction)");
		else if (scalar == CALICO_INTEGER ? value < 0 || value > UINT32_MAX
						  : !calico_as_parse(node->text, &as))
			wrong(c, node, field, "an AS number, 0 .. 4294967295");
		return;
	}
	int64_t low = strtoll(row->param, NULL, 10);
	int64_t high = strtoll(strchr(row->param, '-') + 1, NULL, 10);
	if (scalar != CALICO_INTEGER || value < low || value > high)
		wrong(c, node, field,
		      arena_printf(&c->diags->arena, "a number, %lld .. %lld,", (long long)low,
				   (long long)high));
}

static void check_text(const struct check *c, const struct yaml_node *node, const struct row *row,
		       const char *field)
{
	struct ip_addr addr = { 0 };
	uint16_t port;
	int64_t ns, integer = 0;
	uint32_t value;
	bool large, truth;
	const char *text = calico_scalar_text(&c->diags->arena, node);
	bool string = calico_scalar_of(node, &truth, &integer) == CALICO_STRING;
	switch (row->type) {
	case BOOL:
		if (calico_scalar_of(node, &truth, &integer) != CALICO_BOOL)
			wrong(c, node, field, node->style == YAML_PLAIN ? "true or false"
						: "true or false, without quotes,");
		break;
	case IP4:
		if (!ip_addr_parse(text, strlen(text), &addr) || addr.family != IP_V4)
			wrong(c, node, field, "an IPv4 address");
		break;
	case PEER_IP:
		if (!calico_peer_ip(text, &addr, &port))
			wrong(c, node, field, "an address, IPv4:port or \"[IPv6]:port\"");
		break;
	case DURATION:
		if (!string || !calico_go_duration(text, &ns))
			wrong(c, node, field, "a duration such as 120s");
		break;
	case COMMUNITY:
		if (!calico_community(text, &value, &large))
			wrong(c, node, field, "a community aa:nn or aa:nn:mm");
		break;
	case ENUM:
		if (!in_choices(row->param, text))
			wrong(c, node, field,
			      arena_printf(&c->diags->arena, "one of %s", row->param));
		break;
	default: break;
	}
}

static void check_scalar(const struct check *c, const struct yaml_node *node,
			 const struct row *row, const char *field)
{
	check_tag(c, node, row->type, field);
	if (yaml_is_null(node))
		return;
	if (node->kind != YAML_SCALAR) {
		wrong(c, node, field, "a single value");
		return;
	}
	switch (row->type) {
	case SELECTOR: check_selector(c, node, field); break;
	case AS:
	case INTEGER: check_number(c, node, row, field); break;
	case NET4:
	case NET6:
	case CIDR:
		check_network(c, node, row->type, field,
			      calico_scalar_text(&c->diags->arena, node));
		break;
	default: check_text(c, node, row, field);
	}
}

static const struct row *find_row(const struct check *c, const char *path)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].kinds & c->kind) && strcmp(rows[i].path, path) == 0)
			return &rows[i];
	return NULL;
}

static void unknown_field(const struct check *c, const struct yaml_node *key, const char *parent)
{
	const char *known[ROWS];
	size_t count = 0, length = strlen(parent);
	const char *elsewhere = NULL;
	for (size_t i = 0; i < ROWS; i++) {
		const char *last = strrchr(rows[i].path, '.');
		const char *name = last ? last + 1 : rows[i].path;
		if (!(rows[i].kinds & c->kind) || strchr(name, '['))
			continue;
		size_t above = last ? (size_t)(last - rows[i].path) : 0;
		if (above == length && memcmp(rows[i].path, parent, length) == 0)
			known[count++] = name;
		else if (strcmp(name, key->text) == 0 && !elsewhere)
			elsewhere = rows[i].path;
	}
	diag_add(c->diags, DIAG_ERROR, "E203", key->pos, "%s has no field `%s`%s%s", c->kind_name,
		 key->text, length ? " under " : "", parent);
	const char *near = nearest_word(key->text, known, count);
	if (elsewhere)
		diag_note(c->diags, "it belongs at %s", elsewhere);
	else if (near)
		diag_note(c->diags, "did you mean %s?", near);
}

static void check_node(const struct check *c, const struct yaml_node *node, const struct row *row,
		       const char *path);

static void check_fields(const struct check *c, const struct yaml_node *node, const char *path)
{
	struct arena *arena = &c->diags->arena;
	for (uint32_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const char *below =
			*path ? arena_printf(arena, "%s.%s", path, key->text) : key->text;
		const struct row *row = find_row(c, below);
		if (!row)
			unknown_field(c, key, path);
		else if (row->since > NOW)
			diag_add(c->diags, DIAG_ERROR, "E209", key->pos,
				 "%s came with Calico v%u.%u; this is v3.23.3", key->text,
				 row->since / 100, row->since % 100);
		else
			check_node(c, node->pairs[i].value, row, below);
		if (row && row->ignored)
			diag_add(c->diags, DIAG_WARNING, "W222", key->pos,
				 "%s is read, but has no effect here", key->text);
	}
}

/* Recursion ends with the paths of the table, five deep at most. */
static void check_node(const struct check *c, const struct yaml_node *node, const struct row *row,
		       const char *path)
{
	const char *dot = strrchr(path, '.');
	const char *field = dot ? dot + 1 : path;
	if (row->type == ANY)
		return;
	if (row->type != STRUCT && row->type != LIST && row->type != MAP) {
		check_scalar(c, node, row, field);
		return;
	}
	if (yaml_is_null(node))
		return;
	if (row->type == MAP) {
		check_map(c, node, field);
	} else if (row->type == STRUCT) {
		if (node->kind == YAML_MAPPING)
			check_fields(c, node, path);
		else
			wrong(c, node, field, "a mapping");
	} else if (node->kind != YAML_SEQUENCE) {
		wrong(c, node, field, "a list");
	} else {
		const char *below = arena_printf(&c->diags->arena, "%s[]", path);
		const struct row *item = find_row(c, below);
		ASSERT(item);
		for (uint32_t i = 0; i < node->count; i++)
			check_node(c, node->items[i], item, below);
	}
}

void calico_schema_check(struct diag_list *diags, enum calico_kind kind, const char *kind_name,
			 const struct yaml_node *document)
{
	struct check check = { diags, 1u << kind, kind_name };
	if (ALL & check.kind)
		check_fields(&check, document, "");
}
