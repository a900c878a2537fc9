#include "checker/words.h"

#include <string.h>

#include "base/time.h"

void words_span(struct text *out, int64_t ns)
{
	static const struct {
		int64_t size;
		const char *unit;
	} units[] = { { NS_PER_S, "s" }, { NS_PER_MS, "ms" }, { NS_PER_US, "us" }, { 1, "ns" } };
	size_t i = 0;
	while (i < 3 && ns < units[i].size && ns != 0)
		i++;
	int64_t rest = ns % units[i].size, step = units[i].size;
	text_printf(out, "%lld", (long long)(ns / units[i].size));
	if (rest)
		text_char(out, '.');
	while (rest) {
		step /= 10;
		text_char(out, (char)('0' + rest / step));
		rest %= step;
	}
	text_put(out, units[i].unit);
}

void words_place(struct text *out, const struct model *model, struct source_pos pos,
		 const char *before)
{
	if (!pos.source || !pos.line)
		return;
	text_put(out, before);
	if (model->source_count && pos.source == model->sources[0])
		text_printf(out, "line %u", pos.line);
	else
		text_printf(out, "%s:%u", pos.source->path, pos.line);
}

void words_step(struct text *out, const struct model *model, uint32_t step, const char *before)
{
	if (step >= model->step_count)
		return;
	text_put(out, before);
	text_put(out, model->steps[step].name);
	words_place(out, model, model->steps[step].pos, ", ");
}

/* Length of what two names share up to and including an arrow, a dot or a colon. */
static size_t shared(const char *a, const char *b, bool arrow)
{
	size_t last = 0;
	for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
		if (arrow && strncmp(a + i, ARROW " ", 4) == 0 && strncmp(a, b, i + 4) == 0)
			last = i + 4;
		if (!arrow && (a[i] == '.' || a[i] == ':'))
			last = i;
	}
	return last;
}

void words_names(struct text *out, const char *const *names, size_t count, size_t most)
{
	for (size_t i = 0; i < count; i++) {
		if (i == most) {
			text_printf(out, " and %zu more", count - most);
			return;
		}
		if (i == 0) {
			text_put(out, names[i]);
			continue;
		}
		size_t from = shared(names[i - 1], names[i], true);
		const char *before = names[i - 1] + from, *name = names[i] + from;
		size_t same = from ? shared(before, name, false) : 0;
		/* Only the last part of an address may be left out: one dot from the end. */
		bool short_form = same && !strpbrk(name + same + 1, "./:");
		text_put(out, short_form ? " " : ", ");
		text_put(out, short_form ? name + same : name);
	}
}

void words_pad(struct text *out, size_t start, size_t columns)
{
	size_t width = text_width(out->data + start, out->length - start);
	do
		text_char(out, ' ');
	while (++width < columns);
}

void words_addr(struct text *out, struct ip_addr addr)
{
	char room[IP_TEXT_MAX];
	text_put(out, ip_addr_format(addr, room));
}

void words_prefix(struct text *out, struct ip_prefix prefix)
{
	char room[IP_TEXT_MAX];
	text_put(out, ip_prefix_format(prefix, room));
}
