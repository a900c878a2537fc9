/* What gnuplot is told to draw: the data and the script of each picture. */
#ifndef REPORTS_PICTURES_H
#define REPORTS_PICTURES_H

#include "base/text.h"
#include "reports/run.h"

#define SESSION_STATES 7 /* Idle ... Established, and: the machine has no power */
#define SESSION_NO_POWER 6
#define MESSAGE_TYPES 5

struct session_span {
	uint32_t session;
	int64_t from_ns;
	uint8_t state;
};

struct session_name {
	uint32_t node;
	const char *neighbor; /* its name within the node */
	const char *label;    /* for the picture: "k8s-1: tor" */
};

/* What was gathered while the run went on. */
struct gathered {
	struct session_name *sessions;
	size_t session_count, session_capacity;
	size_t sessions_left_out;
	struct session_span *spans; /* in order of time */
	size_t span_count, span_capacity;
	uint32_t (*seconds)[MESSAGE_TYPES]; /* messages sent, by second and type */
	size_t second_count;
};

struct picture {
	struct text data, script;
};

struct picture_row {
	const char *name; /* of its files */
	void (*draw)(const struct gathered *gathered, const struct run *run,
		     struct picture *picture);
};
/* NULL ends the walk. */
const struct picture_row *picture_at(size_t index);

#endif
