#include "sim/virtual/tcp_md5.h"

#include <md5.h>
#include <string.h>

#include "base/buf.h"

_Static_assert(MD5_DIGEST_LENGTH == TCP_MD5_BYTES, "one digest fills the option");

static void pseudo_header_add(MD5_CTX *md5, struct ip_addr source, struct ip_addr destination,
			      size_t length)
{
	struct writer w;
	uint8_t pseudo[40];
	w = writer_of(pseudo, sizeof(pseudo));
	if (source.family == IP_V6) { /* RFC 8200 section 8.1 */
		writer_bytes(&w, source.bytes, 16);
		writer_bytes(&w, destination.bytes, 16);
		writer_u32(&w, (uint32_t)length);
		writer_u32(&w, 6);
	} else {
		writer_bytes(&w, source.bytes, 4);
		writer_bytes(&w, destination.bytes, 4);
		writer_u16(&w, 6);
		writer_u16(&w, (uint16_t)length);
	}
	MD5Update(md5, pseudo, writer_used(&w));
}

void tcp_md5_digest(const struct tcp_md5_key *key, struct ip_addr source,
		    struct ip_addr destination, const uint8_t *bytes, size_t header_length,
		    size_t length, uint8_t digest[TCP_MD5_BYTES])
{
	uint8_t fixed[TCP_HEADER_BYTES];
	memcpy(fixed, bytes, sizeof(fixed));
	put_u16(fixed + 16, 0); /* RFC 2385 section 2.0: "assuming a checksum of zero" */
	MD5_CTX md5;
	MD5Init(&md5);
	pseudo_header_add(&md5, source, destination, length);
	MD5Update(&md5, fixed, sizeof(fixed));
	MD5Update(&md5, bytes + header_length, length - header_length);
	MD5Update(&md5, key->bytes, key->length);
	MD5Final(digest, &md5);
}

bool tcp_md5_matches(const struct tcp_md5_key *key, struct ip_addr source,
		     struct ip_addr destination, const uint8_t *bytes, size_t length,
		     const struct tcp_header *header)
{
	if (!key || !header->md5)
		return !key && !header->md5;
	uint8_t digest[TCP_MD5_BYTES];
	tcp_md5_digest(key, source, destination, bytes, header->header_length, length, digest);
	return memcmp(digest, header->md5, TCP_MD5_BYTES) == 0;
}
