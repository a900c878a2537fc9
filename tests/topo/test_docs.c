/* docs/topo-format.md and docs/topo.schema.json say what topo/ does. */
#include <jansson.h>

#include "tests/topo/topo_test.h"

static char *read_all(const char *path)
{
	static char buffer[1 << 17];
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	size_t length = fread(buffer, 1, sizeof(buffer) - 1, file);
	fclose(file);
	buffer[length] = '\0';
	return buffer;
}

/* Every fenced example that is a whole scenario loads without a word. */
static void examples_load(void **state)
{
	(void)state;
	char *p = read_all(SIMRUN_SOURCE "/docs/topo-format.md");
	size_t count = 0;
	while ((p = strstr(p, "```yaml\nsimrun: 1\n"))) {
		char *end = strstr(p + 8, "```");
		assert_non_null(end);
		*end = '\0';
		struct loaded l = load_good(p + 8);
		print_diags(&l.diags);
		assert_int_equal(l.diags.count, 0);
		unload(&l);
		p = end + 1;
		count++;
	}
	assert_true(count >= 1);
}

struct schema_row {
	const char *definition; /* NULL: the root */
	const char *text;       /* %s: a key */
};

/* A key that the schema knows must be known to the loader. */
static void schema_keys_are_known(void **state)
{
	static const struct schema_row rows[] = {
		{ NULL, "simrun: 1\n%s:\n" },
		{ "topology", "simrun: 1\ntopology:\n  %s:\n" },
		{ "node", "simrun: 1\ntopology: { nodes: { a: { %s: } } }\n" },
		{ "link", "simrun: 1\ntopology: { nodes: { a: {} }, links: [{ %s: }] }\n" },
		{ "step", "simrun: 1\ntopology: { nodes: { a: {} } }\ntimeline: [{ %s: }]\n" },
		{ "expectation",
		  "simrun: 1\ntopology: { nodes: { a: {} } }\nexpect: { x: { %s: } }\n" },
		{ "flow", "simrun: 1\ntopology: { nodes: { a: {} } }\n"
			  "expect: { x: { reachable: { %s: } } }\n" },
		{ "route", "simrun: 1\ntopology: { nodes: { a: {} } }\n"
			   "expect: { x: { node: a, routes: [{ %s: }] } }\n" },
	};
	(void)state;
	json_error_t error;
	json_t *schema = json_load_file(SIMRUN_SOURCE "/docs/topo.schema.json", 0, &error);
	if (!schema)
		print_message("line %d: %s\n", error.line, error.text);
	assert_non_null(schema);
	size_t count = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *object = schema;
		if (rows[i].definition)
			object = json_object_get(json_object_get(schema, "definitions"),
						 rows[i].definition);
		assert_non_null(object);
		if (!json_object_get(object, "properties"))
			object = json_array_get(json_object_get(object, "oneOf"), 1);
		const char *key;
		json_t *value;
		json_object_foreach(json_object_get(object, "properties"), key, value) {
			char text[400];
			const char *mark = strstr(rows[i].text, "%s");
			snprintf(text, sizeof(text), "%.*s%s%s", (int)(mark - rows[i].text),
				 rows[i].text, key, mark + 2);
			struct loaded l = load_text(text);
			const struct diag *diag = find_code(&l.diags, "E109");
			if (diag)
				print_message("%s: %s\n", rows[i].definition, diag->text);
			assert_null(diag);
			unload(&l);
			count++;
		}
	}
	assert_true(count > 60);
	json_decref(schema);
}

/* The reference names every verb and every kind of expectation the schema has. */
static void reference_names_everything(void **state)
{
	static const char *const definitions[] = { "step", "expectation", "node", "link" };
	(void)state;
	json_error_t error;
	json_t *schema = json_load_file(SIMRUN_SOURCE "/docs/topo.schema.json", 0, &error);
	const char *text = read_all(SIMRUN_SOURCE "/docs/topo-format.md");
	for (size_t i = 0; i < 4; i++) {
		json_t *object = json_object_get(json_object_get(schema, "definitions"),
						 definitions[i]);
		const char *key;
		json_t *value;
		json_object_foreach(json_object_get(object, "properties"), key, value) {
			if (!strstr(text, key))
				print_message("%s is not in docs/topo-format.md\n", key);
			assert_non_null(strstr(text, key));
		}
	}
	json_decref(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_load),
		cmocka_unit_test(schema_keys_are_known),
		cmocka_unit_test(reference_names_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
