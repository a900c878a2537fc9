/* Answers to `show`: in JSON, and in the looks of vtysh and birdc, whoever's habits one has. */
#ifndef SIMBGPD_SHOW_H
#define SIMBGPD_SHOW_H

#include "base/text.h"
#include "bgp/bgp.h"
#include "simbgpd/command.h"
#include "simbgpd/connections.h"
#include "simbgpd/kernel.h"
#include "simbgpd/peers.h"

/* All borrowed. */
struct show {
	const struct bgp_speaker *speaker;
	const struct bgp_table *table;
	const struct bgp_config *config;
	const struct peers *peers;
	const struct connections *connections;
	const struct kernel *kernel;
	struct instant now;
	int64_t wall_s; /* the same moment, in seconds since 1970 */
};

void show(const struct show *show, const struct command *command, struct text *out);

/* ---- within simbgpd/show*.c: by look ---- */
void show_vtysh(const struct show *show, const struct command *command, struct text *out);
void show_birdc(const struct show *show, const struct command *command, struct text *out);
void show_json(const struct show *show, const struct command *command, struct text *out);
/* Collected first: formats need to know what comes. Arrays are the caller's to free. */
struct bgp_peer_view *show_peers(const struct show *show, size_t *count);
struct bgp_path_view *show_paths(const struct show *show, const struct command *command,
				 size_t *count);
/* Is it among those asked for, by address or name? */
bool show_wants_peer(const struct command *command, const struct bgp_peer_view *peer);
const struct peer_record *show_record(const struct show *show, const struct bgp_peer_view *peer);
/* "00:01:02", "1d02h03m", "02w3d04h", or "never". */
const char *show_uptime(const struct show *show, const struct peer_record *record, char *buffer,
			size_t size);
uint64_t show_sum(const uint64_t counts[PEER_MESSAGE_TYPES]);
/* Learned from eBGP, iBGP or our own. */
bool show_external(const struct show *show, const struct bgp_peer_config *peer);

#endif
