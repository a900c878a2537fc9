/* The output folder: written beside its place, then put there in one step, so that people never see
 * half of one and a failed run leaves the former as it was. */
#ifndef SIMRUN_FOLDER_H
#define SIMRUN_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct folder {
	char *path;      /* where it will be; owned */
	char *work;      /* path + ".simrun.tmp": where it is written; owned */
	char *former;    /* path + ".simrun.old": where file systems that cannot swap keep the former run */
	int lock;        /* held on `work` while it is being written; -1: none */
};

/* Makes the working folder, clearing away what a killed run left. False and *error: someone else is
 * at it, `path` is there and is not ours, or the file system says no. */
bool folder_open(struct folder *folder, const char *path, struct text *error);
/* Puts it in place, replacing an earlier run. On failure it is still open. */
bool folder_commit(struct folder *folder, struct text *error);
void folder_abandon(struct folder *folder); /* removes what was written */
bool folder_write(const struct folder *folder, const char *name, const struct text *text,
		  struct text *error);
bool file_write(const char *path, const struct text *text, struct text *error);

#endif
