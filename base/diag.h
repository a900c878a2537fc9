/* Located diagnostics about what a user wrote: every one of them, not only the first, each with
 * file, line, column and an excerpt with a caret.
 *
 *   scenarios/seed.topo:35:24: error: 172.27.0.208/22 is not a network: host bits are set [E031]
 *      35 |         - ip route add 172.27.0.208/22 via 172.31.13.116
 *         |                        ^~~~~~~~~~~~~~~
 *         = did you mean 172.27.208.0/22? IPPool/default-pool has it (line 97)
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/text.h"

/* A file as it was read; kept for excerpts and for reports. Owned by the diag_list's arena. */
struct source {
	const char *path; /* as the user named it */
	const char *text; /* ends in NUL; holds no other NUL */
	size_t length;
	const uint32_t *line_start; /* byte offset of each line */
	uint32_t line_count;
};

/* A place in a source. Line and column count from 1, columns in characters; 0 means the whole
 * file (line) or the whole line (column). length: characters under the caret, at least 1. */
struct source_pos {
	const struct source *source; /* borrowed; NULL: nowhere in particular */
	uint32_t line, column, length;
};

enum diag_severity {
	DIAG_NOTE,
	DIAG_WARNING,
	DIAG_ERROR,
};

struct diag_note {
	const char *text;
	struct diag_note *next;
};

struct diag {
	enum diag_severity severity;
	const char *code; /* "E031": static string; "" for none */
	struct source_pos pos;
	const char *text;
	struct diag_note *notes;
};

struct diag_list {
	struct arena arena; /* owns texts, notes and sources */
	struct diag *items;
	size_t count, capacity;
	size_t errors, warnings;
	bool full; /* more than DIAG_MAX: the rest was only counted */
	/* If set, asked before the file system, so that a run can be read again from its database. NULL:
	 * there is no such file. The text is copied. */
	const char *(*lookup)(void *context, const char *path, size_t *length);
	void *lookup_context;
};

#define DIAG_MAX 1000u

void diag_list_init(struct diag_list *list);
void diag_list_free(struct diag_list *list);

/* Copies the text; splits it into lines. The text must hold no NUL: see source_read. */
const struct source *source_of(struct diag_list *list, const char *path, const char *text,
			       size_t length);
/* Reads a file of at most `limit` bytes. On failure (missing, a folder, too large, holds a NUL)
 * adds an error, located at `why` (the place that named the file) if given, and returns NULL. */
const struct source *source_read(struct diag_list *list, const char *path, size_t limit,
				 const struct source_pos *why);
/* Bytes of line `line` (from 1) without its newline. */
const char *source_line(const struct source *source, uint32_t line, size_t *length);
/* The place of a byte offset. */
struct source_pos source_pos_at(const struct source *source, size_t offset, size_t bytes);

/* Adds one; the returned pointer is good until the next is added. Never NULL. */
struct diag *diag_add(struct diag_list *list, enum diag_severity severity, const char *code,
		      struct source_pos pos, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void diag_note(struct diag_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3))); /* goes to the diagnostic added last */

/* By file (in order of first mention), line, column; the order of adding settles ties; repeats of
 * the same text at the same place go. Call once, before printing. */
void diag_sort(struct diag_list *list);
void diag_print(const struct diag *diag, struct text *out, bool colour);

#endif
