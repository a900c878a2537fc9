/* A line of shell, as far as one command needs it: words, quotes, backslashes, a comment, and the
 * one redirection people use to set a sysctl for good (>> FILE). */
#ifndef TOPO_WORDS_H
#define TOPO_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "topo/yaml.h"

#define WORDS_MAX 96

struct word {
	const char *text;      /* quotes taken away; ends in NUL; the arena's */
	const char *at;        /* where it stands in the yaml_text, with its quotes */
	size_t bytes;
};

struct words {
	const struct yaml_text *text;
	struct word items[WORDS_MAX];
	size_t count;
	const struct word *append_to; /* >> FILE: FILE, which is not among the items */
	struct word append_word;
};

/* Splits one line (bytes of text->text, no newline). False after adding E504: pipes, substitutions,
 * variables and the rest of the shell are not simulated. */
bool words_split(struct diag_list *diags, const struct yaml_text *text, const char *line,
		 size_t length, struct words *out);
struct source_pos word_pos(const struct words *words, const struct word *word);
/* From the first word to the last. */
struct source_pos words_pos(const struct words *words);

#endif
