/* simbgpd: the speaker as a daemon, and the client that asks it. */
#include <stdio.h>

#include "simbgpd/control.h"
#include "simbgpd/daemon.h"

int main(int argc, char **argv)
{
	struct options options;
	int code = options_read(argc, argv, &options);
	if (code >= 0)
		return code;
	if (options.ask)
		return control_ask(options.socket_path, options.ask);
	return daemon_run(&options);
}
