/* Captures: run.pcapng with everything (interface and node names, comments, fault markers), and one
 * classic pcap a link by libpcap. Frames stand in them once, where they were sent. The same run gives
 * the same bytes: the clock of a capture starts at 2024-01-01 00:00:00 UTC. */
#ifndef REPORTS_CAPTURE_H
#define REPORTS_CAPTURE_H

#include <stdint.h>

#include "topo/model.h"
#include "trace/trace.h"

struct capture;

enum capture_what {
	CAPTURE_NONE,
	CAPTURE_ALL,
	CAPTURE_LINK, /* one link only, see `link` */
};

struct capture_options {
	const char *folder;  /* run.pcapng and pcap/ go in here; it exists */
	enum capture_what what;
	const char *link;    /* CAPTURE_LINK */
	const char *version;
	uint64_t seed;
};

/* NULL and *error (static or errno text) on trouble. */
struct capture *capture_new(const struct model *model, const struct capture_options *options,
			    const char **error);
struct frame_sink *capture_frames(struct capture *capture);
struct trace_sink *capture_trace(struct capture *capture); /* for the fault markers */
uint64_t capture_count(const struct capture *capture);     /* frames written */
/* Writes out and closes everything. NULL, or what went wrong (a full disk, say). */
const char *capture_close(struct capture *capture);

#endif
