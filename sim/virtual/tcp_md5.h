/* The TCP MD5 signature option, RFC 2385. */
#ifndef SIM_VIRTUAL_TCP_MD5_H
#define SIM_VIRTUAL_TCP_MD5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "sim/virtual/tcp.h"
#include "sim/virtual/tcp_segment.h"

/* The digest of a segment: pseudo header, fixed header with checksum 0, payload, key. */
void tcp_md5_digest(const struct tcp_md5_key *key, struct ip_addr source,
		    struct ip_addr destination, const uint8_t *bytes, size_t header_length,
		    size_t length, uint8_t digest[TCP_MD5_BYTES]);
/* Does the segment carry what `key` (NULL: none) asks for? No key and a signature is a mismatch. */
bool tcp_md5_matches(const struct tcp_md5_key *key, struct ip_addr source,
		     struct ip_addr destination, const uint8_t *bytes, size_t length,
		     const struct tcp_header *header);

#endif
