/* sysctl -w, sysctl -p, and echo ... >> /etc/sysctl.conf. */
#include "topo/exec.h"

#include <string.h>

/* One row a sysctl that means something here; `least` and `most` bound its value. */
struct sysctl {
	const char *name;
	long most;
	enum { SYSCTL_FORWARD, SYSCTL_RP_FILTER } what;
};

static const struct sysctl sysctls[] = {
	{ "net.ipv4.ip_forward", 1, SYSCTL_FORWARD },
	{ "net.ipv4.conf.all.forwarding", 1, SYSCTL_FORWARD },
	{ "net.ipv6.conf.all.forwarding", 1, SYSCTL_FORWARD },
	{ "net.ipv4.conf.all.rp_filter", 2, SYSCTL_RP_FILTER },
};
#define SYSCTL_COUNT (sizeof(sysctls) / sizeof(sysctls[0]))

static const struct sysctl *find(struct exec *exec, const char *name, struct source_pos pos)
{
	const char *names[SYSCTL_COUNT];
	char dotted[64];
	size_t length = strlen(name);
	if (length < sizeof(dotted)) { /* net/ipv4/ip_forward is the same */
		for (size_t i = 0; i <= length; i++)
			dotted[i] = name[i] == '/' ? '.' : name[i];
		name = dotted;
	}
	for (size_t i = 0; i < SYSCTL_COUNT; i++) {
		names[i] = sysctls[i].name;
		if (strcmp(names[i], name) == 0)
			return &sysctls[i];
	}
	diag_add(exec->diags, DIAG_ERROR, "E505", pos, "the sysctl \"%s\" is not simulated", name);
	const char *near = nearest_word(name, names, SYSCTL_COUNT);
	diag_note(exec->diags, near ? "did you mean %s?" : "known are %s and ...all.rp_filter",
		  near ? near : names[0]);
	return NULL;
}

static bool set(struct exec *exec, const char *name, const char *value, struct source_pos name_pos,
		struct source_pos value_pos, bool later)
{
	struct machine *machine = exec->machine;
	const struct sysctl *sysctl = find(exec, name, name_pos);
	if (!sysctl)
		return false;
	if (value[0] < '0' || value[0] > '0' + sysctl->most || value[1]) {
		diag_add(exec->diags, DIAG_ERROR, "E505", value_pos,
			 "%s takes a number from 0 to %ld, not \"%s\"", sysctl->name, sysctl->most,
			 value);
		return false;
	}
	uint8_t number = (uint8_t)(value[0] - '0');
	if (later) {
		machine->conf_pending = true;
		machine->conf_pos = name_pos;
	}
	if (sysctl->what == SYSCTL_FORWARD && later) {
		machine->conf_forward_set = true;
		machine->conf_forward = number;
	} else if (sysctl->what == SYSCTL_FORWARD) {
		machine->ip_forward_set = true;
		machine->ip_forward = number;
		machine->ip_forward_pos = name_pos;
	} else if (later) {
		machine->conf_rp_filter_set = true;
		machine->conf_rp_filter = number;
	} else {
		machine->rp_filter_set = true;
		machine->rp_filter = number;
	}
	return true;
}

bool exec_sysctl(struct exec *exec, const char *name, const char *value,
		 struct source_pos name_pos, struct source_pos value_pos)
{
	return set(exec, name, value, name_pos, value_pos, false);
}

/* "name=value", or "name = value" in one quoted word. */
static bool assign(struct exec *exec, const struct word *word, bool later)
{
	struct arena *arena = &exec->diags->arena;
	const char *equals = strchr(word->text, '=');
	if (!equals)
		return exec_refuse(exec, word, "E502", "\"%s\": name=value is wanted", word->text);
	size_t name_length = (size_t)(equals - word->text);
	while (name_length && word->text[name_length - 1] == ' ')
		name_length--;
	const char *value = equals + 1 + strspn(equals + 1, " ");
	size_t value_length = strlen(value);
	while (value_length && value[value_length - 1] == ' ')
		value_length--;
	struct source_pos pos = exec_pos(exec, word);
	return set(exec, arena_strndup(arena, word->text, name_length),
		   arena_strndup(arena, value, value_length), pos, pos, later);
}

static void load_conf(struct exec *exec)
{
	struct machine *machine = exec->machine;
	if (machine->conf_forward_set) {
		machine->ip_forward_set = true;
		machine->ip_forward = machine->conf_forward;
		machine->ip_forward_pos = machine->conf_pos;
	}
	if (machine->conf_rp_filter_set) {
		machine->rp_filter_set = true;
		machine->rp_filter = machine->conf_rp_filter;
	}
	machine->conf_pending = false;
}

bool exec_sysctl_command(struct exec *exec)
{
	struct word *word = exec_take(exec);
	while (word && (strcmp(word->text, "-w") == 0 || strcmp(word->text, "-q") == 0))
		word = exec_take(exec);
	if (word && (strcmp(word->text, "-p") == 0 || strcmp(word->text, "--system") == 0)) {
		struct word *file = exec_take(exec);
		if ((file && strcmp(file->text, "/etc/sysctl.conf") != 0) || exec_peek(exec))
			return exec_refuse(exec, file, "E502",
					   "sysctl -p: only /etc/sysctl.conf is known");
		load_conf(exec);
		return true;
	}
	if (!word)
		return exec_refuse(exec, NULL, "E502", "sysctl: name=value is wanted");
	bool good = true;
	for (; word; word = exec_take(exec))
		good &= assign(exec, word, false);
	return good;
}

bool exec_echo(struct exec *exec)
{
	const struct word *file = exec->words.append_to;
	struct word *word = exec_take(exec);
	if (!file || strcmp(file->text, "/etc/sysctl.conf") != 0)
		return exec_refuse(exec, file, "E501",
				   "echo is known only with >> /etc/sysctl.conf");
	if (!word || exec_peek(exec))
		return exec_refuse(exec, word, "E502", "echo \"name=value\" is wanted");
	return assign(exec, word, true);
}
