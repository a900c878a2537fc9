#include "trace/schema.h"

#define AT "o.at_ns, o.at_ns / 1e9 AS at_s"
#define FIELD(name) "json_extract(o.data, '$." name "')"
#define NODE_NAME " LEFT JOIN name n ON n.kind = 'node' AND n.number = o.node"

const char rundb_schema[] =
	"CREATE TABLE observation(sequence INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL,"
	" kind TEXT NOT NULL, node INTEGER, data TEXT NOT NULL) STRICT;"
	"CREATE TABLE fact(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE name(kind TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,"
	" PRIMARY KEY(kind, number)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE source(number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE,"
	" text BLOB NOT NULL) STRICT;"
	"CREATE TABLE verdict(number INTEGER PRIMARY KEY, name TEXT NOT NULL, result TEXT NOT NULL,"
	" measured TEXT NOT NULL, \"limit\" TEXT NOT NULL, why TEXT NOT NULL, file TEXT NOT NULL,"
	" line INTEGER NOT NULL, first_failing_ns INTEGER) STRICT;"

	"CREATE VIEW v_steps AS SELECT o.sequence, " AT ", " FIELD("index") " AS step, "
	FIELD("name") " AS name, " FIELD("text") " AS text, " FIELD("undone") " AS undone"
	" FROM observation o WHERE o.kind = 'step';"

	"CREATE VIEW v_sessions AS SELECT o.sequence, " AT ", n.name AS node, "
	FIELD("neighbor") " AS neighbor, " FIELD("peer") " AS peer, "
	FIELD("old_state") " AS old_state, " FIELD("new_state") " AS new_state, "
	FIELD("reason") " AS reason, " FIELD("error") " AS error, "
	FIELD("hold_s") " AS hold_s, " FIELD("keepalive_s") " AS keepalive_s, "
	FIELD("graceful") " AS graceful"
	" FROM observation o" NODE_NAME " WHERE o.kind = 'session';"

	"CREATE VIEW v_routes AS SELECT o.sequence, " AT ", n.name AS node, "
	FIELD("prefix") " AS prefix, " FIELD("removed") " AS removed, "
	FIELD("source") " AS source, " FIELD("metric") " AS metric,"
	" (SELECT group_concat(coalesce('via ' || json_extract(h.value, '$.via') || ' ', '')"
	" || 'dev ' || json_extract(h.value, '$.interface'), ', ')"
	" FROM json_each(o.data, '$.next_hops') h) AS next_hops"
	" FROM observation o" NODE_NAME " WHERE o.kind = 'fib';"

	"CREATE VIEW v_paths AS SELECT o.sequence, " AT ", o.kind, n.name AS node, "
	FIELD("neighbor") " AS neighbor, " FIELD("prefix") " AS prefix, "
	FIELD("path_id") " AS path_id, " FIELD("gone") " AS gone, " FIELD("stale") " AS stale, "
	FIELD("attrs.next_hop") " AS next_hop, " FIELD("attrs.as_path") " AS as_path, "
	FIELD("attrs.local_pref") " AS local_pref, " FIELD("attrs.med") " AS med, "
	FIELD("attrs.originator_id") " AS originator_id, "
	FIELD("attrs.cluster_list") " AS cluster_list, "
	FIELD("attrs.communities") " AS communities, " FIELD("rule") " AS rule"
	" FROM observation o" NODE_NAME " WHERE o.kind IN ('path', 'best');"

	/* A span lasts until the next observation of the same flow and way, or the run's end. Those
	 * overtaken within their own instant never held, so they are left out. */
	"CREATE VIEW v_flows AS WITH span AS (SELECT o.sequence, o.at_ns AS from_ns,"
	" coalesce(lead(o.at_ns) OVER way, (SELECT CAST(value AS INTEGER) FROM fact"
	" WHERE key = 'end_ns')) AS until_ns, lead(o.at_ns) OVER way IS NULL AS last,"
	" o.data FROM observation o WHERE o.kind = 'flow'"
	" WINDOW way AS (PARTITION BY " FIELD("flow") ", " FIELD("back") " ORDER BY o.sequence))"
	" SELECT o.sequence, o.from_ns, o.until_ns, n.name AS flow,"
	" iif(" FIELD("back") ", 'back', 'there') AS way, "
	FIELD("disposition") " AS disposition, "
	FIELD("disposition") " IN ('ACCEPTED', 'DELIVERED_TO_SUBNET', 'EXITS_NETWORK') AS success, "
	FIELD("source") " AS source, " FIELD("detail") " AS detail,"
	" (SELECT group_concat(coalesce(m.name, '?'), ' > ') FROM json_each(o.data, '$.hops') h"
	" LEFT JOIN name m ON m.kind = 'node' AND m.number = json_extract(h.value, '$.node'))"
	" AS hops FROM span o LEFT JOIN name n ON n.kind = 'flow' AND n.number = " FIELD("flow")
	" WHERE o.last OR o.until_ns > o.from_ns;"

	"CREATE VIEW v_neighbors AS SELECT o.sequence, " AT ", n.name AS node, "
	FIELD("interface") " AS interface, " FIELD("address") " AS address, "
	FIELD("state") " AS state, " FIELD("mac") " AS mac"
	" FROM observation o" NODE_NAME " WHERE o.kind = 'neighbor';"

	"CREATE VIEW v_probes AS SELECT o.sequence, " AT ", f.name AS flow, "
	FIELD("number") " AS number, " FIELD("answered") " AS answered, "
	FIELD("sent_ns") " AS sent_ns, " FIELD("round_trip_ns") " AS round_trip_ns, "
	FIELD("answer") " AS answer"
	" FROM observation o LEFT JOIN name f ON f.kind = 'flow' AND f.number = " FIELD("flow")
	" WHERE o.kind = 'probe';"

	"CREATE VIEW v_messages_per_second AS SELECT o.at_ns / 1000000000 AS second,"
	" n.name AS node, CASE " FIELD("type") " WHEN 1 THEN 'OPEN' WHEN 2 THEN 'UPDATE'"
	" WHEN 3 THEN 'NOTIFICATION' WHEN 4 THEN 'KEEPALIVE' WHEN 5 THEN 'ROUTE-REFRESH'"
	" ELSE 'type ' || " FIELD("type") " END AS type,"
	" iif(" FIELD("sent") ", 'sent', 'received') AS direction, count(*) AS messages,"
	" sum(" FIELD("length") ") AS bytes, sum(" FIELD("announced") ") AS announced,"
	" sum(" FIELD("withdrawn") ") AS withdrawn"
	" FROM observation o" NODE_NAME " WHERE o.kind = 'message' GROUP BY 1, 2, 3, 4;"

	"CREATE VIEW v_verdicts AS SELECT number, name, result, measured, \"limit\", why, file,"
	" line, first_failing_ns FROM verdict ORDER BY number;";

const char rundb_indexes[] =
	"CREATE INDEX observation_kind ON observation(kind, node, at_ns); ANALYZE;";
