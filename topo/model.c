#include "topo/model.h"

#include <string.h>

const char *model_kind_name(enum model_kind kind)
{
	static const char *const names[] = {
		[MODEL_FRR] = "frr",
		[MODEL_QUAGGA] = "quagga",
		[MODEL_CALICO_NODE] = "calico-node",
		[MODEL_HOST] = "host",
	};
	return names[kind];
}

uint32_t model_node_find(const struct model *model, const char *name)
{
	for (uint32_t i = 0; i < model->node_count; i++)
		if (strcmp(model->nodes[i].name, name) == 0)
			return i;
	return MODEL_NONE;
}
