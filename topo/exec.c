/* Which command a line is, and the words every command reads alike. */
#include "topo/exec.h"

#include <stdarg.h>
#include <string.h>

#include "topo/list.h"

struct source_pos exec_pos(const struct exec *exec, const struct word *word)
{
	return word ? word_pos(&exec->words, word) : words_pos(&exec->words);
}

struct word *exec_peek(struct exec *exec)
{
	return exec->next < exec->words.count ? &exec->words.items[exec->next] : NULL;
}

struct word *exec_take(struct exec *exec)
{
	struct word *word = exec_peek(exec);
	exec->next += word != NULL;
	return word;
}

bool exec_refuse(struct exec *exec, const struct word *word, const char *code, const char *format,
		 ...)
{
	va_list list;
	va_start(list, format);
	const char *text = arena_vprintf(&exec->diags->arena, format, list);
	va_end(list);
	diag_add(exec->diags, DIAG_ERROR, code, exec_pos(exec, word), "%s", text);
	return false;
}

struct word *exec_argument(struct exec *exec, const struct word *option)
{
	struct word *word = exec_take(exec);
	if (!word)
		exec_refuse(exec, option, "E502", "\"%s\" needs a value after it", option->text);
	return word;
}

bool exec_room(struct exec *exec, uint32_t count)
{
	return count < MACHINE_ITEMS_MAX ||
	       exec_refuse(exec, NULL, "E506", "more than %u of these on one machine",
			   MACHINE_ITEMS_MAX);
}

uint32_t exec_interface(struct exec *exec, const char *name)
{
	struct model_node *node = exec->node;
	for (uint32_t i = 0; i < node->interface_count; i++)
		if (strcmp(node->interfaces[i].name, name) == 0)
			return i;
	if (strcmp(name, "lo") != 0)
		return MODEL_NONE;
	struct model_interface *grown = arena_grow(&exec->diags->arena, node->interfaces,
						   node->interface_count,
						   node->interface_count + 1, sizeof(*grown));
	grown[node->interface_count] = (struct model_interface){ "lo", MODEL_NONE, MODEL_NONE };
	node->interfaces = grown;
	return node->interface_count++;
}

/* ---- did you mean? --------------------------------------------------------------------------- */

static bool same_bytes_shuffled(struct ip_addr a, struct ip_addr b)
{
	int difference[256] = { 0 };
	for (int i = 0; i < 16; i++) {
		difference[a.bytes[i]]++;
		difference[b.bytes[i]]--;
	}
	for (int i = 0; i < 256; i++)
		if (difference[i])
			return false;
	return true;
}

/* How likely it is that `pool` was meant: 3 the same digits in another order, 2 inside it, 1 much
 * alike; 0 not. */
static int likeness(struct ip_prefix written, struct ip_prefix pool)
{
	char a[IP_TEXT_MAX], b[IP_TEXT_MAX];
	if (written.addr.family != pool.addr.family)
		return 0;
	if (written.length == pool.length && same_bytes_shuffled(written.addr, pool.addr))
		return 3;
	if (ip_prefix_equal(ip_prefix_masked(written), pool))
		return 2;
	const char *candidate = ip_prefix_format(pool, a);
	return nearest_word(ip_prefix_format(written, b), &candidate, 1) ? 1 : 0;
}

void exec_report_host_bits(struct diag_list *diags, struct source_pos pos, const char *text,
			   struct ip_prefix prefix, const struct model_pool *pools,
			   uint32_t pool_count)
{
	const struct model_pool *best = NULL;
	int best_likeness = 0;
	char buffer[IP_TEXT_MAX];
	for (uint32_t i = 0; i < pool_count; i++) {
		int like = likeness(prefix, pools[i].cidr);
		if (like > best_likeness) {
			best_likeness = like;
			best = &pools[i];
		}
	}
	diag_add(diags, DIAG_ERROR, "E031", pos, "%s is not a network: host bits are set", text);
	diag_note(diags, "Linux says: Error: Invalid prefix for given prefix length.");
	if (best && best->pos.source == pos.source)
		diag_note(diags, "did you mean %s? IPPool/%s has it (line %u)",
			  ip_prefix_format(best->cidr, buffer), best->name, best->pos.line);
	else if (best)
		diag_note(diags, "did you mean %s? IPPool/%s has it (%s:%u)",
			  ip_prefix_format(best->cidr, buffer), best->name,
			  best->pos.source ? best->pos.source->path : "-", best->pos.line);
	else
		diag_note(diags, "did you mean %s?",
			  ip_prefix_format(ip_prefix_masked(prefix), buffer));
}

/* ---- which command --------------------------------------------------------------------------- */

/* The usual recipes switch SELinux off; nothing here is SELinux's business. */
static bool exec_setenforce(struct exec *exec)
{
	struct word *mode = exec_take(exec);
	if (!mode || (strcmp(mode->text, "0") && strcmp(mode->text, "1")) || exec_peek(exec))
		return exec_refuse(exec, mode, "E502", "setenforce takes 0 or 1");
	if (!exec->quiet)
		diag_add(exec->diags, DIAG_NOTE, "N501", exec_pos(exec, NULL),
			 "SELinux is not simulated: this changes nothing");
	return true;
}

static bool exec_sed(struct exec *exec)
{
	struct word *option = exec_take(exec), *script = exec_take(exec), *file = exec_take(exec);
	if (!file || strcmp(option->text, "-i") != 0 || !strstr(script->text, "SELINUX") ||
	    strstr(file->text, "selinux") == NULL || exec_peek(exec))
		return exec_refuse(exec, &exec->words.items[0], "E501",
				   "sed is known only for SELINUX= in /etc/selinux/config");
	if (!exec->quiet)
		diag_add(exec->diags, DIAG_NOTE, "N501", exec_pos(exec, NULL),
			 "SELinux is not simulated: this changes nothing");
	return true;
}

/* Firewalls are off unless a rule says otherwise, so switching one off is what we have. */
static bool exec_systemctl(struct exec *exec)
{
	struct word *verb = exec_take(exec), *unit = exec_take(exec);
	if (verb && unit && strcmp(unit->text, "--now") == 0)
		unit = exec_take(exec);
	if (!unit || exec_peek(exec) || strncmp(unit->text, "firewalld", 9) != 0 ||
	    (strcmp(verb->text, "stop") != 0 && strcmp(verb->text, "disable") != 0))
		return exec_refuse(
			exec, &exec->words.items[0], "E501",
			"systemctl is known only for: stop firewalld, disable firewalld");
	if (!exec->quiet)
		diag_add(exec->diags, DIAG_NOTE, "N501", exec_pos(exec, NULL),
			 "there is no firewall unless iptables makes one: this changes nothing");
	return true;
}

static bool exec_nothing(struct exec *exec)
{
	(void)exec;
	return true;
}

struct command {
	const char *name;
	bool (*run)(struct exec *exec);
};

static const struct command commands[] = {
	{ "ip", exec_ip },
	{ "sysctl", exec_sysctl_command },
	{ "iptables", exec_iptables },
	{ "echo", exec_echo },
	{ "setenforce", exec_setenforce },
	{ "sed", exec_sed },
	{ "systemctl", exec_systemctl },
	{ "true", exec_nothing },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static bool run_line(struct exec *exec)
{
	struct word *name = exec_take(exec);
	if (name && strcmp(name->text, "sudo") == 0)
		name = exec_take(exec);
	if (!name)
		return true;
	if (exec->words.append_to && strcmp(name->text, "echo") != 0)
		return exec_refuse(exec, exec->words.append_to, "E504",
				   ">> is known only after echo");
	const char *names[COMMAND_COUNT];
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		names[i] = commands[i].name;
		if (strcmp(names[i], name->text) == 0)
			return commands[i].run(exec);
	}
	exec_refuse(exec, name, "E501", "the command \"%s\" is not simulated", name->text);
	const char *near = nearest_word(name->text, names, COMMAND_COUNT);
	if (near)
		diag_note(exec->diags, "did you mean \"%s\"?", near);
	else
		diag_note(exec->diags, "known are ip address, ip route, ip link, sysctl, iptables");
	return false;
}

bool exec_lines(struct exec *exec, const struct yaml_text *text)
{
	bool good = true;
	const char *p = text->text, *end = p + text->length;
	struct yaml_text one = *text; /* a line alone: places are then found without a walk */
	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((stop ? stop : end) - p);
		exec->next = 0;
		exec->family = 0;
		one.text = p;
		one.length = length;
		if (!words_split(exec->diags, &one, p, length, &exec->words))
			good = false;
		else if (!run_line(exec))
			good = false;
		p = stop ? stop + 1 : end;
		one.first_line++;
	}
	return good;
}
