/* `simrun show`: what a command would have printed on a node at an instant, from the trace alone. */
#ifndef REPORTS_SHOW_H
#define REPORTS_SHOW_H

#include <stdbool.h>

#include "base/text.h"
#include "checker/state.h"

/* False: no such command; *out then lists those there are. */
bool show_command(const struct state *state, uint32_t node, const char *command, struct text *out);
/* The command as calicoctl prints it; the rows alone for tests. */
void show_node_status(const struct state *state, uint32_t node, struct text *out);
/* Names of the commands, for help; NULL ends the walk. */
const char *show_command_at(uint32_t index);

#endif
