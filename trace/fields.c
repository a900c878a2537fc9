/* One row per field, in the order it is written. A new field is a new row, and nothing else. */
#include "trace/codec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KEY(name) .key = "\"" name "\":", .key_length = sizeof("\"" name "\":") - 1

/* F(struct, member path, "name", TYPE) and its relatives with something beside the value. */
#define F(of, member, name, what) { KEY(name), .type = what, .offset = offsetof(of, member) }
#define ENUM(of, member, name, table)                                                              \
	{ KEY(name), .type = FIELD_ENUM, .offset = offsetof(of, member),                           \
	  .names = table, .name_count = COUNT(table) }
#define OPTIONAL(of, member, flag, name, what)                                                     \
	{ KEY(name), .type = what, .offset = offsetof(of, member), .beside = offsetof(of, flag) }
#define OBJECT(of, member, name, table, item)                                                      \
	{ KEY(name), .type = FIELD_OBJECT, .offset = offsetof(of, member), .fields = table,        \
	  .field_count = COUNT(table), .size = sizeof(item) }
#define LIST(of, member, counter, name, table, item)                                               \
	{ KEY(name), .type = FIELD_LIST, .offset = offsetof(of, member),                           \
	  .beside = offsetof(of, counter), .fields = table, .field_count = COUNT(table),           \
	  .size = sizeof(item) }

#define NEXT_HOP struct observed_next_hop
static const struct field next_hop_fields[] = {
	F(NEXT_HOP, via, "via", FIELD_ADDR),
	F(NEXT_HOP, interface, "interface", FIELD_STRING),
};

#define HOP struct observed_hop
static const struct field hop_fields[] = {
	F(HOP, node, "node", FIELD_INDEX),
	F(HOP, has_route, "has_route", FIELD_BOOL),
	F(HOP, prefix, "prefix", FIELD_PREFIX),
	ENUM(HOP, source, "source", route_source_names),
	OBJECT(HOP, next_hop, "next_hop", next_hop_fields, NEXT_HOP),
	F(HOP, next_hop_count, "next_hop_count", FIELD_U32),
	F(HOP, neighbor_state, "neighbor_state", FIELD_STRING),
};

#define ATTRS struct observed_attrs
static const struct field attrs_fields[] = {
	F(ATTRS, id, "id", FIELD_U32),
	F(ATTRS, origin, "origin", FIELD_U8),
	F(ATTRS, as_path, "as_path", FIELD_STRING),
	F(ATTRS, next_hop, "next_hop", FIELD_ADDR),
	OPTIONAL(ATTRS, med, has_med, "med", FIELD_OPTIONAL),
	OPTIONAL(ATTRS, local_pref, has_local_pref, "local_pref", FIELD_OPTIONAL),
	OPTIONAL(ATTRS, originator_id, has_originator, "originator_id", FIELD_OPTIONAL_ID),
	F(ATTRS, cluster_list, "cluster_list", FIELD_STRING),
	F(ATTRS, communities, "communities", FIELD_STRING),
};

#define OBS struct observation
static const struct field step_fields[] = {
	F(OBS, step.index, "index", FIELD_INDEX),
	F(OBS, step.name, "name", FIELD_STRING),
	F(OBS, step.text, "text", FIELD_STRING),
	F(OBS, step.undone, "undone", FIELD_BOOL),
};
static const struct field node_fields[] = {
	F(OBS, node_state.up, "up", FIELD_BOOL),
};
static const struct field process_fields[] = {
	F(OBS, process.name, "name", FIELD_STRING),
	F(OBS, process.state, "state", FIELD_STRING),
};
static const struct field link_fields[] = {
	F(OBS, link.link, "link", FIELD_INDEX),
	F(OBS, link.end, "end", FIELD_INDEX),
	F(OBS, link.up, "up", FIELD_BOOL),
	F(OBS, link.text, "text", FIELD_STRING),
};
static const struct field session_fields[] = {
	F(OBS, session.neighbor, "neighbor", FIELD_STRING),
	F(OBS, session.peer, "peer", FIELD_ADDR),
	F(OBS, session.local, "local", FIELD_ADDR),
	F(OBS, session.old_state, "old_state", FIELD_STRING),
	F(OBS, session.new_state, "new_state", FIELD_STRING),
	F(OBS, session.reason, "reason", FIELD_STRING),
	F(OBS, session.error_code, "error_code", FIELD_U8),
	F(OBS, session.error_subcode, "error_subcode", FIELD_U8),
	F(OBS, session.error_sent, "error_sent", FIELD_BOOL),
	F(OBS, session.error, "error", FIELD_STRING),
	F(OBS, session.last_error, "last_error", FIELD_STRING),
	F(OBS, session.graceful, "graceful", FIELD_BOOL),
	F(OBS, session.waiting, "waiting", FIELD_BOOL),
	F(OBS, session.hold_s, "hold_s", FIELD_U32),
	F(OBS, session.keepalive_s, "keepalive_s", FIELD_U32),
};
static const struct field message_fields[] = {
	F(OBS, message.neighbor, "neighbor", FIELD_STRING),
	F(OBS, message.sent, "sent", FIELD_BOOL),
	F(OBS, message.type, "type", FIELD_U32),
	F(OBS, message.length, "length", FIELD_U32),
	F(OBS, message.announced, "announced", FIELD_U32),
	F(OBS, message.withdrawn, "withdrawn", FIELD_U32),
};
static const struct field path_fields[] = {
	F(OBS, path.neighbor, "neighbor", FIELD_STRING),
	F(OBS, path.prefix, "prefix", FIELD_PREFIX),
	F(OBS, path.path_id, "path_id", FIELD_U32),
	F(OBS, path.gone, "gone", FIELD_BOOL),
	F(OBS, path.stale, "stale", FIELD_BOOL),
	OBJECT(OBS, path.attrs, "attrs", attrs_fields, ATTRS),
	F(OBS, path.rule, "rule", FIELD_STRING),
	F(OBS, path.multipath, "multipath", FIELD_U32),
};
static const struct field fib_fields[] = {
	F(OBS, fib.prefix, "prefix", FIELD_PREFIX),
	F(OBS, fib.removed, "removed", FIELD_BOOL),
	ENUM(OBS, fib.source, "source", route_source_names),
	F(OBS, fib.metric, "metric", FIELD_U32),
	LIST(OBS, fib.next_hops, fib.next_hop_count, "next_hops", next_hop_fields, NEXT_HOP),
};
static const struct field neighbor_fields[] = {
	F(OBS, neighbor.interface, "interface", FIELD_STRING),
	F(OBS, neighbor.address, "address", FIELD_ADDR),
	F(OBS, neighbor.state, "state", FIELD_STRING),
	F(OBS, neighbor.mac, "mac", FIELD_MAC),
};
static const struct field flow_fields[] = {
	F(OBS, flow.flow, "flow", FIELD_INDEX),
	F(OBS, flow.back, "back", FIELD_BOOL),
	ENUM(OBS, flow.disposition, "disposition", disposition_names),
	F(OBS, flow.source, "source", FIELD_ADDR),
	LIST(OBS, flow.hops, flow.hop_count, "hops", hop_fields, HOP),
	F(OBS, flow.detail, "detail", FIELD_STRING),
};
static const struct field probe_fields[] = {
	F(OBS, probe.flow, "flow", FIELD_INDEX),
	F(OBS, probe.number, "number", FIELD_U32),
	F(OBS, probe.answered, "answered", FIELD_BOOL),
	F(OBS, probe.sent_ns, "sent_ns", FIELD_I64),
	F(OBS, probe.round_trip_ns, "round_trip_ns", FIELD_I64),
	F(OBS, probe.answer, "answer", FIELD_STRING),
};
static const struct field note_fields[] = {
	F(OBS, note.text, "text", FIELD_STRING),
};

#define TABLE(fields, member)                                                                      \
	{ fields, COUNT(fields), offsetof(OBS, member), sizeof(((OBS *)0)->member) }
const struct field_table observation_fields[OBSERVE_KINDS] = {
	[OBSERVE_STEP] = TABLE(step_fields, step),
	[OBSERVE_NODE] = TABLE(node_fields, node_state),
	[OBSERVE_PROCESS] = TABLE(process_fields, process),
	[OBSERVE_LINK] = TABLE(link_fields, link),
	[OBSERVE_SESSION] = TABLE(session_fields, session),
	[OBSERVE_MESSAGE] = TABLE(message_fields, message),
	[OBSERVE_PATH] = TABLE(path_fields, path),
	[OBSERVE_BEST] = TABLE(path_fields, path),
	[OBSERVE_FIB] = TABLE(fib_fields, fib),
	[OBSERVE_NEIGHBOR] = TABLE(neighbor_fields, neighbor),
	[OBSERVE_FLOW] = TABLE(flow_fields, flow),
	[OBSERVE_PROBE] = TABLE(probe_fields, probe),
	[OBSERVE_NOTE] = TABLE(note_fields, note),
};
