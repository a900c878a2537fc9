/* simbgpd's command line. */
#ifndef SIMBGPD_OPTIONS_H
#define SIMBGPD_OPTIONS_H

#include "simbgpd/kernel.h"
#include "simbgpd/settings.h"

enum { SIMBGPD_GOOD = 0, SIMBGPD_UNREADABLE = 2, SIMBGPD_ENVIRONMENT = 3 };

struct options {
	struct settings_choice choice;
	struct kernel_options kernel;
	const char *socket_path;
	const char *pid_path;      /* NULL: none */
	const char *user;          /* NULL: stay */
	const char *ask;           /* -c: be the client */
	bool check;                /* -C: read the configuration and leave */
	struct ip_addr listen[2];
	uint32_t listen_count;     /* 0: every address */
};

/* -1 to go on, or an exit code. */
int options_read(int argc, char **argv, struct options *options);

#endif
