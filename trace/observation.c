#include "trace/observation.h"

#include "base/assert.h"
#include "trace/codec.h"

const char *const observation_kind_names[OBSERVE_KINDS] = {
	[OBSERVE_STEP] = "step",
	[OBSERVE_NODE] = "node",
	[OBSERVE_PROCESS] = "process",
	[OBSERVE_LINK] = "link",
	[OBSERVE_SESSION] = "session",
	[OBSERVE_MESSAGE] = "message",
	[OBSERVE_PATH] = "path",
	[OBSERVE_BEST] = "best",
	[OBSERVE_FIB] = "fib",
	[OBSERVE_NEIGHBOR] = "neighbor",
	[OBSERVE_FLOW] = "flow",
	[OBSERVE_PROBE] = "probe",
	[OBSERVE_NOTE] = "note",
};

const char *const disposition_names[DISPOSITIONS] = {
	[DISPOSITION_ACCEPTED] = "ACCEPTED",
	[DISPOSITION_DELIVERED_TO_SUBNET] = "DELIVERED_TO_SUBNET",
	[DISPOSITION_EXITS_NETWORK] = "EXITS_NETWORK",
	[DISPOSITION_DENIED_IN] = "DENIED_IN",
	[DISPOSITION_DENIED_OUT] = "DENIED_OUT",
	[DISPOSITION_LOOP] = "LOOP",
	[DISPOSITION_NEIGHBOR_UNREACHABLE] = "NEIGHBOR_UNREACHABLE",
	[DISPOSITION_NO_ROUTE] = "NO_ROUTE",
	[DISPOSITION_NULL_ROUTED] = "NULL_ROUTED",
	[DISPOSITION_INSUFFICIENT_INFO] = "INSUFFICIENT_INFO",
	[DISPOSITION_NODE_DOWN] = "NODE_DOWN",
	[DISPOSITION_LINK_DOWN] = "LINK_DOWN",
	[DISPOSITION_TTL_EXPIRED] = "TTL_EXPIRED",
	[DISPOSITION_NOT_FORWARDING] = "NOT_FORWARDING",
	[DISPOSITION_RP_FILTERED] = "RP_FILTERED",
};

const char *const route_source_names[ROUTE_SOURCES] = {
	[ROUTE_CONNECTED] = "connected",
	[ROUTE_STATIC] = "static",
	[ROUTE_POD] = "pod",
	[ROUTE_BLACKHOLE_BLOCK] = "blackhole",
	[ROUTE_BGP] = "bgp",
	[ROUTE_LOCAL] = "local",
};

const char *observation_kind_name(enum observation_kind kind)
{
	ASSERT(kind < OBSERVE_KINDS);
	return observation_kind_names[kind];
}

const char *disposition_name(enum disposition disposition)
{
	ASSERT(disposition < DISPOSITIONS);
	return disposition_names[disposition];
}

bool disposition_success(enum disposition disposition)
{
	return disposition < DISPOSITION_DENIED_IN;
}

const char *route_source_name(enum route_source source)
{
	ASSERT((unsigned)source < ROUTE_SOURCES);
	return route_source_names[source];
}
