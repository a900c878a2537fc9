/* FRR's and Quagga's configuration as operators write it (frr.conf, bgpd.conf, `vtysh -c` lines),
 * and what it says of a node. A line that is not understood is an error at the word where
 * understanding ended; a line that is known but changes nothing here is a warning. Nothing is
 * skipped in silence.
 *
 * All memory comes from the diag_list's arena. Diagnostics: E301 .. E319, W321 .. W339. */
#ifndef TOPO_FRR_FRR_H
#define TOPO_FRR_FRR_H

#include <stdbool.h>

#include "base/diag.h"
#include "topo/model.h"
#include "topo/topo.h"
#include "topo/yaml.h"

struct frr_config; /* frozen once returned */

/* `kind` is MODEL_FRR (8.4) or MODEL_QUAGGA (1.2): their defaults differ. Never NULL; errors are in
 * the list, what could be read is in the configuration. */
const struct frr_config *frr_parse(struct diag_list *diags, const struct yaml_text *text,
				   enum model_kind kind);
/* The configuration after these lines were typed into vtysh (from enable mode: `conf t` first, or
 * configuration lines at once). The old one stays as it was. */
const struct frr_config *frr_apply_lines(struct diag_list *diags, const struct frr_config *config,
					 const struct yaml_text *lines);

/* Adds to *out: addresses, routes, ip_forward if the configuration speaks of it, and bgp. Interface
 * names are looked up in the node; an unknown one is an error, except `lo`. False after errors. */
bool frr_render(struct diag_list *diags, const struct frr_config *config,
		const struct model_node *node, struct model_config *out);

const struct topo_code *frr_code_at(size_t index); /* NULL ends the walk */

#endif
