#include "reports/junit.h"

#include <string.h>

static void attribute(struct text *out, const char *name, const char *value)
{
	text_printf(out, " %s=\"", name);
	text_xml(out, value);
	text_char(out, '"');
}

static void attribute_seconds(struct text *out, const char *name, int64_t ns)
{
	text_printf(out, " %s=\"%lld.%03lld\"", name, (long long)(ns / 1000000000),
		    (long long)(ns / 1000000 % 1000));
}

static void property(struct text *out, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void property(struct text *out, const char *name, const char *format, ...)
{
	struct text value;
	text_init(&value);
	va_list list;
	va_start(list, format);
	text_vprintf(&value, format, list);
	va_end(list);
	text_put(out, "      <property");
	attribute(out, "name", name);
	attribute(out, "value", text_string(&value));
	text_put(out, "/>\n");
	text_free(&value);
}

/* A case's name as it will be read. GitLab drops the second of two cases with one name, and names
 * that differ only in characters XML cannot hold become the same. */
static void case_name(const struct run *run, uint32_t index, struct text *out)
{
	uint32_t before = 0;
	text_xml(out, run->verdicts[index].expect->name);
	for (uint32_t i = 0; i < index; i++) {
		struct text other;
		text_init(&other);
		text_xml(&other, run->verdicts[i].expect->name);
		before += strcmp(text_string(&other), text_string(out)) == 0;
		text_free(&other);
	}
	if (before)
		text_printf(out, " (%u)", before + 1);
}

static void write_case(const struct run *run, uint32_t index, struct text *out)
{
	const struct verdict *verdict = &run->verdicts[index];
	const struct model_expect *expect = verdict->expect;
	text_put(out, "    <testcase");
	attribute(out, "classname", run->model->name);
	struct text name;
	text_init(&name);
	case_name(run, index, &name);
	text_printf(out, " name=\"%s\"", text_string(&name));
	text_free(&name);
	if (expect->pos.source) {
		attribute(out, "file", expect->pos.source->path);
		text_printf(out, " line=\"%u\"", expect->pos.line);
	}
	attribute_seconds(out, "time", run->verdict_count ? run->wall_ns / run->verdict_count : 0);
	text_put(out, ">\n");
	if (verdict->result == VERDICT_FAIL) {
		text_put(out, "      <failure");
		struct text message;
		text_init(&message);
		text_printf(&message, "%s%s%s", verdict->measured, verdict->limit[0] ? ", wanted " : "",
			    verdict->limit);
		attribute(out, "message", text_string(&message));
		text_free(&message);
		attribute(out, "type", "expectation");
		text_char(out, '>');
		text_xml(out, verdict->why);
		text_put(out, "</failure>\n");
	} else if (verdict->result == VERDICT_NOT_JUDGED) {
		text_put(out, "      <skipped");
		attribute(out, "message", verdict->measured);
		text_put(out, "/>\n");
	}
	text_put(out, "      <system-out>");
	if (expect->description) {
		text_xml(out, expect->description);
		text_char(out, '\n');
	}
	text_xml(out, verdict->measured);
	if (verdict->result == VERDICT_WARN) {
		text_put(out, "\nwarning, wanted ");
		text_xml(out, verdict->limit);
		text_put(out, ":\n");
		text_xml(out, verdict->why);
	}
	text_put(out, "</system-out>\n    </testcase>\n");
}

void junit_write(const struct run *run, struct text *out)
{
	uint32_t failures = 0, skipped = 0;
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		failures += run->verdicts[i].result == VERDICT_FAIL;
		skipped += run->verdicts[i].result == VERDICT_NOT_JUDGED;
	}
	text_put(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
	attribute(out, "name", run->model->name);
	text_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\"",
		    run->verdict_count, failures, skipped);
	attribute_seconds(out, "time", run->wall_ns);
	text_put(out, ">\n    <properties>\n");
	property(out, "simrun.version", "%s", run->version);
	property(out, "simrun.world", "%s", run->world);
	property(out, "simrun.seed", "%llu", (unsigned long long)run->seed);
	property(out, "simrun.digest", "%016llx", (unsigned long long)run->digest);
	property(out, "simrun.simulated_seconds", "%lld.%03lld",
		 (long long)(run->end_ns / 1000000000), (long long)(run->end_ns / 1000000 % 1000));
	property(out, "simrun.interrupted", "%s", run->interrupted ? "yes" : "no");
	text_put(out, "    </properties>\n");
	for (uint32_t i = 0; i < run->verdict_count; i++)
		write_case(run, i, out);
	text_put(out, "  </testsuite>\n</testsuites>\n");
}

void junit_write_error(const char *name, const char *message, struct text *out)
{
	text_put(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
	attribute(out, "name", name);
	text_put(out, " tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0.000\">\n"
		      "    <testcase");
	attribute(out, "classname", name);
	text_put(out, " name=\"run\" time=\"0.000\">\n      <error");
	const char *end = strchr(message, '\n');
	struct text first;
	text_init(&first);
	text_add(&first, message, end ? (size_t)(end - message) : strlen(message));
	attribute(out, "message", text_string(&first));
	text_free(&first);
	text_put(out, " type=\"environment\">");
	text_xml(out, message);
	text_put(out, "</error>\n    </testcase>\n  </testsuite>\n</testsuites>\n");
}
