/* Reading a scenario with everything said about it. */
#ifndef SIMRUN_LOAD_H
#define SIMRUN_LOAD_H

#include "base/diag.h"
#include "simrun/options.h"
#include "topo/topo.h"

/* Prints the diagnostics on stderr (notes only with -v or when they are all there is to `check`), and
 * as annotations inside Actions. */
void load_print(struct diag_list *diags, const struct options *options, bool notes);
/* BGP sessions counted once, and pods, of the scenario as it starts. */
void load_count(const struct model *model, uint32_t *sessions, uint32_t *pods);

#endif
