/* iptables -A|-D|-F|-P for the filter table: as much as it takes to shut and open a way. */
#include "topo/exec.h"

#include <stdlib.h>
#include <string.h>

#include "topo/list.h"

struct named {
	const char *name;
	int value;
};

static const struct named chains[] = {
	{ "INPUT", MODEL_INPUT }, { "FORWARD", MODEL_FORWARD }, { "OUTPUT", MODEL_OUTPUT },
	{ NULL, 0 },
};
static const struct named verdicts[] = {
	{ "ACCEPT", MODEL_ACCEPT }, { "DROP", MODEL_DROP }, { "REJECT", MODEL_REJECT }, { NULL, 0 },
};
static const struct named protocols[] = {
	{ "all", 0 }, { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 }, { "1", 1 }, { "6", 6 },
	{ "17", 17 }, { NULL, 0 },
};

static bool take_named(struct exec *exec, const struct word *option, const struct named *names,
		       int *out)
{
	struct word *word = exec_argument(exec, option);
	if (!word)
		return false;
	for (size_t i = 0; names[i].name; i++) {
		if (strcmp(names[i].name, word->text) == 0) {
			*out = names[i].value;
			return true;
		}
	}
	return exec_refuse(exec, word, "E502", "iptables %s: \"%s\" is not simulated", option->text,
			   word->text);
}

static bool take_prefix(struct exec *exec, const struct word *option, struct ip_prefix *out)
{
	struct word *word = exec_argument(exec, option);
	if (!word)
		return false;
	if (!ip_prefix_parse(word->text, strlen(word->text), true, out))
		return exec_refuse(exec, word, "E502", "\"%s\" is no prefix", word->text);
	*out = ip_prefix_masked(*out); /* iptables does that without a word */
	return true;
}

static bool take_port(struct exec *exec, const struct word *option, uint16_t *out)
{
	struct word *word = exec_argument(exec, option);
	char *end;
	if (!word)
		return false;
	long value = strtol(word->text, &end, 10);
	if (*end || value < 1 || value > 65535)
		return exec_refuse(exec, word, "E502", "\"%s\" is no port", word->text);
	*out = (uint16_t)value;
	return true;
}

/* Only "answers of connections we know": the usual first line of a firewall. */
static bool take_state(struct exec *exec, const struct word *option, struct model_filter *filter)
{
	struct word *word = exec_argument(exec, option);
	if (!word)
		return false;
	if (strcmp(word->text, "ESTABLISHED") != 0 &&
	    strcmp(word->text, "RELATED,ESTABLISHED") != 0 &&
	    strcmp(word->text, "ESTABLISHED,RELATED") != 0)
		return exec_refuse(exec, word, "E502", "of the states, ESTABLISHED is simulated");
	filter->established_only = true;
	return true;
}

static bool take_match(struct exec *exec, const struct word *option)
{
	static const char *const known[] = {
		"tcp", "udp", "icmp", "state", "conntrack", "comment"
	};
	struct word *word = exec_argument(exec, option);
	if (!word)
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(word->text, known[i]) == 0)
			return true;
	return exec_refuse(exec, word, "E502", "iptables -m %s is not simulated", word->text);
}

static bool is(const struct word *word, const char *a, const char *b)
{
	return strcmp(word->text, a) == 0 || (b && strcmp(word->text, b) == 0);
}

static bool read_option(struct exec *exec, struct word *word, struct model_filter *filter,
			int *verdict)
{
	int value;
	if (is(word, "-j", "--jump"))
		return take_named(exec, word, verdicts, verdict);
	if (is(word, "-p", "--protocol")) {
		if (!take_named(exec, word, protocols, &value))
			return false;
		filter->protocol = (uint8_t)value;
		return true;
	}
	if (is(word, "-s", "--source"))
		return take_prefix(exec, word, &filter->source);
	if (is(word, "-d", "--destination"))
		return take_prefix(exec, word, &filter->destination);
	if (is(word, "--dport", "--destination-port"))
		return take_port(exec, word, &filter->destination_port);
	if (is(word, "--sport", "--source-port"))
		return take_port(exec, word, &filter->source_port);
	if (is(word, "--state", "--ctstate"))
		return take_state(exec, word, filter);
	if (is(word, "-m", "--match"))
		return take_match(exec, word);
	if (is(word, "--comment", NULL) || is(word, "--reject-with", NULL))
		return exec_argument(exec, word) != NULL;
	if (is(word, "-i", "--in-interface")) {
		struct word *name = exec_argument(exec, word);
		if (!name)
			return false;
		filter->in_interface = exec_interface(exec, name->text);
		if (filter->in_interface != MODEL_NONE)
			return true;
		return exec_refuse(exec, name, "E503", "there is no interface \"%s\"", name->text);
	}
	return exec_refuse(exec, word, "E502", "iptables: \"%s\" is not simulated", word->text);
}

static bool same_filter(const struct model_filter *a, const struct model_filter *b)
{
	return a->chain == b->chain && a->protocol == b->protocol &&
	       ip_prefix_equal(a->source, b->source) &&
	       ip_prefix_equal(a->destination, b->destination) &&
	       a->source_port == b->source_port && a->destination_port == b->destination_port &&
	       a->in_interface == b->in_interface &&
	       a->established_only == b->established_only && a->verdict == b->verdict;
}

static bool read_rule(struct exec *exec, struct word *verb, struct model_filter *filter)
{
	int chain = 0, verdict = -1;
	struct word *word;
	*filter = (struct model_filter){ .in_interface = MODEL_NONE };
	if (!take_named(exec, verb, chains, &chain))
		return false;
	while ((word = exec_take(exec)))
		if (!read_option(exec, word, filter, &verdict))
			return false;
	if (verdict < 0)
		return exec_refuse(exec, NULL, "E502", "iptables: -j and a verdict are missing");
	if ((filter->source_port || filter->destination_port) && filter->protocol != 6 &&
	    filter->protocol != 17)
		return exec_refuse(exec, NULL, "E502", "iptables: ports need -p tcp or -p udp");
	filter->chain = chain;
	filter->verdict = verdict;
	filter->pos = words_pos(&exec->words);
	return true;
}

/* Removes the first rule that is the same. */
static bool delete_rule(struct exec *exec, const struct model_filter *filter)
{
	struct machine_filters *list = &exec->machine->filters;
	for (uint32_t i = 0; i < list->count; i++) {
		if (!same_filter(&list->items[i], filter))
			continue;
		LIST_REMOVE(*list, i);
		return true;
	}
	return exec_refuse(
		exec, NULL, "E503",
		"iptables: Bad rule (does a matching rule exist in that chain?).");
}

static bool flush(struct exec *exec, struct word *verb)
{
	struct machine_filters *list = &exec->machine->filters;
	uint32_t kept = 0;
	int chain = -1;
	if (exec_peek(exec) && !take_named(exec, verb, chains, &chain))
		return false;
	if (exec_peek(exec))
		return exec_refuse(exec, exec_peek(exec), "E502", "iptables -F takes a chain");
	for (uint32_t i = 0; i < list->count; i++)
		if (chain >= 0 && (int)list->items[i].chain != chain)
			list->items[kept++] = list->items[i];
	list->count = kept;
	return true;
}

bool exec_iptables(struct exec *exec)
{
	struct machine_filters *list = &exec->machine->filters;
	struct model_filter filter;
	struct word *verb = exec_take(exec);
	if (verb && is(verb, "-F", "--flush"))
		return flush(exec, verb);
	bool add = verb && is(verb, "-A", "--append"), insert = verb && is(verb, "-I", "--insert");
	bool delete = verb && is(verb, "-D", "--delete");
	if (!add && !insert && !delete)
		return exec_refuse(exec, verb, "E501", "iptables: -A, -I, -D and -F are simulated");
	if (!read_rule(exec, verb, &filter))
		return false;
	if (delete)
		return delete_rule(exec, &filter);
	if (!exec_room(exec, list->count))
		return false;
	ARENA_PUSH(&exec->diags->arena, *list, filter);
	if (insert) {
		memmove(list->items + 1, list->items, (list->count - 1) * sizeof(*list->items));
		list->items[0] = filter;
	}
	return true;
}
