/* A peer made of an archive: sends every IPv4 route of an MRT table over one ADD-PATH session, each
 * with a path id of its own, and prints on standard output what the far end must show, a line a
 * route. Stays until it is killed; "fed" on standard error says that all has left.
 *   mrtfeed FILE ADDRESS AS ROUTER-ID */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"
#include "bgp/mrt/mrt.h"
#include "bgp/wire/message.h"

#define ROOM (64u << 10)

struct feed {
	int fd;
	uint8_t out[ROOM];
	size_t used;
	uint32_t routes;
	struct text line;
};

_Noreturn static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void flush(struct feed *feed)
{
	for (size_t at = 0; at < feed->used;) {
		ssize_t sent = write(feed->fd, feed->out + at, feed->used - at);
		if (sent < 0)
			die("write");
		at += (size_t)sent;
	}
	feed->used = 0;
}

static void message(struct feed *feed, uint8_t type, const void *body, size_t length)
{
	if (feed->used + BGP_HEADER_BYTES + length > ROOM)
		flush(feed);
	uint8_t *at = feed->out + feed->used;
	memset(at, 0xff, 16);
	put_u16(at + 16, (uint16_t)(BGP_HEADER_BYTES + length));
	at[18] = type;
	if (length)
		memcpy(at + BGP_HEADER_BYTES, body, length);
	feed->used += BGP_HEADER_BYTES + length;
}

/* Version 4, no hold time; IPv4 unicast, four-octet AS numbers, ADD-PATH: sends. */
static void send_open(struct feed *feed, uint32_t as, uint32_t router_id)
{
	uint8_t body[] = { 4, 0, 0, 0, 0, 0, 0, 0, 0, 22, 2, 20,
			   1, 4, 0, 1, 0, 1, 65, 4, 0, 0, 0, 0, 69, 4, 0, 1, 1, 2, 2, 0 };
	put_u16(body + 1, as > 65535 ? 23456 : (uint16_t)as);
	put_u32(body + 5, router_id);
	put_u32(body + 20, as);
	message(feed, BGP_OPEN, body, sizeof(body));
	flush(feed);
}

static void read_exactly(int fd, uint8_t *to, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t got = read(fd, to + at, length - at);
		if (got <= 0)
			die("the peer closed");
		at += (size_t)got;
	}
}

static uint8_t read_message(struct feed *feed)
{
	uint8_t bytes[BGP_MESSAGE_MAX];
	read_exactly(feed->fd, bytes, BGP_HEADER_BYTES);
	size_t length = (size_t)bytes[16] << 8 | bytes[17];
	if (length > sizeof(bytes))
		die("too long a message");
	read_exactly(feed->fd, bytes + BGP_HEADER_BYTES, length - BGP_HEADER_BYTES);
	if (bytes[18] == BGP_NOTIFICATION) {
		fprintf(stderr, "NOTIFICATION %u/%u\n", bytes[19], bytes[20]);
		exit(1);
	}
	return bytes[18];
}

static void send_route(struct feed *feed, struct ip_prefix prefix, const struct bgp_attrs *from)
{
	static const struct bgp_codec codec = { .as4 = true };
	struct bgp_attrs attrs = *from;
	uint8_t body[BGP_MESSAGE_MAX - BGP_HEADER_BYTES];
	char text[IP_TEXT_MAX];
	struct writer out = writer_of(body, sizeof(body));
	attrs.local_pref = 100;
	attrs.present |= UINT64_C(1) << BGP_ATTR_LOCAL_PREF;
	writer_u16(&out, 0);
	uint8_t *length = writer_room(&out, 2);
	bgp_attrs_encode(&attrs, &codec, &out);
	put_u16(length, (uint16_t)(writer_used(&out) - 4));
	writer_u32(&out, ++feed->routes);
	writer_u8(&out, prefix.length);
	writer_bytes(&out, prefix.addr.bytes, (prefix.length + 7u) / 8u);
	ASSERT(!out.failed);
	message(feed, BGP_UPDATE, body, writer_used(&out));
	text_clear(&feed->line);
	bgp_attrs_print(&attrs, &feed->line);
	printf("%s %s\n", ip_prefix_format(prefix, text), text_string(&feed->line));
}

static void send_record(struct feed *feed, struct mrt_content *content, struct arena *arena)
{
	struct mrt_entry entry;
	struct bgp_attrs attrs;
	uint8_t bad;
	while (mrt_entry_next(content, &entry)) {
		arena_rewind(arena);
		if (entry.prefix.addr.family != IP_V4 ||
		    mrt_entry_attrs(&entry, arena, &attrs, &bad) > BGP_OUTCOME_DISCARD)
			continue;
		send_route(feed, entry.prefix, &attrs);
	}
}

static void send_table(struct feed *feed, const uint8_t *bytes, size_t length)
{
	struct mrt_record record;
	struct mrt_content content;
	const char *why;
	struct arena arena;
	size_t at = 0;
	arena_init(&arena);
	while (mrt_record_next(bytes + at, length - at, &record, &why) == MRT_READY) {
		at += record.total_length;
		if (mrt_decode(&record, &content, &why) && content.kind == MRT_RIB)
			send_record(feed, &content, &arena);
	}
	arena_free(&arena);
	message(feed, BGP_UPDATE, (const uint8_t[4]){ 0 }, 4); /* End-of-RIB */
	flush(feed);
}

static uint8_t *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) < 0)
		die(path);
	*length = (size_t)ftell(file);
	rewind(file);
	uint8_t *bytes = memory_alloc(*length + 1);
	if (fread(bytes, 1, *length, file) != *length)
		die(path);
	fclose(file);
	return bytes;
}

static int dial(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(179) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		die(address);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	return fd;
}

int main(int argc, char **argv)
{
	static struct feed feed;
	struct in_addr id;
	size_t length;
	if (argc != 5 || inet_pton(AF_INET, argv[4], &id) != 1)
		return 2;
	uint8_t *bytes = read_file(argv[1], &length);
	feed.fd = dial(argv[2]);
	text_init(&feed.line);
	send_open(&feed, (uint32_t)strtoul(argv[3], NULL, 10), ntohl(id.s_addr));
	while (read_message(&feed) != BGP_OPEN)
		;
	message(&feed, BGP_KEEPALIVE, NULL, 0);
	flush(&feed);
	while (read_message(&feed) != BGP_KEEPALIVE)
		;
	send_table(&feed, bytes, length);
	fflush(stdout);
	fprintf(stderr, "fed %lu routes\n", (unsigned long)feed.routes);
	for (;;)
		read_message(&feed);
}
