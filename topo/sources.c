/* Files that commands of the timeline read are sources of the model, too: whoever shows the line a
 * setting comes from has to find it. */
#include "topo/scenario.h"

static void note_source(struct scenario *scenario, const struct source *source)
{
	if (!source)
		return;
	for (uint32_t i = 0; i < scenario->sources.count; i++)
		if (scenario->sources.items[i] == source)
			return;
	ARENA_PUSH(scenario->arena, scenario->sources, source);
}

static void note_config(struct scenario *scenario, const struct model_config *config)
{
	const struct model_bgp *bgp = &config->bgp;
	note_source(scenario, bgp->pos.source);
	note_source(scenario, config->nat_outgoing_pos.source);
	note_source(scenario, config->ip_forward_pos.source);
	for (uint32_t i = 0; i < bgp->neighbor_count; i++) {
		const struct model_neighbor *neighbor = &bgp->neighbors[i];
		note_source(scenario, neighbor->pos.source);
		note_source(scenario, neighbor->next_hop_pos.source);
		note_source(scenario, neighbor->timers_pos.source);
		note_source(scenario, neighbor->password_pos.source);
		note_source(scenario, neighbor->remote_as_pos.source);
	}
	for (uint32_t i = 0; i < config->address_count; i++)
		note_source(scenario, config->addresses[i].pos.source);
	for (uint32_t i = 0; i < config->block_count; i++)
		note_source(scenario, config->blocks[i].pos.source);
}

void sources_collect(struct scenario *scenario)
{
	for (uint32_t r = 0; r < scenario->revisions.count; r++) {
		const struct model_revision *revision = &scenario->revisions.items[r];
		for (uint32_t i = 0; i < scenario->model->node_count; i++)
			if (r == 0 || revision->nodes[i] != (revision - 1)->nodes[i])
				note_config(scenario, revision->nodes[i]);
		for (uint32_t i = 0; i < revision->pool_count; i++)
			note_source(scenario, revision->pools[i].pos.source);
	}
}
