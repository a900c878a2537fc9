#include "simrun/folder.h"

#include <dirent.h>
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
#include "trace/rundb.h"

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)walk;
	return type == FTW_DP ? rmdir(path) : unlink(path);
}

static int remove_below(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	return walk->level == 0 ? 0 : remove_one(path, status, type, walk);
}

static void remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }
static void empty_tree(const char *path) { nftw(path, remove_below, 16, FTW_DEPTH | FTW_PHYS); }

static char *joined(const char *a, const char *b)
{
	struct text text;
	text_init(&text);
	text_printf(&text, "%s%s", a, b);
	return text.data;
}

static bool is_empty(const char *path)
{
	DIR *folder = opendir(path);
	bool empty = folder != NULL;
	struct dirent *entry;
	while (empty && (entry = readdir(folder)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (folder)
		closedir(folder);
	return empty;
}

/* Ours: a folder that holds the database of a run, or nothing at all. */
static bool is_ours(const char *path, struct text *error)
{
	struct stat status;
	if (lstat(path, &status) != 0) {
		if (errno == ENOENT)
			return true;
		text_printf(error, "%s: %s", path, strerror(errno));
		return false;
	}
	char *database = joined(path, "/run.db");
	bool ours = S_ISDIR(status.st_mode) && (rundb_is_one(database) || is_empty(path));
	free(database);
	if (!ours)
		text_printf(error, "%s is there, and is no folder of an earlier run: not touched",
			    path);
	return ours;
}

/* Opens and locks what stands at `work`. 1: done; 0: it was moved away meanwhile; -1: *error. */
static int take_lock(struct folder *folder, struct text *error)
{
	struct stat held, there;
	int lock = open(folder->work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lock < 0 && errno == ENOENT)
		return 0;
	if (lock < 0) {
		text_printf(error, "%s: %s", folder->work, strerror(errno));
		return -1;
	}
	int result = 1;
	if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		text_printf(error, "%s: %s", folder->work,
			    errno == EWOULDBLOCK ? "another run is writing it" : strerror(errno));
		result = -1;
	} else if (fstat(lock, &held) != 0 || lstat(folder->work, &there) != 0 ||
		   held.st_ino != there.st_ino || held.st_dev != there.st_dev) {
		result = 0; /* the other run has just finished, and put it in place */
	}
	if (result == 1)
		folder->lock = lock;
	else
		close(lock);
	return result;
}

#define ATTEMPTS 8

bool folder_open(struct folder *folder, const char *path, struct text *error)
{
	size_t length = strlen(path);
	*folder = (struct folder){ .path = memory_strdup(path), .lock = -1 };
	while (length > 1 && folder->path[length - 1] == '/')
		folder->path[--length] = '\0';
	folder->work = joined(folder->path, ".simrun.tmp");
	folder->former = joined(folder->path, ".simrun.old");
	if (access(folder->path, F_OK) != 0 && rename(folder->former, folder->path) != 0 &&
	    errno != ENOENT) { /* a run was killed just between the two steps of replace() */
		text_printf(error, "%s: %s", folder->former, strerror(errno));
		return false;
	}
	if (!is_ours(folder->path, error))
		return false;
	int locked = 0;
	for (int attempt = 0; attempt < ATTEMPTS && locked == 0; attempt++) {
		if (mkdir(folder->work, 0777) != 0 && errno != EEXIST) {
			text_printf(error, "cannot make %s: %s", folder->work, strerror(errno));
			return false;
		}
		locked = take_lock(folder, error);
	}
	if (locked == 0)
		text_printf(error, "%s: others take it again and again", folder->work);
	if (locked != 1)
		return false;
	/* Of a killed run; nobody holds its lock. A reader of its database may leave a file meanwhile. */
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		empty_tree(folder->work);
		if (is_empty(folder->work))
			return true;
	}
	text_printf(error, "%s: what a killed run left there cannot be removed", folder->work);
	return false;
}

static void folder_free(struct folder *folder)
{
	if (folder->lock >= 0)
		close(folder->lock);
	free(folder->path);
	free(folder->work);
	free(folder->former);
	*folder = (struct folder){ .lock = -1 };
}

/* In one step where the file system can, else in two, of which folder_open mends the half. */
static bool replace(const struct folder *folder)
{
	if (renameat2(AT_FDCWD, folder->work, AT_FDCWD, folder->path, RENAME_EXCHANGE) == 0) {
		remove_tree(folder->work); /* the former run */
		return true;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	remove_tree(folder->former);
	if (rename(folder->path, folder->former) != 0)
		return false;
	if (rename(folder->work, folder->path) != 0) {
		int trouble = errno;
		rename(folder->former, folder->path);
		errno = trouble;
		return false;
	}
	remove_tree(folder->former);
	return true;
}

bool folder_commit(struct folder *folder, struct text *error)
{
	bool there = access(folder->path, F_OK) == 0;
	bool good = there ? replace(folder) : rename(folder->work, folder->path) == 0;
	if (!good) {
		text_printf(error, "%s: %s", folder->path, strerror(errno));
		return false;
	}
	folder_free(folder);
	return true;
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
