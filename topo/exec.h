/* Commands typed on a machine, a documented subset: ip address, ip route, ip link, sysctl,
 * iptables, and the no-ops of the usual recipes. Everything else is a located error: E031, E5xx. */
#ifndef TOPO_EXEC_H
#define TOPO_EXEC_H

#include <stdbool.h>

#include "topo/machine.h"
#include "topo/words.h"

/* What a command may look at and change. */
struct exec {
	struct diag_list *diags;
	struct model_node *node;        /* its interfaces; `lo` is added when it is first named */
	struct machine *machine;
	const struct model_pool *pools; /* for "did you mean" */
	uint32_t pool_count;
	bool quiet;                     /* no notes about commands that change nothing */
	/* The command at work. */
	struct words words;
	size_t next;                    /* first word not yet read */
	uint8_t family;                 /* ip -4, ip -6; else 0 */
};

/* Runs every line. False after adding errors; the lines without errors took effect. */
bool exec_lines(struct exec *exec, const struct yaml_text *text);
/* One sysctl by its name, as in `sysctls:` of a node. */
bool exec_sysctl(struct exec *exec, const char *name, const char *value,
		 struct source_pos name_pos, struct source_pos value_pos);
/* The index of an interface; MODEL_NONE if the node has none of that name. */
uint32_t exec_interface(struct exec *exec, const char *name);

/* Adds E031 for a prefix with host bits set, with what the user may have meant. */
void exec_report_host_bits(struct diag_list *diags, struct source_pos pos, const char *text,
			   struct ip_prefix prefix, const struct model_pool *pools,
			   uint32_t pool_count);

/* ---- inside the exec files ----------------------------------------------------------------- */

struct word *exec_peek(struct exec *exec); /* NULL at the end */
struct word *exec_take(struct exec *exec);
/* The word after an option; NULL after adding E502. */
struct word *exec_argument(struct exec *exec, const struct word *option);
bool exec_refuse(struct exec *exec, const struct word *word, const char *code, const char *format,
		 ...) __attribute__((format(printf, 4, 5))); /* always false */
struct source_pos exec_pos(const struct exec *exec, const struct word *word); /* NULL: the line */

/* False after adding E506 when a list is as long as it may be. */
bool exec_room(struct exec *exec, uint32_t count);
bool exec_ip(struct exec *exec);
bool exec_iptables(struct exec *exec);
bool exec_sysctl_command(struct exec *exec);
bool exec_echo(struct exec *exec);

#endif
