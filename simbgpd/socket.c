#include "simbgpd/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgp/profile.h"

#define PRECEDENCE 0xc0 /* internetwork control, as RFC 4271 appendix E asks */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

static socklen_t address_of(struct ip_addr addr, uint16_t port, union address *out)
{
	memset(out, 0, sizeof(*out));
	if (addr.family == IP_V6) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(port);
		memcpy(&out->v6.sin6_addr, addr.bytes, 16);
		return sizeof(out->v6);
	}
	out->v4.sin_family = AF_INET;
	out->v4.sin_port = htons(port);
	memcpy(&out->v4.sin_addr, addr.bytes, 4);
	return sizeof(out->v4);
}

static struct ip_addr addr_of(const union address *from, uint16_t *port)
{
	struct ip_addr addr = { 0 };
	if (from->any.sa_family == AF_INET6) {
		addr.family = IP_V6;
		memcpy(addr.bytes, &from->v6.sin6_addr, 16);
		*port = ntohs(from->v6.sin6_port);
	} else {
		addr.family = IP_V4;
		memcpy(addr.bytes, &from->v4.sin_addr, 4);
		*port = ntohs(from->v4.sin_port);
	}
	return addr;
}

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

struct socket_terms socket_terms_of(const struct bgp_config *config,
				    const struct bgp_peer_config *peer)
{
	bool external = peer->remote_as != (peer->local_as ? peer->local_as : config->local_as);
	struct socket_terms terms = { .ttl = peer->ttl,
				      .ttl_min = peer->ttl_min,
				      .password = peer->password };
	if (!terms.ttl)
		terms.ttl = external && !peer->multihop ? 1 : config->profile->ttl_internal;
	return terms;
}

int socket_dress(int fd, uint8_t family, const struct socket_terms *terms)
{
	bool v6 = family == IP_V6;
	int error = set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (!error)
		error = v6 ? set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, terms->ttl)
			   : set(fd, IPPROTO_IP, IP_TTL, terms->ttl);
	if (!error)
		error = v6 ? set(fd, IPPROTO_IPV6, IPV6_TCLASS, PRECEDENCE)
			   : set(fd, IPPROTO_IP, IP_TOS, PRECEDENCE);
	if (!error && terms->ttl_min)
		error = v6 ? set(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, terms->ttl_min)
			   : set(fd, IPPROTO_IP, IP_MINTTL, terms->ttl_min);
	return error;
}

int socket_md5(int fd, struct ip_addr peer, const char *password)
{
	union address address;
	struct tcp_md5sig key = { 0 };
	socklen_t length = address_of(peer, 0, &address);
	memcpy(&key.tcpm_addr, &address, length);
	if (password) {
		size_t bytes = strlen(password);
		if (bytes > TCP_MD5SIG_MAXKEYLEN)
			bytes = TCP_MD5SIG_MAXKEYLEN;
		key.tcpm_keylen = (uint16_t)bytes;
		memcpy(key.tcpm_key, password, bytes);
	}
	return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key)) < 0 ? -errno : 0;
}

static int try_listen(int fd, struct ip_addr address, uint16_t port, uint32_t backlog)
{
	/* The answer to a SYN comes from the listener: with 255 it passes any peer's GTSM, and what is
	 * accepted gets its own TTL. */
	const struct socket_terms terms = { .ttl = 255 };
	union address local;
	socklen_t length = address_of(address, port, &local);
	int error = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!error && address.family == IP_V6)
		error = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!error)
		error = socket_dress(fd, address.family, &terms);
	if (!error && bind(fd, &local.any, length) < 0)
		error = -errno;
	if (!error && listen(fd, (int)backlog) < 0)
		error = -errno;
	return error;
}

int socket_listen(struct ip_addr address, uint16_t port, uint32_t backlog)
{
	int fd = socket(address.family == IP_V6 ? AF_INET6 : AF_INET,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int error = try_listen(fd, address, port, backlog);
	if (!error)
		return fd;
	close(fd);
	return error;
}

int socket_accept(int listener, struct ip_addr *remote, uint16_t *remote_port,
		  struct ip_addr *local)
{
	union address address;
	socklen_t length = sizeof(address);
	uint16_t port;
	int fd = accept4(listener, &address.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return -errno;
	*remote = addr_of(&address, remote_port);
	int error = socket_local(fd, local, &port);
	if (!error)
		return fd;
	close(fd);
	return error;
}

int socket_local(int fd, struct ip_addr *local, uint16_t *port)
{
	union address address;
	socklen_t length = sizeof(address);
	if (getsockname(fd, &address.any, &length) < 0)
		return -errno;
	*local = addr_of(&address, port);
	return 0;
}

static int try_connect(int fd, const struct bgp_peer_config *peer, uint16_t port,
		       const struct socket_terms *terms)
{
	union address address;
	socklen_t length;
	int error = socket_dress(fd, peer->remote.family, terms);
	if (!error && terms->password)
		error = socket_md5(fd, peer->remote, terms->password);
	if (!error && peer->local.family != IP_NONE) {
		set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
		length = address_of(peer->local, 0, &address);
		if (bind(fd, &address.any, length) < 0)
			error = -errno;
	}
	length = address_of(peer->remote, port, &address);
	if (!error && connect(fd, &address.any, length) < 0 && errno != EINPROGRESS)
		error = -errno;
	return error;
}

int socket_connect(const struct bgp_peer_config *peer, uint16_t port,
		   const struct socket_terms *terms)
{
	int fd = socket(peer->remote.family == IP_V6 ? AF_INET6 : AF_INET,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int error = try_connect(fd, peer, port, terms);
	if (!error)
		return fd;
	close(fd);
	return error;
}

int socket_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return -errno;
	return -error;
}

void socket_reset(int fd)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

enum bgp_close_reason socket_close_reason(int error)
{
	switch (error) {
	case -ECONNREFUSED: return BGP_CLOSE_REFUSED;
	case -ETIMEDOUT: return BGP_CLOSE_TIMED_OUT;
	case -ECONNRESET:
	case -EPIPE: return BGP_CLOSE_RESET;
	default: return BGP_CLOSE_UNREACHABLE;
	}
}
