/* Messages other than UPDATE, both ways: RFC 4271 section 4, capabilities of RFC 5492. */
#ifndef BGP_WIRE_MESSAGE_H
#define BGP_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "bgp/config.h"

enum bgp_message_type {
	BGP_OPEN = 1,
	BGP_UPDATE = 2,
	BGP_NOTIFICATION = 3,
	BGP_KEEPALIVE = 4,
	BGP_ROUTE_REFRESH = 5,
};
/* What a reader of frames may let pass, as bits. */
#define BGP_FRAME_ANY_MARKER 1u
#define BGP_FRAME_LONG_KEEPALIVE 2u
#define BGP_HEADER_BYTES 19u
#define BGP_MESSAGE_MAX 4096u
#define BGP_MESSAGE_MAX_EXTENDED 65535u /* RFC 8654 */
const char *bgp_message_name(uint8_t type); /* "OPEN", ...; "unknown" */

/* What a NOTIFICATION says. code 0: no error. There is room for a Hard Reset (RFC 8538) around the
 * longest shutdown communication (RFC 9003). */
#define BGP_ERROR_DATA_MAX 258u
struct bgp_error {
	uint8_t code, subcode;
	uint16_t data_length;
	uint8_t data[BGP_ERROR_DATA_MAX];
};
void bgp_error_set(struct bgp_error *error, uint8_t code, uint8_t subcode, const void *data,
		   size_t length); /* data beyond BGP_ERROR_DATA_MAX is cut off */
/* "Hold Timer Expired", "Cease/Administrative Shutdown": RFC 4271 4.5, 4486, 6608, 8538, 9687. */
const char *bgp_error_name(uint8_t code, uint8_t subcode);

enum bgp_frame_result { BGP_FRAME_MORE, BGP_FRAME_READY, BGP_FRAME_BAD };
struct bgp_frame {
	uint8_t type;
	const uint8_t *body; /* after the header, inside the given bytes */
	size_t body_length;
	size_t total_length; /* to step over it */
};
/* Finds the first message in a byte stream. MORE: wait; BAD: *error says what to notify.
 * message_max: BGP_MESSAGE_MAX, or BGP_MESSAGE_MAX_EXTENDED once negotiated; OPEN stays below the
 * former. The length of a ROUTE-REFRESH is left to its decoder. */
enum bgp_frame_result bgp_frame_next(const uint8_t *bytes, size_t length, size_t message_max,
				     struct bgp_frame *frame, struct bgp_error *error);

/* Likewise, but lets pass what BGP_FRAME_* bits say. */
enum bgp_frame_result bgp_frame_next_lenient(const uint8_t *bytes, size_t length,
					     size_t message_max, unsigned leniency,
					     struct bgp_frame *frame, struct bgp_error *error);

enum bgp_capability_code {
	BGP_CAP_MULTIPROTOCOL = 1,
	BGP_CAP_ROUTE_REFRESH = 2,
	BGP_CAP_EXTENDED_NEXT_HOP = 5,
	BGP_CAP_EXTENDED_MESSAGE = 6,
	BGP_CAP_ROLE = 9,
	BGP_CAP_GRACEFUL_RESTART = 64,
	BGP_CAP_AS4 = 65,
	BGP_CAP_ADD_PATH = 69,
	BGP_CAP_ENHANCED_REFRESH = 70,
	BGP_CAP_LONG_LIVED_GR = 71,
	BGP_CAP_FQDN = 73,
	BGP_CAP_REFRESH_OLD = 128,
};

/* Capabilities as values; family index as in BGP_FAMILIES. */
struct bgp_capabilities {
	bool multiprotocol;           /* at least one capability 1 was there */
	uint8_t families;             /* BGP_IPV4_UNICAST | ... ; without capability 1: IPv4 */
	bool route_refresh, enhanced_refresh, refresh_old, extended_message;
	bool extended_next_hop;       /* capability 5 with IPv4 unicast over IPv6 */
	bool as4;
	uint32_t as4_number;
	bool graceful_restart, restarting, restart_notification;
	uint16_t restart_time_s;
	uint8_t restart_families;     /* listed in capability 64 */
	uint8_t forwarding_families;  /* ... with the F bit */
	bool long_lived;              /* capability 71, only together with 64 (RFC 9494 4.5) */
	uint8_t long_lived_families, long_lived_forwarding; /* listed there; with the F bit */
	uint32_t long_lived_time_s;   /* encoding only: 24 bits, the same for every family */
	uint32_t long_lived_times_s[BGP_FAMILIES]; /* decoding only */
	uint8_t add_path_send, add_path_receive; /* families, from the sender's point of view */
	bool has_role;
	bool role_unclear;            /* told twice, and differently (RFC 9234 4.2) */
	uint8_t role;
	const char *host_name;        /* encoding only: FQDN, may be NULL */
};

struct bgp_open {
	uint8_t version;
	uint32_t as_number;           /* from capability 65 if present */
	uint16_t hold_time_s;
	uint32_t router_id;           /* host order */
	struct bgp_capabilities capabilities;
};

/* Checks what can be checked without knowing the peer: version, AS 0 (RFC 7607) and AS_TRANS
 * without capability 65, hold time, identifier 0, optional parameters (RFC 4271 6.2, RFC 9072's
 * extended form). A capability we know whose length is impossible counts as a malformed parameter,
 * 2/0; one we do not know is passed over. False: *error. */
bool bgp_open_decode(const uint8_t *body, size_t length, struct bgp_open *open,
		     struct bgp_error *error);
/* `order`: capability codes in the order to send, 0-terminated; those not set are skipped. Writes
 * the whole message, header included. `one_each`: one optional parameter per capability. */
void bgp_open_encode(const struct bgp_open *open, const uint8_t *order, bool one_each,
		     struct writer *out);

void bgp_keepalive_encode(struct writer *out);
void bgp_notification_encode(const struct bgp_error *error, struct writer *out);
/* Never fails but when too short (then it is logged, not answered: RFC 4271 6.4). */
bool bgp_notification_decode(const uint8_t *body, size_t length, struct bgp_error *error);

/* RFC 7313: a request, or the frame (BoRR, EoRR) around the answer to one. */
#define BGP_REFRESH_ASK 0u
#define BGP_REFRESH_BEGIN 1u
#define BGP_REFRESH_END 2u

struct bgp_route_refresh {
	uint16_t afi;
	uint8_t subtype; /* BGP_REFRESH_*; others are passed over */
	uint8_t safi;
	uint8_t family;  /* BGP_IPV4_UNICAST ..., 0 if not one of ours */
};
/* A wrong length is 7/1 for RFC 7313's subtypes and 1/2 otherwise; a session that has not
 * negotiated capability 70 answers 1/2 to both. */
bool bgp_route_refresh_decode(const uint8_t *body, size_t length, struct bgp_route_refresh *refresh,
			      struct bgp_error *error);
/* afi and safi, or, when afi is 0, those of `family`. */
void bgp_route_refresh_encode(const struct bgp_route_refresh *refresh, struct writer *out);

/* AFI/SAFI to family bit and back; 0 if not ours. */
uint8_t bgp_family_of(uint16_t afi, uint8_t safi);
void bgp_family_codes(uint8_t family, uint16_t *afi, uint8_t *safi);

#endif
