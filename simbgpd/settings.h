/* What the daemon is told to be: an frr.conf, read as `topo` reads it, put onto this machine. */
#ifndef SIMBGPD_SETTINGS_H
#define SIMBGPD_SETTINGS_H

#include "base/diag.h"
#include "bgp/bgp.h"
#include "simbgpd/kernel.h"
#include "topo/model.h"

/* What the command line says, over the file. */
struct settings_choice {
	const char *path;
	const char *profile; /* NULL: the file's */
	uint16_t port;       /* 0: the file's */
	bool restarting;     /* RFC 4724: we come back, our routes are still in the kernel */
};

struct settings {
	struct diag_list diags;
	struct model_node node;
	struct model_config config;
	struct bgp_config bgp; /* points into diags.arena */
};

/* Prints what is wrong with the file on standard error. NULL: errors. The caller owns it. */
struct settings *settings_read(const struct settings_choice *choice, const struct kernel *kernel);
void settings_free(struct settings *settings);
/* What we originate, in order of prefix: `network` lines, and what is redistributed as the kernel has
 * it now. */
struct bgp_local_route *settings_local_routes(const struct settings *settings,
					      const struct kernel *kernel, struct arena *arena,
					      uint32_t *count);

#endif
