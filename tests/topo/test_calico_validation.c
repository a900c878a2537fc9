/* What calicoctl accepts and refuses: Calico's own table, as far as it is about v3.23. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "topo/calico/calico.h"

static bool accepted(const char *kind, const char *name, const char *spec)
{
	struct diag_list diags;
	struct calico_store store;
	const struct yaml_node *const *documents;
	size_t count;
	diag_list_init(&diags);
	calico_store_init(&store);
	const char *text =
		arena_printf(&diags.arena,
			     "{\"apiVersion\": \"projectcalico.org/v3\", \"kind\": \"%s\", "
			     "\"metadata\": {\"name\": \"%s\"}, \"spec\": %s}",
			     kind, name, spec);
	bool good = yaml_documents(&diags, source_of(&diags, "row", text, strlen(text)), &documents,
				   &count);
	assert_true(good && count == 1);
	good = calico_store_add(&diags, &store, documents[0]);
	assert_int_equal(good, diags.errors == 0);
	diag_list_free(&diags);
	return good;
}

static void test_key_rows(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *name, *spec;
		bool valid;
	} rows[] = {
		{ "BGPPeer", "p", "{\"peerIP\": \"1.2.3.4\"}", true },
		{ "BGPPeer", "p", "{\"peerIP\": \"[9000::]:500\"}", true },
		{ "BGPPeer", "p", "{\"peerIP\": \"9000::1:500\", \"asNumber\": \"1.10\"}", true },
		{ "BGPPeer", "p", "{\"peerIP\": \"1.2.3.4:0\"}", false },
		{ "BGPPeer", "p", "{\"peerIP\": \"1.2.3.4\", \"asNumber\": -1}", false },
		{ "BGPPeer", "p", "{\"node\": \"a\", \"nodeSelector\": \"all()\"}", false },
		{ "BGPPeer", "p", "{\"maxRestartTime\": \"10\"}", false },
		{ "BGPPeer", "p", "{\"maxRestartTime\": \"1m30s\"}", true },
		{ "BGPPeer", "P", "{\"peerIP\": \"1.2.3.4\"}", false },
		{ "Node", "n", "{\"bgp\": {\"ipv4Address\": \"1.2.3.4\"}}", true },
		{ "Node", "n", "{\"bgp\": {\"ipv6Address\": \"1.2.3.4\"}}", false },
		{ "IPPool", "p", "{\"cidr\": \"10.0.0.0/16\", \"ipipMode\": \"never\"}", false },
		{ "IPPool", "p", "{\"cidr\": \"10.0.0.0/16\", \"blockSize\": 19}", false },
		{ "IPPool", "p", "{\"cidr\": \"10.0.0.0/16\", \"ipipMode\": \"Always\", "
				 "\"vxlanMode\": \"Always\"}", false },
		{ "BGPConfiguration", "default", "{\"listenPort\": 0}", false },
		{ "BGPConfiguration", "default", "{\"communities\": [{\"name\": \"a\", \"value\": "
						 "\"1:2\"}]}", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (accepted(rows[i].kind, rows[i].name, rows[i].spec) != rows[i].valid)
			fail_msg("%s %s: should be %s", rows[i].kind, rows[i].spec,
				 rows[i].valid ? "valid" : "invalid");
}

static void test_calico_table(void **state)
{
	(void)state;
	FILE *file = fopen(SIMRUN_SHARED "/calico/data/validation.tsv", "r");
	if (!file) {
		print_message("shared data not here: " SIMRUN_SHARED
			      "/calico/data/validation.tsv\n");
		skip();
	}
	char line[8192];
	size_t judged = 0, later = 0, wrong = 0;
	assert_non_null(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file)) {
		char *columns[7] = { line };
		for (size_t i = 1; i < 7; i++) {
			columns[i] = strchr(columns[i - 1], '\t');
			assert_non_null(columns[i]);
			*columns[i]++ = '\0';
		}
		if (strcmp(columns[5], "v3.23") != 0) {
			later++;
			continue;
		}
		bool valid = strcmp(columns[3], "valid") == 0;
		judged++;
		if (accepted(columns[0], columns[1], columns[2]) == valid)
			continue;
		print_message("%s %s %s: should be %s (%s)\n", columns[0], columns[1], columns[2],
			      columns[3], columns[4]);
		wrong++;
	}
	fclose(file);
	print_message("%zu rows of validation.tsv judged, %zu are about later versions\n", judged,
		      later);
	assert_true(judged > 0);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_rows),
		cmocka_unit_test(test_calico_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
