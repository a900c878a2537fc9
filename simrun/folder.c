#include "simrun/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)walk;
	return type == FTW_DP ? rmdir(path) : unlink(path);
}

static void remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static char *joined(const char *a, const char *b)
{
	struct text text;
	text_init(&text);
	text_printf(&text, "%s%s", a, b);
	return text.data;
}

/* Ours: a folder that holds a run.db, or nothing at all. */
static bool is_ours(const char *path, struct text *error)
{
	struct stat status;
	if (lstat(path, &status) != 0)
		return errno == ENOENT;
	char *database = joined(path, "/run.db");
	bool ours = S_ISDIR(status.st_mode) && (access(database, F_OK) == 0 || rmdir(path) == 0);
	free(database);
	if (!ours)
		text_printf(error, "%s is there, and is no folder of an earlier run: not touched",
			    path);
	return ours;
}

bool folder_open(struct folder *folder, const char *path, struct text *error)
{
	size_t length = strlen(path);
	*folder = (struct folder){ .path = memory_strdup(path), .lock = -1 };
	while (length > 1 && folder->path[length - 1] == '/')
		folder->path[--length] = '\0';
	folder->work = joined(folder->path, ".simrun.tmp");
	if (!is_ours(folder->path, error))
		return false;
	for (int attempt = 0; attempt < 2; attempt++) {
		bool made = mkdir(folder->work, 0777) == 0;
		if (!made && errno != EEXIST) {
			text_printf(error, "%s: %s", folder->work, strerror(errno));
			return false;
		}
		folder->lock = open(folder->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (folder->lock < 0 || flock(folder->lock, LOCK_EX | LOCK_NB) != 0) {
			text_printf(error, "%s: another run is writing it", folder->work);
			return false;
		}
		if (made)
			return true;
		remove_tree(folder->work); /* of a killed run; nobody holds its lock */
		close(folder->lock);
		folder->lock = -1;
	}
	text_printf(error, "%s: cannot be made", folder->work);
	return false;
}

static void folder_free(struct folder *folder)
{
	if (folder->lock >= 0)
		close(folder->lock);
	free(folder->path);
	free(folder->work);
	*folder = (struct folder){ .lock = -1 };
}

bool folder_commit(struct folder *folder, struct text *error)
{
	bool good = true;
	if (access(folder->path, F_OK) == 0) {
		good = renameat2(AT_FDCWD, folder->work, AT_FDCWD, folder->path,
				 RENAME_EXCHANGE) == 0;
		if (good)
			remove_tree(folder->work); /* the former run */
	} else {
		good = rename(folder->work, folder->path) == 0;
	}
	if (!good)
		text_printf(error, "%s: %s", folder->path, strerror(errno));
	folder_free(folder);
	return good;
}

void folder_abandon(struct folder *folder)
{
	if (folder->lock >= 0)
		remove_tree(folder->work);
	folder_free(folder);
}

bool file_write(const char *path, const struct text *text, struct text *error)
{
	FILE *file = fopen(path, "wb");
	bool good = file && fwrite(text_string(text), 1, text->length, file) == text->length;
	if (file && fclose(file) != 0)
		good = false;
	if (!good)
		text_printf(error, "%s: %s", path, strerror(errno));
	return good;
}

bool folder_write(const struct folder *folder, const char *name, const struct text *text,
		  struct text *error)
{
	char *base = joined(folder->work, "/");
	char *path = joined(base, name);
	bool good = file_write(path, text, error);
	free(base);
	free(path);
	return good;
}
