/* What `show` tells of a peer and the speaker does not keep: counts and times, gathered from its
 * events. */
#ifndef SIMBGPD_PEERS_H
#define SIMBGPD_PEERS_H

#include "bgp/bgp.h"

#define PEER_MESSAGE_TYPES 6 /* by type code; 0: others */

struct peer_record {
	struct instant changed;          /* came up, or went down */
	bool changed_once;
	uint32_t established, dropped;
	uint64_t sent[PEER_MESSAGE_TYPES], received[PEER_MESSAGE_TYPES];
	uint64_t announced, withdrawn;   /* prefixes received */
	const char *reason;              /* static; why it went down; NULL: never did */
	uint8_t error_code, error_subcode;
	bool error_sent;
};

struct peers {
	const struct bgp_config *config; /* borrowed */
	struct peer_record *records;     /* owned; as config->peers */
	uint64_t treated;                /* UPDATEs that RFC 7606 had to be applied to */
};

void peers_init(struct peers *peers);
void peers_free(struct peers *peers);
/* Records go with the names. The former configuration must still be there. */
void peers_configured(struct peers *peers, const struct bgp_config *config);
/* Counts, and logs what people want to know. */
void peers_told(struct peers *peers, struct instant now, const struct bgp_event *event);
/* NULL: not of the configuration in force. */
const struct peer_record *peers_record(const struct peers *peers,
				       const struct bgp_peer_config *peer);

#endif
