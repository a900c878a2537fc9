/* The control socket: a unix stream socket. A client sends one line, gets its answer, and the
 * connection ends. Slow or silent clients cost a descriptor, never the loop. */
#ifndef SIMBGPD_CONTROL_H
#define SIMBGPD_CONTROL_H

#include "base/text.h"
#include "simbgpd/command.h"
#include "simbgpd/loop.h"

struct control_client;

struct control {
	struct loop_watch watch; /* first */
	struct loop *loop;       /* borrowed */
	const char *path;        /* borrowed */
	void (*answer)(void *context, const struct command *command, struct text *out);
	void *context;
	struct control_client *clients;
	uint32_t client_count;
};
#define CONTROL_CLIENTS_MAX 64u

/* Takes the place of a socket nobody listens on. 0 or a negative errno. */
int control_open(struct control *control, struct loop *loop, const char *path);
void control_close(struct control *control);

/* The other end: sends the line and copies the answer to standard output. An exit code. */
int control_ask(const char *path, const char *line);

#endif
