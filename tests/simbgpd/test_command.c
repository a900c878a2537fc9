/* The control socket's language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/config.h"
#include "simbgpd/command.h"

#define BOTH (BGP_IPV4_UNICAST | BGP_IPV6_UNICAST)

static bool parse(const char *line, struct command *command)
{
	struct text error;
	text_init(&error);
	bool good = command_parse(line, strlen(line), command, &error);
	assert_true(good == (error.length == 0));
	text_free(&error);
	return good;
}

static void understood(void **state)
{
	static const struct {
		const char *line;
		enum command_kind kind;
		uint8_t families;
		bool json;
		const char *name, *prefix;
	} rows[] = {
		{ "show bgp summary", COMMAND_BGP_SUMMARY, BOTH, false, "", "" },
		{ "sh bg su", COMMAND_BGP_SUMMARY, BOTH, false, "", "" },
		{ "  show\tbgp  summary json \r", COMMAND_BGP_SUMMARY, BOTH, true, "", "" },
		{ "show ip bgp summary", COMMAND_BGP_SUMMARY, BGP_IPV4_UNICAST, false, "", "" },
		{ "show bgp ipv6 unicast summary", COMMAND_BGP_SUMMARY, BGP_IPV6_UNICAST, false, "",
		  "" },
		{ "show bgp ipv4 summary", COMMAND_BGP_SUMMARY, BGP_IPV4_UNICAST, false, "", "" },
		{ "show bgp", COMMAND_BGP_TABLE, BOTH, false, "", "" },
		{ "show bgp ipv4 unicast", COMMAND_BGP_TABLE, BGP_IPV4_UNICAST, false, "", "" },
		{ "show bgp ipv4 unicast 10.0.0.0/8 json", COMMAND_BGP_TABLE, BGP_IPV4_UNICAST, true,
		  "", "10.0.0.0/8" },
		{ "show bgp ipv6 2001:db8::/32", COMMAND_BGP_TABLE, BGP_IPV6_UNICAST, false, "",
		  "2001:db8::/32" },
		{ "show bgp neighbors", COMMAND_BGP_NEIGHBORS, BOTH, false, "", "" },
		{ "show bgp neighbors 10.0.0.1 json", COMMAND_BGP_NEIGHBORS, BOTH, true, "10.0.0.1",
		  "" },
		{ "show protocols", COMMAND_BIRD_PROTOCOLS, BOTH, false, "", "" },
		{ "show protocols all peer", COMMAND_BIRD_PROTOCOLS, BOTH, false, "peer", "" },
		{ "show route", COMMAND_BIRD_ROUTE, BOTH, false, "", "" },
		{ "show route 10.0.0.0/8", COMMAND_BIRD_ROUTE, BOTH, false, "", "10.0.0.0/8" },
		{ "show status json", COMMAND_STATUS, BOTH, true, "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct command command;
		char prefix[IP_TEXT_MAX] = "";
		if (!parse(rows[i].line, &command))
			fail_msg("not understood: %s", rows[i].line);
		if (command.prefix.addr.family)
			ip_prefix_format(command.prefix, prefix);
		assert_int_equal(command.kind, rows[i].kind);
		assert_int_equal(command.families, rows[i].families);
		assert_int_equal(command.json, rows[i].json);
		assert_string_equal(command.name, rows[i].name);
		assert_string_equal(prefix, rows[i].prefix);
	}
}

static void refused(void **state)
{
	static const char *const lines[] = {
		"", "show", "json", "show json", "shows bgp", "show bgp summary more",
		"show bgp ipv4 unicast 10.0.0.0/33", "show bgp ipv5", "show route here",
		"show bgp neighbors a b", "a b c d e f g h i", "show bgp summary\x01",
		("show bgp neighbors "
		 "0123456789012345678901234567890123456789012345678901234567890123456789"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct command command;
		if (parse(lines[i], &command))
			fail_msg("understood: %s", lines[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(understood), cmocka_unit_test(refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
