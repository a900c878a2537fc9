#include "simbgpd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgp/profile.h"

enum { OPT_NO_KERNEL = 256, OPT_PERSIST, OPT_RESTART };

static const struct row {
	struct option option;
	const char *value, *help;
} rows[] = {
	{ { "config", required_argument, NULL, 'f' }, "FILE", "frr.conf (default /etc/simbgpd.conf)" },
	{ { "profile", required_argument, NULL, 'P' }, "NAME", "behave like this implementation" },
	{ { "command", required_argument, NULL, 'c' }, "LINE", "ask the running daemon, print its answer" },
	{ { "socket", required_argument, NULL, 's' }, "PATH", "control socket (default /run/simbgpd.sock)" },
	{ { "pid", required_argument, NULL, 'i' }, "FILE", "write the process id there" },
	{ { "check", no_argument, NULL, 'C' }, NULL, "read the configuration, say what is wrong, leave" },
	{ { "listen", required_argument, NULL, 'l' }, "ADDRESS", "listen there only; once a family" },
	{ { "port", required_argument, NULL, 'p' }, "PORT", "listen to this port instead of 179" },
	{ { "user", required_argument, NULL, 'u' }, "NAME", "become this user once all is open" },
	{ { "no-kernel", no_argument, NULL, OPT_NO_KERNEL }, NULL, "leave the routing table alone" },
	{ { "persist", no_argument, NULL, OPT_PERSIST }, NULL, "leave our routes behind at the end" },
	{ { "restart", no_argument, NULL, OPT_RESTART }, NULL, "come back as RFC 4724's restarting speaker" },
	{ { "help", no_argument, NULL, 'h' }, NULL, "this text" },
	{ { "version", no_argument, NULL, 'V' }, NULL, "the version" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void help(FILE *out)
{
	fputs("usage: simbgpd [-f FILE] [options]\n       simbgpd -c 'show bgp summary'\n\n", out);
	for (size_t i = 0; i < ROWS; i++) {
		const struct option *option = &rows[i].option;
		char left[40];
		if (option->val < 256)
			snprintf(left, sizeof(left), "-%c, --%s %s", option->val, option->name,
				 rows[i].value ? rows[i].value : "");
		else
			snprintf(left, sizeof(left), "    --%s", option->name);
		fprintf(out, "  %-24s %s\n", left, rows[i].help);
	}
	fputs("\nprofiles:", out);
	for (size_t i = 0; bgp_profile_at(i); i++)
		fprintf(out, " %s", bgp_profile_at(i)->name);
	fputs("\nsignals: SIGHUP reads the configuration again, SIGTERM says goodbye to everybody\n", out);
}

static int wrong(const char *what, const char *value)
{
	fprintf(stderr, "simbgpd: %s: %s\n", what, value);
	return SIMBGPD_UNREADABLE;
}

static int set_port(struct options *options, const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);
	if (*text == '\0' || *end || value < 1 || value > 65535)
		return wrong("not a port", text);
	options->choice.port = (uint16_t)value;
	return -1;
}

static int set_listen(struct options *options, const char *text)
{
	struct ip_addr addr;
	if (options->listen_count == 2 || !ip_addr_parse(text, strlen(text), &addr) ||
	    (options->listen_count == 1 && options->listen[0].family == addr.family))
		return wrong("not an address, or the second of its family", text);
	options->listen[options->listen_count++] = addr;
	return -1;
}

static int set(struct options *options, int option)
{
	switch (option) {
	case 'f': options->choice.path = optarg; return -1;
	case 'P':
		options->choice.profile = optarg;
		return bgp_profile_by_name(optarg) ? -1 : wrong("no such profile", optarg);
	case 'c': options->ask = optarg; return -1;
	case 's': options->socket_path = optarg; return -1;
	case 'i': options->pid_path = optarg; return -1;
	case 'C': options->check = true; return -1;
	case 'l': return set_listen(options, optarg);
	case 'p': return set_port(options, optarg);
	case 'u': options->user = optarg; return -1;
	case OPT_NO_KERNEL: options->kernel.detached = true; return -1;
	case OPT_PERSIST: options->kernel.persist = true; return -1;
	case OPT_RESTART: options->choice.restarting = true; return -1;
	case 'h': help(stdout); return SIMBGPD_GOOD;
	case 'V': puts("simbgpd 0.1.0"); return SIMBGPD_GOOD;
	default: help(stderr); return SIMBGPD_UNREADABLE;
	}
}

int options_read(int argc, char **argv, struct options *options)
{
	struct option longs[ROWS + 1] = { 0 };
	char shorts[2 * ROWS + 1];
	size_t at = 0;
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = rows[i].option;
		if (longs[i].val >= 256)
			continue;
		shorts[at++] = (char)longs[i].val;
		if (longs[i].has_arg)
			shorts[at++] = ':';
	}
	shorts[at] = '\0';
	*options = (struct options){ .choice.path = "/etc/simbgpd.conf",
				     .socket_path = "/run/simbgpd.sock" };
	int option, code = -1;
	while (code < 0 && (option = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		code = set(options, option);
	if (code < 0 && optind < argc)
		code = wrong("nothing more is expected", argv[optind]);
	return code;
}
