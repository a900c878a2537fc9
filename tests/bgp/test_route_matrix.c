/* What real daemons sent, stimulus by stimulus: the reflection matrix measured on five daemons,
 * every cell of it played against the RIB with their profiles. Where the file puts withdrawals and
 * an announcement into one message, so must we; GoBGP's messages bear one prefix each. */
#include "tests/bgp/route_net.h"

enum { C1, C2, N1, N2, E1, E2, SPEAKERS };

static const uint8_t attr_200[] = { 0xc0, 200, 4, 0xde, 0xad, 0xbe, 0xef };
static const uint8_t attr_201[] = { 0x80, 201, 4, 0xde, 0xad, 0xbe, 0xef };

enum act { ANNOUNCE, WITHDRAW, CLOSE };
static const struct stimulus {
	const char *name; /* as in the file */
	enum act act;
	int from;
	struct spec spec;
} stimuli[] = {
#define P(n) .prefixes = "20.0." #n ".0/24"
	{ "01 client basic from c1", ANNOUNCE, C1,
	  { P(1), .next_hop = "10.0.0.2", .med = 10, .local_pref = 150,
	    .communities = "65000:1" } },
	{ "02 nonclient basic from n1", ANNOUNCE, N1,
	  { P(2), .next_hop = "10.0.0.4", .local_pref = 100 } },
	{ "03 ebgp basic med from e1", ANNOUNCE, E1,
	  { P(3), .next_hop = "10.0.0.5", .path = "65100", .med = 50 } },
	{ "04 client existing orig/cluster from c1", ANNOUNCE, C1,
	  { P(4), .next_hop = "10.0.0.2", .local_pref = 100, .originator = "9.9.9.9",
	    .clusters = "8.8.8.8" } },
	{ "05 client own cluster id from c1", ANNOUNCE, C1,
	  { P(5), .next_hop = "10.0.0.2", .local_pref = 100, .originator = "9.9.9.9",
	    .clusters = "10.0.0.1" } },
	{ "06 client own originator from c1", ANNOUNCE, C1,
	  { P(6), .next_hop = "10.0.0.2", .local_pref = 100, .originator = "10.0.0.1",
	    .clusters = "8.8.8.8" } },
	{ "07 nonclient own cluster id from n1", ANNOUNCE, N1,
	  { P(7), .next_hop = "10.0.0.4", .local_pref = 100, .originator = "9.9.9.9",
	    .clusters = "10.0.0.1" } },
	{ "08 client nh other subnet from c1", ANNOUNCE, C1,
	  { P(8), .next_hop = "10.0.1.2", .local_pref = 100 } },
	{ "09 client nh unresolvable from c1", ANNOUNCE, C1,
	  { P(9), .next_hop = "172.16.9.9", .local_pref = 100 } },
	{ "10 client originator=c2 rid from c1", ANNOUNCE, C1,
	  { P(10), .next_hop = "10.0.0.2", .local_pref = 100, .originator = "10.0.0.3",
	    .clusters = "8.8.8.8" } },
	{ "11 ebgp as loop from e1", ANNOUNCE, E1,
	  { P(11), .next_hop = "10.0.0.5", .path = "65100 65000" } },
	{ "12 client NO_EXPORT from c1", ANNOUNCE, C1,
	  { P(12), .next_hop = "10.0.0.2", .local_pref = 100, .communities = "65535:65281" } },
	{ "13 client NO_ADVERTISE from c1", ANNOUNCE, C1,
	  { P(13), .next_hop = "10.0.0.2", .local_pref = 100, .communities = "65535:65282" } },
	{ "14a tie rid n1 from n1", ANNOUNCE, N1,
	  { P(14), .next_hop = "10.0.0.4", .local_pref = 100 } },
	{ "14b tie rid c1 (lower id) from c1", ANNOUNCE, C1,
	  { P(14), .next_hop = "10.0.0.2", .local_pref = 100 } },
	{ "15a originator tie c1 orig 10.0.0.9 from c1", ANNOUNCE, C1,
	  { P(15), .next_hop = "10.0.0.2", .local_pref = 100, .originator = "10.0.0.9",
	    .clusters = "8.8.8.8" } },
	{ "15b originator tie n1 (id 10.0.0.4) from n1", ANNOUNCE, N1,
	  { P(15), .next_hop = "10.0.0.4", .local_pref = 100 } },
	{ "16a clist len2 c1 from c1", ANNOUNCE, C1,
	  { P(16), .next_hop = "10.0.0.2", .local_pref = 100, .originator = "10.0.0.9",
	    .clusters = "8.8.8.8 7.7.7.7" } },
	{ "16b clist len1 c2 from c2", ANNOUNCE, C2,
	  { P(16), .next_hop = "10.0.0.3", .local_pref = 100, .originator = "10.0.0.9",
	    .clusters = "8.8.8.8" } },
	{ "17a ebgp tie e2 first from e2", ANNOUNCE, E2,
	  { P(17), .next_hop = "10.0.0.6", .path = "65200" } },
	{ "17b ebgp tie e1 (lower id) from e1", ANNOUNCE, E1,
	  { P(17), .next_hop = "10.0.0.5", .path = "65100" } },
	{ "18a med different AS e1 med10 from e1", ANNOUNCE, E1,
	  { P(18), .next_hop = "10.0.0.5", .path = "65100 65300", .med = 10 } },
	{ "18b med different AS e2 med5 from e2", ANNOUNCE, E2,
	  { P(18), .next_hop = "10.0.0.6", .path = "65200 65300", .med = 5 } },
	{ "19a ibgp med10 path 65300 c1 from c1", ANNOUNCE, C1,
	  { P(19), .next_hop = "10.0.0.2", .path = "65300", .local_pref = 100, .med = 10 } },
	{ "19b ibgp no med path 65300 n1 from n1", ANNOUNCE, N1,
	  { P(19), .next_hop = "10.0.0.4", .path = "65300", .local_pref = 100 } },
	{ "20 unknown opt trans 200 from c1", ANNOUNCE, C1,
	  { P(20), .next_hop = "10.0.0.2", .local_pref = 100, .unknown = attr_200,
	    .unknown_length = sizeof(attr_200) } },
	{ "21 unknown opt nontrans 201 from c1", ANNOUNCE, C1,
	  { P(21), .next_hop = "10.0.0.2", .local_pref = 100, .unknown = attr_201,
	    .unknown_length = sizeof(attr_201) } },
	{ "22 ebgp empty lp/ from e1 nh third party 10.0.0.99 from e1", ANNOUNCE, E1,
	  { P(22), .next_hop = "10.0.0.99", .path = "65100" } },
	{ "23 withdraw 20.0.1.0/24 from c1", WITHDRAW, C1, { P(1) } },
	{ "24a two paths best c1 then withdraw; n1 path from n1", ANNOUNCE, N1,
	  { P(24), .next_hop = "10.0.0.4", .local_pref = 90 } },
	{ "24b best from c1 from c1", ANNOUNCE, C1,
	  { P(24), .next_hop = "10.0.0.2", .local_pref = 200 } },
	{ "24c c1 withdraws from c1", WITHDRAW, C1, { P(24) } },
	{ "25 implicit replace attrs from c1", ANNOUNCE, C1,
	  { P(4), .next_hop = "10.0.0.2", .local_pref = 101 } },
	{ "26 same update again (duplicate) from c1", ANNOUNCE, C1,
	  { P(4), .next_hop = "10.0.0.2", .local_pref = 101 } },
	{ "c1 FIN close", CLOSE, C1, { 0 } },
	{ "e1 RST close", CLOSE, E1, { 0 } },
#undef P
};
#define STIMULI (sizeof(stimuli) / sizeof(stimuli[0]))

/* ---- text ----------------------------------------------------------------------------------- */

#define LINES_MAX 64
struct lines {
	char items[LINES_MAX][320];
	size_t count;
};

static void lines_add(struct lines *lines, const char *what, const char *prefix, size_t length,
		      const char *attrs)
{
	assert_true(lines->count < LINES_MAX);
	snprintf(lines->items[lines->count++], sizeof(lines->items[0]), "%s %.*s%s%s", what,
		 (int)length, prefix, *attrs ? " " : "", attrs);
}

static int compare_lines(const void *a, const void *b) { return strcmp(a, b); }

static void lines_sort(struct lines *lines)
{
	qsort(lines->items, lines->count, sizeof(lines->items[0]), compare_lines);
}

/* "WD{a,b} ANN{c} P=..", with or without its first half. */
static void lines_of_message(struct lines *lines, char *part)
{
	while (part) {
		char *open = strchr(part, '{'), *close = strchr(part, '}');
		assert_non_null(open);
		assert_non_null(close);
		*open = *close = '\0';
		char *attrs = close + 1 + (close[1] == ' ');
		char *along = strncmp(attrs, "ANN{", 4) == 0 ? attrs : NULL;
		for (char *p = open + 1; *p;) {
			size_t n = strcspn(p, ",");
			lines_add(lines, part, p, n, along ? "" : attrs);
			p += n + (p[n] == ',');
		}
		part = along;
	}
}

/* "WD{a,b} ;; ANN{c} P=.." as lines "WD a", "WD b", "ANN c P=..". */
static void lines_of_cell(struct lines *lines, char *cell)
{
	lines->count = 0;
	for (char *part = cell; part && strcmp(cell, "-") != 0;) {
		char *next = strstr(part, " ;; ");
		if (next) {
			*next = '\0';
			next += 4;
		}
		lines_of_message(lines, part);
		part = next;
	}
	lines_sort(lines);
}

static void lines_of_log(struct lines *lines, const struct text *log)
{
	lines->count = 0;
	for (const char *at = text_string(log); *at;) {
		size_t n = strcspn(at, "\n");
		assert_true(lines->count < LINES_MAX);
		snprintf(lines->items[lines->count++], sizeof(lines->items[0]), "%.*s", (int)n, at);
		at += n + 1;
	}
	lines_sort(lines);
}

static uint32_t messages_of_cell(const char *cell)
{
	uint32_t count = strcmp(cell, "-") != 0;
	for (const char *at = cell; (at = strstr(at, " ;; ")); at += 4)
		count++;
	return count;
}

static size_t compare_cell(const char *stimulus, const char *daemon, int speaker, char *cell,
			   const struct net_peer *peer)
{
	static struct lines want, have;
	uint32_t messages = messages_of_cell(cell);
	lines_of_cell(&want, cell);
	lines_of_log(&have, &peer->log);
	bool same = want.count == have.count && messages == peer->messages;
	for (size_t i = 0; same && i < want.count; i++)
		same = strcmp(want.items[i], have.items[i]) == 0;
	if (same)
		return 0;
	print_message("%s, %s, speaker %d: %u messages wanted, %u came\n", stimulus, daemon,
		      speaker, messages, peer->messages);
	for (size_t i = 0; i < want.count; i++)
		print_message("   wanted  %s\n", want.items[i]);
	for (size_t i = 0; i < have.count; i++)
		print_message("   was     %s\n", have.items[i]);
	return 1;
}

/* ---- the run -------------------------------------------------------------------------------- */

static void matrix_init(struct net *net, struct bgp_profile profile)
{
	net_init(net, profile);
	net_peer(net, C1, "10.0.0.2", 65000)->config.rr_client = true;
	net_peer(net, C2, "10.0.0.3", 65000)->config.rr_client = true;
	net_peer(net, N1, "10.0.0.4", 65000);
	net_peer(net, N2, "10.0.0.7", 65000);
	net_peer(net, E1, "10.0.0.5", 65100);
	net_peer(net, E2, "10.0.0.6", 65200);
	for (uint32_t i = 0; i < SPEAKERS; i++)
		net_up(net, i);
	net_run(net);
}

static void stimulate(struct net *net, const struct stimulus *stimulus)
{
	net_clear(net);
	if (stimulus->act == ANNOUNCE)
		net_announce(net, (uint32_t)stimulus->from, stimulus->spec);
	else if (stimulus->act == WITHDRAW)
		net_withdraw(net, (uint32_t)stimulus->from, stimulus->spec.prefixes, 0);
	else
		net_down(net, (uint32_t)stimulus->from, 0);
	net_run(net);
}

/* Plays one daemon's column of the file; returns how many cells were judged. */
static size_t play(const char *file, const char *daemon, struct bgp_profile profile, size_t *wrong)
{
	static struct net net;
	static char line[16384];
	size_t judged = 0, at = 0;
	FILE *in = fopen(file, "r");
	assert_non_null(in);
	matrix_init(&net, profile);
	while (fgets(line, sizeof(line), in)) {
		char *fields[2 + SPEAKERS], *rest = line;
		line[strcspn(line, "\n")] = '\0';
		for (int i = 0; i < 2 + SPEAKERS; i++)
			fields[i] = strsep(&rest, "\t");
		if (line[0] == '#' || !fields[1 + SPEAKERS] || strcmp(fields[1], daemon) != 0)
			continue;
		assert_true(at < STIMULI);
		assert_string_equal(fields[0], stimuli[at].name);
		stimulate(&net, &stimuli[at]);
		for (int i = 0; i < SPEAKERS; i++) {
			if (!net.peers[i].up)
				continue;
			*wrong += compare_cell(fields[0], daemon, i, fields[2 + i],
					       &net.peers[i]);
			judged++;
			assert_int_equal(net.peers[i].spurious, 0);
		}
		at++;
	}
	fclose(in);
	assert_int_equal(at, STIMULI);
	net_free(&net);
	return judged;
}

static void as_measured(void **state)
{
	(void)state;
	const char *file = SIMRUN_SHARED "/bgp/data/observed/rr-matrix.tsv";
	FILE *in = fopen(file, "r");
	if (!in) {
		print_message("shared data not here: %s\n", file);
		skip();
	}
	fclose(in);
	size_t wrong = 0;
	static const struct {
		const char *column;
		const struct bgp_profile *profile;
	} columns[] = {
		{ "bird16", &bgp_profile_calico_bird },
		{ "bird16", &bgp_profile_bird },
		{ "bird2", &bgp_profile_bird2 },
		{ "frr", &bgp_profile_frr },
		{ "frr", &bgp_profile_frr_datacenter },
		{ "gobgp", &bgp_profile_gobgp },
		{ "obgpd", &bgp_profile_openbgpd },
	};
	size_t judged = 0, count = sizeof(columns) / sizeof(columns[0]);
	for (size_t i = 0; i < count; i++) {
		size_t here = play(file, columns[i].column, *columns[i].profile, &wrong);
		assert_int_equal(here, STIMULI * SPEAKERS - 3); /* c1 down twice, e1 once */
		judged += here;
	}
	print_message("%zu cells judged, %zu wrong\n", judged, wrong);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_measured) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
