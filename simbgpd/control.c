#include "simbgpd/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "simbgpd/log.h"

struct control_client {
	struct loop_watch watch; /* first */
	struct control *owner;
	struct control_client *next;
	char line[COMMAND_BYTES_MAX + 1];
	size_t length;
	bool answered;
	struct text answer;
	size_t written;
};

static int address_of(const char *path, struct sockaddr_un *address)
{
	size_t length = strlen(path);
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, length);
	return 0;
}

static void client_end(struct control_client *client)
{
	struct control *control = client->owner;
	struct control_client **link = &control->clients;
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	control->client_count--;
	loop_remove(control->loop, &client->watch);
	close(client->watch.fd);
	text_free(&client->answer);
	loop_bury(control->loop, client);
}

static void client_write(struct control_client *client)
{
	while (client->written < client->answer.length) {
		ssize_t sent = send(client->watch.fd, client->answer.data + client->written,
				    client->answer.length - client->written, MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
			loop_change(client->owner->loop, &client->watch, EPOLLOUT);
			return;
		}
		if (sent < 0)
			break;
		client->written += (size_t)sent;
	}
	client_end(client);
}

static void client_asked(struct control_client *client, size_t length)
{
	struct control *control = client->owner;
	struct command command;
	struct text error;
	text_init(&error);
	client->answered = true;
	if (command_parse(client->line, length, &command, &error))
		control->answer(control->context, &command, &client->answer);
	else
		text_printf(&client->answer, "%% %s\n", text_string(&error));
	text_free(&error);
	client_write(client);
}

static void client_ready(struct loop_watch *watch, uint32_t events)
{
	struct control_client *client = (struct control_client *)(void *)watch;
	if (client->answered) {
		if (events & (EPOLLERR | EPOLLHUP))
			client_end(client);
		else
			client_write(client);
		return;
	}
	ssize_t length = recv(watch->fd, client->line + client->length,
			      sizeof(client->line) - client->length, 0);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length < 0) {
		client_end(client);
		return;
	}
	client->length += (size_t)length;
	const char *end = memchr(client->line, '\n', client->length);
	if (end)
		client_asked(client, (size_t)(end - client->line));
	else if (length == 0 || client->length == sizeof(client->line))
		client_asked(client, client->length);
}

static void listener_ready(struct loop_watch *watch, uint32_t events)
{
	struct control *control = (struct control *)(void *)watch;
	int fd;
	(void)events;
	while ((fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (control->client_count == CONTROL_CLIENTS_MAX) {
			close(fd);
			continue;
		}
		struct control_client *client = memory_zalloc(sizeof(*client));
		client->watch = (struct loop_watch){ fd, client_ready };
		client->owner = control;
		client->next = control->clients;
		control->clients = client;
		control->client_count++;
		text_init(&client->answer);
		loop_add(control->loop, &client->watch, EPOLLIN);
	}
}

/* A socket file whose owner is gone refuses. */
static void remove_dead(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

int control_open(struct control *control, struct loop *loop, const char *path)
{
	struct sockaddr_un address;
	control->loop = loop;
	control->path = path;
	control->watch = (struct loop_watch){ -1, listener_ready };
	int error = address_of(path, &address);
	if (error)
		return error;
	remove_dead(&address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	mode_t mask = umask(0077); /* whoever may write there may ask: its owner */
	int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound < 0 || listen(fd, 16) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	control->watch.fd = fd;
	return loop_add(loop, &control->watch, EPOLLIN);
}

void control_close(struct control *control)
{
	while (control->clients)
		client_end(control->clients);
	if (control->watch.fd < 0)
		return;
	loop_remove(control->loop, &control->watch);
	close(control->watch.fd);
	unlink(control->path);
}

static int copy_answer(int fd)
{
	char buffer[65536];
	ssize_t length;
	bool complaint = false, first = true;
	while ((length = read(fd, buffer, sizeof(buffer))) > 0) {
		complaint = first ? buffer[0] == '%' : complaint;
		first = false;
		fwrite(buffer, 1, (size_t)length, stdout);
	}
	return length < 0 ? 3 : complaint ? 2 : 0;
}

int control_ask(const char *path, const char *line)
{
	struct sockaddr_un address;
	int error = address_of(path, &address);
	int fd = error ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!error && fd < 0)
		error = -errno;
	if (!error && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		error = -errno;
	if (error) {
		log_error(path, error);
		if (fd >= 0)
			close(fd);
		return 3;
	}
	size_t length = strlen(line);
	bool sent = send(fd, line, length, MSG_NOSIGNAL) == (ssize_t)length &&
		    send(fd, "\n", 1, MSG_NOSIGNAL) == 1;
	int code = sent ? copy_answer(fd) : 3;
	close(fd);
	return code;
}
