/* From the state of files and commands to a configuration of every node. A node nothing happened to
 * keeps the very configuration it had, so that whoever compares pointers sees what changed. */
#include <string.h>

#include "topo/scenario.h"

/* The k-th pod of a block: from the sixth address on, as on a cluster whose first addresses went to
 * system pods and tunnels; what lies before comes last. */
static struct ip_addr pod_address(struct ip_prefix block, uint32_t k, uint32_t size)
{
	struct ip_addr addr = block.addr;
	uint32_t offset = (5 + k) % size;
	int last = block.addr.family == IP_V4 ? 3 : 15;
	for (int i = last; i >= 0 && offset; i--) {
		uint32_t sum = addr.bytes[i] + (offset & 0xff);
		addr.bytes[i] = (uint8_t)sum;
		offset = (offset >> 8) + (sum >> 8);
	}
	return addr;
}

static uint32_t block_size(struct ip_prefix block)
{
	int bits = ip_addr_bits(block.addr) - block.length;
	return bits > 16 ? 65536u : 1u << bits;
}

static bool address_taken(const struct node_draft *draft, struct ip_addr address)
{
	for (uint32_t i = 0; i < draft->pod_count; i++)
		if (ip_addr_equal(draft->pods[i].address, address))
			return true;
	return false;
}

static void assign_pods(struct scenario *scenario, uint32_t index)
{
	struct node_draft *draft = &scenario->drafts[index];
	uint32_t wanted = draft->pods_wanted, block = 0, k = 0;
	uint64_t room = 0;
	char buffer[IP_TEXT_MAX];
	if (wanted == 0)
		return;
	for (uint32_t i = 0; i < draft->block_count; i++)
		room += block_size(draft->blocks[i].prefix);
	draft->pods = arena_alloc(scenario->arena,
				  (room < wanted ? room : wanted) * sizeof(*draft->pods));
	while (draft->pod_count < wanted && block < draft->block_count) {
		struct ip_prefix prefix = draft->blocks[block].prefix;
		if (k == block_size(prefix)) {
			block++;
			k = 0;
			continue;
		}
		struct model_pod pod = { .address = pod_address(prefix, k++, block_size(prefix)),
					 .pos = draft->pods_pos };
		if (address_taken(draft, pod.address))
			continue;
		pod.name = arena_printf(scenario->arena, "%s/%s", scenario->nodes[index].name,
					ip_addr_format(pod.address, buffer));
		draft->pods[draft->pod_count++] = pod;
	}
	draft->pods_wanted = 0;
	if (draft->pod_count == wanted)
		return;
	diag_add(scenario->diags, DIAG_ERROR, "E420", draft->pods_pos,
		 "%s has room for %u pods, not %u", scenario->nodes[index].name, draft->pod_count,
		 wanted);
	diag_note(scenario->diags, draft->block_count ? "its blocks are full"
				   : "it has no block: is there an IPPool that is not disabled?");
}

static struct model_config *config_of(struct scenario *scenario, uint32_t index)
{
	const struct machine *machine = &scenario->state.machines[index];
	const struct node_draft *draft = &scenario->drafts[index];
	struct model_config *config = arena_alloc(scenario->arena, sizeof(*config));
	config->addresses = machine->addresses.items;
	config->address_count = machine->addresses.count;
	config->routes = machine->routes.items;
	config->route_count = machine->routes.count;
	config->filters = machine->filters.items;
	config->filter_count = machine->filters.count;
	config->ip_forward = machine->ip_forward;
	config->ip_forward_pos = machine->ip_forward_pos;
	config->rp_filter = machine->rp_filter;
	config->pods = draft->pods;
	config->pod_count = draft->pod_count;
	config->blocks = draft->blocks;
	config->block_count = draft->block_count;
	return config;
}

/* The daemon's configuration, then what was typed on the machine, which has the last word. */
static struct model_config *render_router(struct scenario *scenario, uint32_t index)
{
	const struct machine *machine = &scenario->state.machines[index];
	struct model_config *config = config_of(scenario, index);
	config->bgp.why_not = "no BGP daemon runs here";
	if (scenario->state.frr[index])
		frr_render(scenario->diags, scenario->state.frr[index], &scenario->nodes[index],
			   config);
	if (machine->ip_forward_set) {
		config->ip_forward = machine->ip_forward;
		config->ip_forward_pos = machine->ip_forward_pos;
	}
	return config;
}

/* Pods that were just given their addresses count for source NAT, too. */
static void note_nat(const struct model_revision *revision, struct model_config *config)
{
	for (uint32_t i = 0; i < config->pod_count && !config->nat_outgoing; i++) {
		for (uint32_t p = 0; p < revision->pool_count; p++) {
			const struct model_pool *pool = &revision->pools[p];
			if (!pool->nat_outgoing || pool->disabled ||
			    !ip_prefix_contains(pool->cidr, config->pods[i].address))
				continue;
			config->nat_outgoing = 1;
			config->nat_outgoing_pos = pool->nat_pos;
		}
	}
}

static void render_calico(struct scenario *scenario, const struct model_revision *revision,
			  struct model_config **out)
{
	uint32_t count = scenario->model->node_count;
	for (uint32_t i = 0; i < count; i++)
		if (scenario->nodes[i].kind == MODEL_CALICO_NODE)
			out[i] = config_of(scenario, i);
	calico_render(scenario->diags, &scenario->state.store, scenario->nodes, count, out);
	for (uint32_t i = 0; i < count; i++) {
		if (scenario->nodes[i].kind != MODEL_CALICO_NODE)
			continue;
		struct node_draft *draft = &scenario->drafts[i];
		draft->blocks = out[i]->blocks;
		draft->block_count = out[i]->block_count;
		assign_pods(scenario, i);
		out[i]->pods = draft->pods;
		out[i]->pod_count = draft->pod_count;
		note_nat(revision, out[i]);
	}
}

static bool any_calico(const struct scenario *scenario, const bool *touched)
{
	for (uint32_t i = 0; i < scenario->model->node_count; i++)
		if (scenario->nodes[i].kind == MODEL_CALICO_NODE && (!touched || touched[i]))
			return true;
	return false;
}

uint32_t revision_add(struct scenario *scenario, const bool *touched, bool resources)
{
	uint32_t count = scenario->model->node_count;
	const struct model_revision *before = scenario->revisions.count
		? &scenario->revisions.items[scenario->revisions.count - 1] : NULL;
	struct model_revision revision = { 0 };
	struct model_config **out = arena_alloc(scenario->arena, (count + 1) * sizeof(*out));
	const struct model_config **nodes =
		arena_alloc(scenario->arena, (count + 1) * sizeof(*nodes));
	bool calico = !before || resources || (touched && any_calico(scenario, touched));
	revision.pools = before && !resources ? before->pools
		: calico_pools(scenario->diags, &scenario->state.store, &revision.pool_count);
	if (before && !resources)
		revision.pool_count = before->pool_count;
	if (calico && any_calico(scenario, NULL))
		render_calico(scenario, &revision, out);
	for (uint32_t i = 0; i < count; i++) {
		bool is_calico = scenario->nodes[i].kind == MODEL_CALICO_NODE;
		if (!is_calico && (!before || (touched && touched[i])))
			out[i] = render_router(scenario, i);
		nodes[i] = out[i];
		if (before && (!out[i] || config_equal(before->nodes[i], out[i])))
			nodes[i] = before->nodes[i];
	}
	revision.nodes = nodes;
	ARENA_PUSH(scenario->arena, scenario->revisions, revision);
	return scenario->revisions.count - 1;
}
