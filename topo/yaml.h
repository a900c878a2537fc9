/* YAML as a tree of located nodes. Every node knows its line and column (columns in characters);
 * text pasted into a literal block maps back to the file line by line, so that a mistake in an
 * embedded frr.conf is reported where it stands.
 *
 * Trees are owned by the diag_list's arena. An alias is the anchor's own node, seen from a second
 * place: trees share nodes and must not be changed. Diagnostics: E101 .. E129. */
#ifndef TOPO_YAML_H
#define TOPO_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

#define YAML_DEPTH_MAX 64u
#define YAML_NODES_MAX 2000000u            /* of one file, aliases counted as if written out */
#define YAML_FILE_BYTES_MAX (16u << 20)

enum yaml_kind { YAML_SCALAR, YAML_MAPPING, YAML_SEQUENCE };
enum yaml_style { YAML_PLAIN, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL, YAML_FOLDED };

struct yaml_pair {
	const struct yaml_node *key, *value; /* the key is a scalar */
};

struct yaml_node {
	uint8_t kind;          /* enum yaml_kind */
	uint8_t style;         /* scalars: enum yaml_style */
	uint8_t height;        /* 1 for a scalar; one more than the highest item of a collection */
	uint32_t size;         /* nodes in it, itself included, aliases written out */
	uint32_t count;        /* pairs or items */
	struct source_pos pos; /* where it starts; length: of a one-line scalar, else 1 */
	const char *tag;       /* explicit tag ("!!str" is "tag:yaml.org,2002:str"), or NULL */
	const char *text;      /* scalars: ends in NUL, holds no other NUL; "" for an empty value */
	size_t length;
	union {
		const struct yaml_pair *pairs;         /* mappings, as written; merge keys done */
		const struct yaml_node *const *items;  /* sequences */
	};
};

/* Reads every document of a stream. Those complete before a syntax error are given back with it;
 * false says that there was an error (added to the list). An empty document is a null scalar. */
bool yaml_documents(struct diag_list *diags, const struct source *source,
		    const struct yaml_node *const **documents, size_t *count);

/* The value of a key; NULL if it is not there or `map` is no mapping (or NULL). */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The node of the key itself, for diagnostics about the key. */
const struct yaml_node *yaml_key(const struct yaml_node *map, const char *key);
/* Nothing written: "", "~" or "null" as a plain scalar. Also true for NULL. */
bool yaml_is_null(const struct yaml_node *node);
bool yaml_is(const struct yaml_node *node, const char *text); /* a scalar with that text */
const char *yaml_kind_name(enum yaml_kind kind); /* "text", "a mapping", "a list" */

/* Typed readers. `what` names the value for people ("asNumber"). False (NULL) after adding a
 * located error; *out is then unchanged. */
bool yaml_want(struct diag_list *diags, const struct yaml_node *node, enum yaml_kind kind,
	       const char *what);
const char *yaml_string(struct diag_list *diags, const struct yaml_node *node, const char *what);
bool yaml_int(struct diag_list *diags, const struct yaml_node *node, const char *what, int64_t min,
	      int64_t max, int64_t *out); /* decimal only, plain */
bool yaml_bool(struct diag_list *diags, const struct yaml_node *node, const char *what,
	       bool *out); /* true or false, plain; yes, on ... are refused with a hint */
bool yaml_duration(struct diag_list *diags, const struct yaml_node *node, const char *what,
		   int64_t *ns); /* "1.5s" "10ms" "250us" "2m" "1h" "0"; see duration_parse */
bool yaml_rate(struct diag_list *diags, const struct yaml_node *node, const char *what,
	       uint64_t *bps); /* "10gbit" "100mbit" "64kbit" "9600bit" */
bool yaml_percent(struct diag_list *diags, const struct yaml_node *node, const char *what,
		  uint32_t *ppm); /* "0.1%" -> 1000 */
/* Reports every key that is not in the NULL-terminated list, with the nearest that is. */
void yaml_known_keys(struct diag_list *diags, const struct yaml_node *map,
		     const char *const *known, const char *what);

/* The same conversions on bare text; no diagnostics. A duration needs its unit (only "0" does
 * without), is at most 10 years, and may be negative only if it starts with '-'. */
bool duration_parse(const char *text, size_t length, int64_t *ns);
bool rate_parse(const char *text, size_t length, uint64_t *bps);
bool percent_parse(const char *text, size_t length, uint32_t *ppm);

/* The candidate nearest to `text` (Damerau-Levenshtein distance at most 2, or a third of its
 * length), the first of equals; NULL if none is near. */
const char *nearest_word(const char *text, const char *const *candidates, size_t count);

/* Text of many lines and where its lines stand: a literal block, a one-line scalar, or a whole file
 * (yaml_text_of_file). */
struct yaml_text {
	const struct source *source;
	const char *text;     /* ends in NUL, lines end in \n */
	size_t length;
	uint32_t first_line;  /* line 1 of the text is this line of the source */
	uint32_t indent;      /* characters before column 1 of the text */
	struct source_pos pos; /* of the whole: the node, or the file */
};
/* False with E1xx where lines would not map: folded scalars, quoted or plain ones over many lines,
 * collections. */
bool yaml_text_of(struct diag_list *diags, const struct yaml_node *node, const char *what,
		  struct yaml_text *out);
struct yaml_text yaml_text_of_file(const struct source *source);
/* Line and column count from 1; length is at least 1. */
struct source_pos yaml_text_pos(const struct yaml_text *text, uint32_t line, uint32_t column,
				uint32_t length);
/* The place of bytes [at, at + bytes) of text->text. */
struct source_pos yaml_text_at(const struct yaml_text *text, const char *at, size_t bytes);

#endif
