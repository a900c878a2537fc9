#include "simbgpd/connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/memory.h"
#include "bgp/profile.h"
#include "simbgpd/log.h"
#include "simbgpd/socket.h"

#define BGP_PORT 179
#define READ_MAX (256u << 10)
#define SLICES_A_WRITE 512
#define GOODBYE_NS (5 * NS_PER_S) /* for the peer to read our NOTIFICATION and close its side */

struct connection {
	struct loop_watch watch; /* first */
	struct connections *owner;
	struct connection *next; /* of those closing */
	uint32_t number;
	bool opened;             /* else still connecting */
	bool closing, shut;      /* the speaker let go of it; FIN sent */
	bool dirty, blocked;     /* in `dirty`; waits for EPOLLOUT */
	bool broken;             /* writing failed: the reason comes by reading */
	struct instant give_up;  /* closing */
	struct bgp_slice **queue;
	uint32_t head, count, capacity; /* of the queue, a ring */
	uint32_t offset;         /* of queue[head], already written */
};

/* ---- the table ---- */

static uint64_t hash_place(const void *context, uint32_t place)
{
	const struct connections *all = context;
	return hash_u64(all->items[place]->number);
}

static uint32_t find_place(const struct connections *all, uint32_t number)
{
	uint32_t cursor = HASH_NONE, place;
	while ((place = hash_index_next(&all->by_number, hash_u64(number), &cursor)) != HASH_NONE)
		if (all->items[place]->number == number)
			return place;
	return HASH_NONE;
}

static struct connection *find(const struct connections *all, uint32_t number)
{
	uint32_t place = find_place(all, number);
	return place == HASH_NONE ? NULL : all->items[place];
}

/* The last one moves into the gap. */
static void forget(struct connections *all, struct connection *connection)
{
	uint32_t place = find_place(all, connection->number), last = all->count - 1;
	hash_index_remove(&all->by_number, hash_u64(connection->number), place);
	all->count = last;
	if (place == last)
		return;
	hash_index_remove(&all->by_number, hash_u64(all->items[last]->number), last);
	all->items[place] = all->items[last];
	hash_index_add(&all->by_number, hash_u64(all->items[place]->number), place, hash_place, all);
}

static void queue_drop(struct connection *connection)
{
	for (; connection->count; connection->count--) {
		bgp_slice_unref(connection->queue[connection->head]);
		connection->head = (connection->head + 1) % connection->capacity;
	}
	connection->offset = 0;
}

/* `dirty` is a list of pointers: nothing may stay in it. */
static void undirty(struct connections *all, struct connection *connection)
{
	for (uint32_t i = 0; connection->dirty && i < all->dirty_count; i++)
		if (all->dirty[i] == connection)
			all->dirty[i] = NULL;
	connection->dirty = false;
}

static void destroy(struct connection *connection, bool reset)
{
	struct connections *all = connection->owner;
	loop_remove(all->loop, &connection->watch);
	if (reset)
		socket_reset(connection->watch.fd);
	else
		close(connection->watch.fd);
	queue_drop(connection);
	undirty(all, connection);
	free(connection->queue);
	connection->queue = NULL;
	loop_bury(all->loop, connection);
}

static void closing_remove(struct connection *connection)
{
	struct connection **link = &connection->owner->closing;
	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
}

/* ---- what comes in ---- */

static void connection_ready(struct loop_watch *watch, uint32_t events);

static struct connection *add(struct connections *all, int fd, uint32_t number, bool opened)
{
	struct connection *connection = memory_zalloc(sizeof(*connection));
	connection->watch = (struct loop_watch){ fd, connection_ready };
	connection->owner = all;
	connection->number = number;
	connection->opened = opened;
	uint32_t place = all->count;
	ARRAY_PUSH(all->items, all->count, all->capacity, connection);
	hash_index_add(&all->by_number, hash_u64(number), place, hash_place, all);
	int error = loop_add(all->loop, &connection->watch, opened ? EPOLLIN : EPOLLOUT);
	if (error)
		log_error("epoll", error);
	return connection;
}

static void lost(struct connection *connection, enum bgp_close_reason reason)
{
	struct connections *all = connection->owner;
	uint32_t number = connection->number;
	forget(all, connection);
	destroy(connection, false);
	bgp_transport_closed(all->speaker, all->loop->now, number, reason);
}

static void opened(struct connection *connection)
{
	struct connections *all = connection->owner;
	struct ip_addr local = { 0 };
	uint16_t port = 0;
	int error = socket_error(connection->watch.fd);
	if (!error)
		error = socket_local(connection->watch.fd, &local, &port);
	if (error) {
		lost(connection, socket_close_reason(error));
		return;
	}
	connection->opened = true;
	loop_change(all->loop, &connection->watch, EPOLLIN);
	bgp_transport_opened(all->speaker, all->loop->now, connection->number, local, port);
}

static void readable(struct connection *connection)
{
	struct connections *all = connection->owner;
	ssize_t length = recv(connection->watch.fd, all->buffer, READ_MAX, 0);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length > 0) {
		all->bytes_in += (uint64_t)length;
		if (!connection->closing)
			bgp_bytes_received(all->speaker, all->loop->now, connection->number,
					   all->buffer, (size_t)length);
		return;
	}
	enum bgp_close_reason reason = length == 0 ? BGP_CLOSE_FIN : socket_close_reason(-errno);
	if (!connection->closing) {
		lost(connection, reason);
		return;
	}
	closing_remove(connection);
	destroy(connection, false);
}

static void make_dirty(struct connection *connection)
{
	struct connections *all = connection->owner;
	if (connection->dirty || connection->blocked || connection->broken)
		return;
	connection->dirty = true;
	ARRAY_PUSH(all->dirty, all->dirty_count, all->dirty_capacity, connection);
}

static void connection_ready(struct loop_watch *watch, uint32_t events)
{
	struct connection *connection = (struct connection *)(void *)watch;
	if (!connection->opened) {
		opened(connection);
		return;
	}
	if ((events & EPOLLOUT) && connection->blocked) {
		connection->blocked = false;
		loop_change(connection->owner->loop, watch, EPOLLIN);
		make_dirty(connection);
	}
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		readable(connection);
}

static const struct bgp_peer_config *peer_of(const struct bgp_config *config, struct ip_addr remote)
{
	for (size_t i = 0; i < config->peer_count; i++)
		if (ip_addr_equal(config->peers[i].remote, remote))
			return &config->peers[i];
	return NULL;
}

static void accepted(struct connections *all, int fd, struct ip_addr remote, uint16_t port,
		     struct ip_addr local)
{
	const struct bgp_peer_config *peer = peer_of(all->config, remote);
	uint32_t number = 0;
	if (peer) {
		struct socket_terms terms = socket_terms_of(all->config, peer);
		if (socket_dress(fd, remote.family, &terms) == 0)
			number = bgp_connection_arrived(all->speaker, all->loop->now, remote, port,
							local);
	}
	if (number)
		add(all, fd, number, true);
	else
		socket_reset(fd);
}

static void listener_ready(struct loop_watch *watch, uint32_t events)
{
	struct listener *listener = (struct listener *)(void *)watch;
	struct connections *all = listener->owner;
	(void)events;
	for (;;) {
		struct ip_addr remote, local;
		uint16_t port;
		int fd = socket_accept(watch->fd, &remote, &port, &local);
		if (fd >= 0) {
			accepted(all, fd, remote, port, local);
			continue;
		}
		if (fd == -ECONNABORTED || fd == -EINTR || fd == -ENOTCONN)
			continue;
		if (fd != -EAGAIN)
			log_error("accept", fd);
		return;
	}
}

/* ---- what goes out ---- */

void connections_dial(struct connections *all, const struct bgp_effect *effect)
{
	const struct bgp_peer_config *peer = effect->peer;
	struct socket_terms terms = socket_terms_of(all->config, peer);
	int fd = socket_connect(peer, peer->remote_port ? peer->remote_port : BGP_PORT, &terms);
	if (fd >= 0) {
		add(all, fd, effect->connection, false);
		return;
	}
	bgp_transport_closed(all->speaker, all->loop->now, effect->connection,
			     socket_close_reason(fd));
}

static void queue_push(struct connection *connection, struct bgp_slice *slice)
{
	if (connection->count == connection->capacity) {
		uint32_t capacity = connection->capacity ? 2 * connection->capacity : 16;
		struct bgp_slice **queue = memory_alloc(capacity * sizeof(struct bgp_slice *));
		for (uint32_t i = 0; i < connection->count; i++)
			queue[i] = connection->queue[(connection->head + i) % connection->capacity];
		free(connection->queue);
		connection->queue = queue;
		connection->head = 0;
		connection->capacity = capacity;
	}
	uint32_t tail = (connection->head + connection->count++) % connection->capacity;
	connection->queue[tail] = bgp_slice_ref(slice);
}

void connections_send(struct connections *all, uint32_t number, struct bgp_slice *slice)
{
	struct connection *connection = find(all, number);
	if (!connection || connection->broken)
		return;
	queue_push(connection, slice);
	make_dirty(connection);
}

/* The speaker's last words must be read: a socket closed with unread input sends RST, and the peer's
 * kernel then throws our NOTIFICATION away. So: FIN, and read on until the peer has closed too. */
static void shut(struct connection *connection)
{
	connection->shut = true;
	shutdown(connection->watch.fd, SHUT_WR);
}

void connections_close(struct connections *all, uint32_t number, bool reset)
{
	struct connection *connection = find(all, number);
	if (!connection)
		return;
	forget(all, connection);
	if (reset || !connection->opened || connection->broken) {
		destroy(connection, reset && connection->opened);
		return;
	}
	connection->closing = true;
	connection->give_up = instant_add(all->loop->now, GOODBYE_NS);
	connection->next = all->closing;
	all->closing = connection;
	if (connection->count == 0)
		shut(connection);
}

static size_t gather(const struct connection *connection, struct iovec *parts, int *count)
{
	size_t bytes = 0;
	uint32_t n = connection->count < SLICES_A_WRITE ? connection->count : SLICES_A_WRITE;
	for (uint32_t i = 0; i < n; i++) {
		struct bgp_slice *slice =
			connection->queue[(connection->head + i) % connection->capacity];
		uint32_t skip = i == 0 ? connection->offset : 0;
		parts[i] = (struct iovec){ slice->bytes + skip, slice->length - skip };
		bytes += parts[i].iov_len;
	}
	*count = (int)n;
	return bytes;
}

static void queue_advance(struct connection *connection, size_t bytes)
{
	while (bytes) {
		struct bgp_slice *slice = connection->queue[connection->head];
		size_t left = slice->length - connection->offset;
		if (bytes < left) {
			connection->offset += (uint32_t)bytes;
			return;
		}
		bytes -= left;
		connection->offset = 0;
		connection->head = (connection->head + 1) % connection->capacity;
		connection->count--;
		bgp_slice_unref(slice);
	}
}

static size_t write_some(struct connection *connection)
{
	struct connections *all = connection->owner;
	struct iovec parts[SLICES_A_WRITE];
	int count;
	size_t wanted = gather(connection, parts, &count);
	ssize_t length = count ? writev(connection->watch.fd, parts, count) : 0;
	if (length < 0 && errno != EAGAIN && errno != EINTR) {
		connection->broken = true;
		queue_drop(connection);
		return 0;
	}
	size_t sent = length < 0 ? 0 : (size_t)length;
	all->writes++;
	all->bytes_out += sent;
	queue_advance(connection, sent);
	if (sent < wanted) {
		connection->blocked = true;
		loop_change(all->loop, &connection->watch, EPOLLIN | EPOLLOUT);
	} else if (connection->count) {
		make_dirty(connection);
	} else if (connection->closing && !connection->shut) {
		shut(connection);
	}
	return sent;
}

bool connections_flush(struct connections *all)
{
	bool any = false;
	uint32_t count = all->dirty_count; /* those that become dirty by this wait for the next time */
	for (uint32_t i = 0; i < count; i++) {
		struct connection *connection = all->dirty[i];
		if (!connection)
			continue;
		connection->dirty = false;
		all->dirty[i] = NULL;
		size_t sent = write_some(connection);
		if (sent && !connection->closing)
			bgp_bytes_sent(all->speaker, all->loop->now, connection->number, sent);
		any = any || sent;
	}
	if (count)
		memmove(all->dirty, all->dirty + count,
			(all->dirty_count - count) * sizeof(struct connection *));
	all->dirty_count -= count;
	return any;
}

/* ---- life ---- */

struct instant connections_deadline(const struct connections *all)
{
	struct instant first = INSTANT_NEVER;
	for (const struct connection *at = all->closing; at; at = at->next)
		first = instant_min(first, at->give_up);
	return first;
}

void connections_time_reached(struct connections *all)
{
	struct connection *next;
	for (struct connection *at = all->closing; at; at = next) {
		next = at->next;
		if (instant_before(all->loop->now, at->give_up))
			continue;
		closing_remove(at);
		destroy(at, true);
	}
}

void connections_init(struct connections *all, struct loop *loop)
{
	*all = (struct connections){ .loop = loop };
	all->buffer = memory_alloc(READ_MAX);
	hash_index_init(&all->by_number);
	for (unsigned i = 0; i < 2; i++)
		all->listeners[i] = (struct listener){ { -1, listener_ready }, all };
}

void connections_free(struct connections *all)
{
	while (all->count) {
		struct connection *connection = all->items[all->count - 1];
		forget(all, connection);
		destroy(connection, false);
	}
	while (all->closing) {
		struct connection *connection = all->closing;
		all->closing = connection->next;
		destroy(connection, false);
	}
	for (unsigned i = 0; i < 2; i++)
		if (all->listeners[i].watch.fd >= 0)
			close(all->listeners[i].watch.fd);
	hash_index_free(&all->by_number);
	free(all->items);
	free(all->dirty);
	free(all->buffer);
}

static void set_keys(const struct connections *all, const struct bgp_config *config, bool there)
{
	for (size_t i = 0; i < config->peer_count; i++) {
		const struct bgp_peer_config *peer = &config->peers[i];
		int fd = all->listeners[peer->remote.family == IP_V6].watch.fd;
		if (fd < 0 || !peer->password)
			continue;
		int error = socket_md5(fd, peer->remote, there ? peer->password : NULL);
		if (error && there)
			log_error("TCP_MD5SIG", error);
	}
}

int connections_listen(struct connections *all, const struct bgp_config *config,
		       const struct ip_addr *addresses, uint32_t count)
{
	static const struct ip_addr any[2] = { { .family = IP_V4 }, { .family = IP_V6 } };
	uint16_t port = config->listen_port ? config->listen_port : BGP_PORT;
	if (count == 0) {
		addresses = any;
		count = 2;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct listener *listener = &all->listeners[addresses[i].family == IP_V6];
		int fd = socket_listen(addresses[i], port, config->profile->listen_backlog < 1024
								   ? 1024
								   : config->profile->listen_backlog);
		if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
			continue;
		if (fd < 0)
			return fd;
		listener->watch.fd = fd;
		int error = loop_add(all->loop, &listener->watch, EPOLLIN);
		if (error)
			return error;
	}
	all->config = config;
	set_keys(all, config, true);
	return 0;
}

void connections_configured(struct connections *all, const struct bgp_config *config)
{
	set_keys(all, all->config, false);
	all->config = config;
	set_keys(all, config, true);
}
