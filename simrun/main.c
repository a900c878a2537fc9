/* simrun: the one command. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "simrun/verbs.h"

static const struct {
	const char *name;
	int (*run)(const struct options *options);
} verbs[] = {
	{ "run", verb_run },
	{ "check", verb_check },
	{ "show", verb_show },
	{ "why", verb_why },
};

int main(int argc, char **argv)
{
	struct arena arena;
	arena_init(&arena);
	struct options options;
	int code = options_read(argc, argv, &arena, &options);
	for (size_t i = 0; code < 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, options.verb) == 0)
			code = verbs[i].run(&options);
	arena_free(&arena);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
		if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR))
			return code; /* a pipe whose reader had enough, as `head` has */
		perror("simrun: standard output");
		return code == EXIT_HOLDS ? EXIT_ENVIRONMENT : code;
	}
	return code;
}
