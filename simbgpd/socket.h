/* Kernel sockets as BGP wants them. Every function returns a descriptor or 0, or a negative errno. */
#ifndef SIMBGPD_SOCKET_H
#define SIMBGPD_SOCKET_H

#include <stdint.h>

#include "base/addr.h"
#include "bgp/bgp.h"

/* What one session asks of its socket. */
struct socket_terms {
	uint8_t ttl;          /* of what we send */
	uint8_t ttl_min;      /* GTSM (RFC 5082): less is dropped by the kernel; 0: off */
	const char *password; /* TCP-MD5 (RFC 2385); NULL: none */
};
struct socket_terms socket_terms_of(const struct bgp_config *config,
				    const struct bgp_peer_config *peer);

/* Non-blocking; `address` without a family: any, IPv4. A zero IPv6 address listens to IPv6 alone. */
int socket_listen(struct ip_addr address, uint16_t port, uint32_t backlog);
/* The next connection, or -EAGAIN. */
int socket_accept(int listener, struct ip_addr *remote, uint16_t *remote_port,
		  struct ip_addr *local);
/* Begins to connect; the outcome comes with EPOLLOUT, see socket_error. */
int socket_connect(const struct bgp_peer_config *peer, uint16_t port,
		   const struct socket_terms *terms);
int socket_local(int fd, struct ip_addr *local, uint16_t *port);
/* TTL, GTSM, precedence and no Nagle: the speaker hands over whole batches itself. */
int socket_dress(int fd, uint8_t family, const struct socket_terms *terms);
/* Sets, or with NULL removes, the key for segments to and from that peer. */
int socket_md5(int fd, struct ip_addr peer, const char *password);
int socket_error(int fd);      /* the pending one, taken: 0 or negative */
void socket_reset(int fd);     /* closes with RST */
enum bgp_close_reason socket_close_reason(int error); /* negative errno */

#endif
