/* fuzz: topo base */
/* libFuzzer: any text is read, changed and rendered without harm, as FRR and as Quagga. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "topo/frr/frr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_interface interface = { "eth0", 0, 0 };
	struct model_node node = { "tor", MODEL_FRR, &interface, 1, { 0 } };
	struct diag_list diags;
	if (memchr(data, '\0', size))
		return 0;
	diag_list_init(&diags);
	struct yaml_text text =
		yaml_text_of_file(source_of(&diags, "frr.conf", (const char *)data, size));
	/* Which of the two: the input's length says, so that one run is one reading. */
	enum model_kind kind = size % 2 ? MODEL_QUAGGA : MODEL_FRR;
	struct model_config first = { 0 }, second = { 0 };
	const struct frr_config *config = frr_parse(&diags, &text, kind);
	const struct frr_config *twice = frr_apply_lines(&diags, config, &text);
	frr_render(&diags, config, &node, &first);
	frr_render(&diags, twice, &node, &second);
	for (uint32_t i = 0; i < first.bgp.neighbor_count; i++)
		ASSERT(first.bgp.neighbors[i].remote_as && first.bgp.neighbors[i].name);
	struct text out;
	text_init(&out);
	for (size_t i = 0; i < diags.count && i < 5; i++)
		diag_print(&diags.items[i], &out, false);
	text_free(&out);
	diag_list_free(&diags);
	return 0;
}
