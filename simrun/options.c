#include "simrun/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"

enum flag {
	FLAG_SEED = 256, FLAG_UNTIL, FLAG_AT, FLAG_OUT, FLAG_JUNIT, FLAG_PCAP, FLAG_EXPLAIN,
	FLAG_FORMAT, FLAG_STRICT, FLAG_COLOR, FLAG_NO_PROGRESS, FLAG_NO_WRITE, FLAG_PROBE,
	FLAG_VERSION, FLAG_HELP,
};

struct flag_row {
	const char *name;
	int short_name; /* or an enum flag */
	const char *argument; /* NULL: none */
	const char *help;
};

static const struct flag_row flags[] = {
	{ "seed", FLAG_SEED, "N", "random seed (1)" },
	{ "until", FLAG_UNTIL, "TIME", "stop the run there, e.g. 90s" },
	{ "only", 'k', "GLOB", "judge only expectations of that name" },
	{ "out", 'o', "DIR", "output folder (simrun-NAME)" },
	{ "no-write", FLAG_NO_WRITE, NULL, "write no output folder" },
	{ "junit", FLAG_JUNIT, "FILE", "a copy of junit.xml there" },
	{ "pcap", FLAG_PCAP, "WHAT", "all (default), none, or the name of one link" },
	{ "probe", FLAG_PROBE, "TIME", "a probe on each flow that often (1s); 0s: none" },
	{ "at", FLAG_AT, "TIME", "show, why: the instant (the end)" },
	{ "explain", FLAG_EXPLAIN, "CODE", "check: what a diagnostic's code means" },
	{ "strict", FLAG_STRICT, NULL, "warnings fail, too" },
	{ "format", FLAG_FORMAT, "text|json", "of what is printed" },
	{ "color", FLAG_COLOR, "WHEN", "auto, always, never" },
	{ "no-progress", FLAG_NO_PROGRESS, NULL, "no progress line" },
	{ "quiet", 'q', NULL, "only the result" },
	{ "verbose", 'v', NULL, "more" },
	{ "topo", 't', "FILE", "the scenario, for fingers used to containerlab" },
	{ "directory", 'C', "DIR", "go there first" },
	{ "version", FLAG_VERSION, NULL, "print the version" },
	{ "help", FLAG_HELP, NULL, "print this" },
};
#define FLAG_COUNT (sizeof(flags) / sizeof(flags[0]))

struct verb_row {
	const char *name, *arguments, *help;
};
static const struct verb_row verb_rows[] = {
	{ "run", "FILE.topo", "simulate, judge, report; also without the word run" },
	{ "check", "FILE.topo ...", "read, find mistakes, print the session matrix; runs nothing" },
	{ "show", "RUN NODE 'COMMAND'", "what a command would have printed there, --at a time" },
	{ "why", "RUN EXPECTATION|'FLOW'", "hop by hop, since when, and because of what" },
	{ "version", "", "print the version" },
	{ "help", "", "print this" },
};
#define VERB_COUNT (sizeof(verb_rows) / sizeof(verb_rows[0]))

static void print_help(FILE *out)
{
	fputs("simrun: will every pod be reachable from outside, and what happens when this "
	      "reflector dies?\n\n",
	      out);
	for (size_t i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  simrun %-6s %-24s %s\n", verb_rows[i].name, verb_rows[i].arguments,
			verb_rows[i].help);
	fputs("\n", out);
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		char name[64];
		snprintf(name, sizeof(name), "--%s%s%s", flags[i].name,
			 flags[i].argument ? " " : "", flags[i].argument ? flags[i].argument : "");
		if (flags[i].short_name < 256)
			fprintf(out, "  -%c, %-22s %s\n", flags[i].short_name, name, flags[i].help);
		else
			fprintf(out, "      %-22s %s\n", name, flags[i].help);
	}
	fputs("\nEvery flag also as SIMRUN_NAME in the environment (SIMRUN_SEED=7).\n"
	      "Exit: 0 all hold, 1 one failed, 2 cannot read it, 3 the machine's trouble,\n"
	      "      4 simrun broke, 5 nothing was judged, 130 interrupted.\n",
	      out);
}

/* "90s", "1.5s", "10ms", "2m", "1h": digits, perhaps a fraction, and always a unit. */
static bool read_time(const char *text, int64_t *ns)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = { { "ns", 1 },	{ "us", NS_PER_US },	{ "ms", NS_PER_MS },
		      { "s", NS_PER_S }, { "m", 60 * NS_PER_S }, { "h", 3600 * NS_PER_S } };
	size_t digits = strspn(text, "0123456789");
	size_t fraction = text[digits] == '.' ? strspn(text + digits + 1, "0123456789") : 0;
	const char *unit = text + digits + (text[digits] == '.' ? fraction + 1 : 0);
	if (digits == 0 || digits > 9 || fraction > 9)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].unit, unit) != 0)
			continue;
		int64_t value, scale = units[i].ns;
		if (__builtin_mul_overflow(strtoll(text, NULL, 10), scale, &value) ||
		    value > INT64_MAX - scale)
			return false;
		for (size_t j = 0; j < fraction; j++) {
			scale /= 10;
			value += (text[digits + 1 + j] - '0') * scale;
		}
		*ns = value;
		return true;
	}
	return false;
}

static bool read_number(const char *text, uint64_t *value)
{
	char *end;
	errno = 0;
	if (!isdigit((unsigned char)text[0]))
		return false;
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	*value = strtoull(text, &end, hex ? 16 : 10); /* 010 is ten */
	return errno == 0 && *end == '\0';
}

static bool read_colour(const char *text, struct style *style)
{
	bool term = getenv("TERM") && strcmp(getenv("TERM"), "dumb") != 0;
	bool plain = getenv("NO_COLOR") && getenv("NO_COLOR")[0];
	bool forced = getenv("CLICOLOR_FORCE") && strcmp(getenv("CLICOLOR_FORCE"), "0") != 0;
	if (strcmp(text, "always") == 0)
		style->colour = true;
	else if (strcmp(text, "never") == 0)
		style->colour = false;
	else if (strcmp(text, "auto") == 0)
		style->colour = (forced && !plain) || (isatty(STDOUT_FILENO) && term && !plain);
	else
		return false;
	return true;
}

static int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int usage(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("simrun: ", stderr);
	vfprintf(stderr, format, list);
	va_end(list);
	fputs("\n(simrun --help lists verbs and flags)\n", stderr);
	return EXIT_UNREADABLE;
}

static const struct {
	const char *argument, *wants;
} wanted[] = {
	{ "N", "a whole number" },
	{ "TIME", "a time with its unit, such as 90s" },
	{ "WHEN", "auto, always or never" },
	{ "text|json", "text or json" },
};

static int nonsense(int flag, const char *value)
{
	const char *name = "?", *wants = "something else";
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if (flags[i].short_name != flag)
			continue;
		name = flags[i].name;
		for (size_t j = 0; j < sizeof(wanted) / sizeof(wanted[0]); j++)
			if (strcmp(wanted[j].argument, flags[i].argument) == 0)
				wants = wanted[j].wants;
	}
	return usage("--%s '%s': %s was expected", name, value, wants);
}

/* One flag; -1 to go on. */
static int take(struct options *o, int flag, const char *value)
{
	bool good = true;
	switch (flag) {
	case FLAG_SEED: good = read_number(value, &o->seed); break;
	case FLAG_UNTIL: good = read_time(value, &o->until_ns) && o->until_ns > 0; break;
	case FLAG_AT: good = read_time(value, &o->at_ns); break;
	case FLAG_PROBE: good = read_time(value, &o->probe_interval_ns); break;
	case FLAG_OUT:
	case 'o': o->out = value; good = value[0] != '\0'; break;
	case 'k': o->only = value; break;
	case FLAG_JUNIT: o->junit = value; break;
	case FLAG_PCAP: o->pcap = value; break;
	case FLAG_EXPLAIN: o->explain = value; break;
	case FLAG_STRICT: o->strict = true; break;
	case FLAG_NO_PROGRESS: o->no_progress = true; break;
	case FLAG_NO_WRITE: o->no_write = true; break;
	case FLAG_COLOR: good = read_colour(value, &o->style); break;
	case 'q': o->quiet = true; break;
	case 'v': o->verbose = true; break;
	case FLAG_FORMAT:
		good = strcmp(value, "text") == 0 || strcmp(value, "json") == 0;
		o->format = strcmp(value, "json") == 0 ? FORMAT_JSON : FORMAT_TEXT;
		break;
	case 't': o->topo = value; break;
	case 'C':
		if (chdir(value) != 0)
			return usage("%s: %s", value, strerror(errno));
		break;
	case FLAG_VERSION: puts("simrun " SIMRUN_VERSION); return EXIT_HOLDS;
	case FLAG_HELP: print_help(stdout); return EXIT_HOLDS;
	default: return EXIT_UNREADABLE; /* getopt has said why */
	}
	if (!good)
		return nonsense(flag, value);
	return -1;
}

/* SIMRUN_OUT, SIMRUN_NO_PROGRESS=1, ... for every flag of the table. */
static int take_environment(struct options *o)
{
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		char name[64] = "SIMRUN_";
		size_t n = strlen(name);
		for (const char *p = flags[i].name; *p && n + 1 < sizeof(name); p++)
			name[n++] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
		name[n] = '\0';
		const char *value = getenv(name);
		bool skip = flags[i].short_name == FLAG_HELP ||
			    flags[i].short_name == FLAG_VERSION || flags[i].short_name == 'C';
		if (!value || !value[0] || skip || (!flags[i].argument && strcmp(value, "0") == 0))
			continue;
		int code = take(o, flags[i].short_name, value);
		if (code >= 0) {
			fprintf(stderr, "(it came from %s in the environment)\n", name);
			return code;
		}
	}
	return -1;
}

static int take_flags(int argc, char **argv, struct options *o)
{
	struct option table[FLAG_COUNT + 1];
	char letters[3 * FLAG_COUNT + 1];
	size_t n = 0;
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		table[i] = (struct option){ flags[i].name,
					    flags[i].argument ? required_argument : no_argument,
					    NULL, flags[i].short_name };
		if (flags[i].short_name < 256) {
			letters[n++] = (char)flags[i].short_name;
			if (flags[i].argument)
				letters[n++] = ':';
		}
	}
	letters[n] = '\0';
	table[FLAG_COUNT] = (struct option){ 0 };
	int flag, code;
	while ((flag = getopt_long(argc, argv, letters, table, NULL)) != -1)
		if ((code = take(o, flag, optarg)) >= 0)
			return code;
	for (; optind < argc; optind++)
		o->files[o->file_count++] = argv[optind];
	return -1;
}

/* -t FILE is one more file, before the others. SIMRUN_TOPO counts only where nothing else is named. */
static int take_topo(struct options *o, bool typed)
{
	bool wants = strcmp(o->verb, "run") == 0 || strcmp(o->verb, "check") == 0;
	if (!o->topo || (!typed && (!wants || o->file_count > 0)))
		return -1;
	if (!wants)
		return usage("--topo goes with run and check, not with %s", o->verb);
	for (int i = o->file_count++; i > 0; i--)
		o->files[i] = o->files[i - 1];
	o->files[0] = o->topo;
	return -1;
}

/* The first word is a verb, or a file to run. */
static int find_verb(struct options *o)
{
	o->verb = o->explain ? "check" : "run";
	if (o->file_count > 0) {
		for (size_t i = 0; i < VERB_COUNT; i++) {
			if (strcmp(verb_rows[i].name, o->files[0]) != 0)
				continue;
			o->verb = verb_rows[i].name;
			o->files++;
			o->file_count--;
			return -1;
		}
		if (!strchr(o->files[0], '.') && access(o->files[0], F_OK) != 0)
			return usage("'%s' is neither a verb nor a file", o->files[0]);
	}
	return -1;
}

/* No file named and exactly one *.topo here: that one. */
static void take_only_file(struct options *o, struct arena *arena)
{
	if (o->file_count > 0 || o->explain ||
	    (strcmp(o->verb, "run") != 0 && strcmp(o->verb, "check") != 0))
		return;
	glob_t found;
	int result = glob("*.topo", 0, NULL, &found);
	if (result == 0 && found.gl_pathc == 1) {
		o->files[o->file_count++] = arena_strdup(arena, found.gl_pathv[0]);
		fprintf(stderr, "simrun: no file named; taking %s\n", o->files[0]);
	}
	if (result == 0)
		globfree(&found);
}

int options_read(int argc, char **argv, struct arena *arena, struct options *o)
{
	setlocale(LC_CTYPE, "");
	*o = (struct options){ .seed = 1,
			       .at_ns = INT64_MIN,
			       .pcap = "all",
			       .probe_interval_ns = NS_PER_S };
	o->files = arena_alloc(arena, ((size_t)argc + FLAG_COUNT + 2) * sizeof(*o->files));
	o->style.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		o->style.columns = size.ws_col;
	o->github = getenv("GITHUB_ACTIONS") && strcmp(getenv("GITHUB_ACTIONS"), "true") == 0;
	read_colour("auto", &o->style);
	struct text line;
	text_init(&line);
	for (int i = 0; i < argc; i++)
		text_printf(&line, "%s%s", i ? " " : "", argv[i]);
	o->command_line = arena_strdup(arena, text_string(&line));
	text_free(&line);
	int code = take_environment(o);
	const char *inherited = o->topo;
	if (code < 0)
		code = take_flags(argc, argv, o);
	if (code < 0)
		code = find_verb(o);
	if (code < 0)
		code = take_topo(o, o->topo != inherited);
	if (code < 0)
		take_only_file(o, arena);
	if (code < 0 && strcmp(o->verb, "help") == 0)
		return take(o, FLAG_HELP, NULL);
	if (code < 0 && strcmp(o->verb, "version") == 0)
		return take(o, FLAG_VERSION, NULL);
	return code;
}
