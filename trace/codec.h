/* The fields of each kind of observation, as data: one table drives writing and reading of the
 * canonical JSON, so the two cannot disagree. Private to the trace room and its tests. */
#ifndef TRACE_CODEC_H
#define TRACE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "trace/observation.h"

enum field_type {
	FIELD_BOOL,
	FIELD_U8,
	FIELD_U32,
	FIELD_INDEX,       /* uint32_t; null for UINT32_MAX */
	FIELD_I64,
	FIELD_STRING,      /* NULL is written as "" */
	FIELD_ADDR,        /* null for no address */
	FIELD_PREFIX,      /* null for no address */
	FIELD_MAC,
	FIELD_ENUM,        /* by its name */
	FIELD_OPTIONAL,    /* uint32_t with a bool beside it; null unless set */
	FIELD_OPTIONAL_ID, /* the same, written as a dotted quad */
	FIELD_OBJECT,      /* an embedded struct */
	FIELD_LIST,        /* pointer to structs with a uint32_t count beside it */
	FIELD_TYPES,
};

struct field {
	const char *key; /* quoted, with its colon: "\"prefix\":" */
	uint16_t key_length;
	uint8_t type;          /* enum field_type */
	uint8_t name_count;    /* ENUM */
	uint16_t offset;       /* in struct observation, or in the struct it is nested in */
	uint16_t beside;       /* OPTIONAL: offset of the bool; LIST: of the count */
	uint16_t field_count;  /* OBJECT, LIST */
	uint16_t size;         /* OBJECT, LIST: of the struct */
	const struct field *fields;
	const char *const *names;
};

struct field_table {
	const struct field *fields;
	uint32_t count;
	uint16_t start, size; /* where the kind's member stands in struct observation */
};
extern const struct field_table observation_fields[OBSERVE_KINDS];

extern const char *const observation_kind_names[OBSERVE_KINDS];
extern const char *const disposition_names[DISPOSITIONS];
#define ROUTE_SOURCES 6
extern const char *const route_source_names[ROUTE_SOURCES];

#endif
