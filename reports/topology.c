#include "reports/topology.h"

#include <string.h>

#include "base/memory.h"
#include "topo/topo.h"

enum { WIDTH = 1000, BOX = 128, BOX_HEIGHT = 46, GAP = 14, ROW_GAP = 46, PER_ROW = 7, MOST = 28,
       SEGMENTS_MOST = 8 };
enum layer { OUTSIDE, SWITCHES, SEGMENTS, REFLECTORS, NODES, LAYERS };

struct place {
	int x, y;    /* its middle */
	int row;     /* counted over the whole picture */
	bool drawn;
};

struct drawing {
	const struct state *state;
	const struct model *model;
	const struct model_config *const *configs;
	struct arena arena;
	struct place *nodes, *links; /* by index; cables have no place */
	int height;
	uint32_t left_out;
	struct text *out;
};

static enum layer layer_of(const struct drawing *d, uint32_t node)
{
	switch (d->model->nodes[node].kind) {
	case MODEL_HOST: return OUTSIDE;
	case MODEL_FRR:
	case MODEL_QUAGGA: return SWITCHES;
	case MODEL_CALICO_NODE: break;
	}
	return d->configs[node]->reflector ? REFLECTORS : NODES;
}

/* Those of a layer, in rows of at most seven. Boxes stand half a box aside of those in the row above,
 * so that the lines that go down from there pass between them. */
static void place_row_of(struct drawing *d, struct place **places, uint32_t count, int *row)
{
	enum { SLOT = BOX + GAP };
	for (uint32_t i = 0; i < count; i++) {
		uint32_t in_row = i / PER_ROW, first = in_row * PER_ROW;
		uint32_t wide = count - first < PER_ROW ? count - first : PER_ROW;
		int odd = (*row + (int)in_row) % 2;
		int left = WIDTH / 2 - (int)(wide / 2) * SLOT - (odd ? SLOT / 2 : 0);
		places[i]->x = left + (int)(i - first) * SLOT;
		places[i]->y = d->height + BOX_HEIGHT / 2 + (int)in_row * (BOX_HEIGHT + ROW_GAP);
		places[i]->row = *row + (int)in_row;
		places[i]->drawn = true;
	}
	int rows = (int)(count + PER_ROW - 1) / PER_ROW;
	*row += rows;
	d->height += rows * (BOX_HEIGHT + ROW_GAP);
}

static void place_segments(struct drawing *d)
{
	for (uint32_t i = 0, shown = 0; i < d->model->link_count && shown < SEGMENTS_MOST; i++) {
		if (d->model->links[i].end_count < 3)
			continue;
		d->links[i].y = d->height + 8;
		d->links[i].drawn = true;
		d->height += 42;
		shown++;
	}
	d->height += 12;
}

static void place_all(struct drawing *d)
{
	struct place *chosen[MOST];
	int row = 0;
	for (int layer = 0; layer < LAYERS; layer++) {
		uint32_t count = 0;
		if (layer == SEGMENTS) {
			place_segments(d);
			continue;
		}
		for (uint32_t i = 0; i < d->model->node_count; i++)
			if ((int)layer_of(d, i) == layer && count < MOST)
				chosen[count++] = &d->nodes[i];
			else
				d->left_out += (int)layer_of(d, i) == layer;
		place_row_of(d, chosen, count, &row);
	}
}

static void title(struct drawing *d, const char *string)
{
	text_put(d->out, "<title>");
	text_xml(d->out, string);
	text_put(d->out, "</title>");
}

static bool end_up(const struct drawing *d, uint32_t link, uint32_t end)
{
	return state_link_at(d->state, link, MODEL_NONE)->up && state_link_at(d->state, link, end)->up;
}

/* From a node to `x`, `y`: another node, or straight down or up to a segment. */
static void cable(struct drawing *d, uint32_t link, uint32_t end, int x, int y, bool up)
{
	const struct model_link_end *at = &d->model->links[link].ends[end];
	const struct place *from = &d->nodes[at->node];
	text_printf(d->out,
		    "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" "
		    "stroke-width=\"%s\"%s>",
		    from->x, from->y, x, y, up ? "#b8b8b8" : "#c0343f", up ? "5" : "3",
		    up ? "" : " stroke-dasharray=\"3 7\"");
	const struct model_node *node = &d->model->nodes[at->node];
	title(d, arena_printf(&d->arena, "%s:%s, %s%s", node->name,
			      node->interfaces[at->interface].name, d->model->links[link].name,
			      up ? "" : ": cut"));
	text_put(d->out, "</line>\n");
}

static void draw_segment(struct drawing *d, uint32_t index)
{
	const struct model_link *link = &d->model->links[index];
	int least = WIDTH, most = 0, y = d->links[index].y;
	for (uint32_t end = 0; end < link->end_count; end++) {
		const struct place *node = &d->nodes[link->ends[end].node];
		if (!node->drawn)
			continue;
		cable(d, index, end, node->x, y, end_up(d, index, end));
		least = node->x < least ? node->x : least;
		most = node->x > most ? node->x : most;
	}
	if (least > most)
		return;
	text_printf(d->out,
		    "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#8c8c8c\" "
		    "stroke-width=\"9\" stroke-linecap=\"round\"/>\n<text x=\"%d\" y=\"%d\" "
		    "font-size=\"12\" fill=\"#333333\">",
		    least - 30, y, most + 30, y, most + 44, y + 4);
	text_xml(d->out, link->name);
	text_put(d->out, "</text>\n");
}

static void draw_links(struct drawing *d)
{
	for (uint32_t i = 0; i < d->model->link_count; i++) {
		const struct model_link *link = &d->model->links[i];
		if (link->end_count > 2 && d->links[i].drawn)
			draw_segment(d, i);
		if (link->end_count != 2)
			continue;
		const struct place *to = &d->nodes[link->ends[1].node];
		if (to->drawn && d->nodes[link->ends[0].node].drawn)
			cable(d, i, 0, to->x, to->y, end_up(d, i, 0) && end_up(d, i, 1));
	}
}

/* A curve that leaves room for others: sideways between layers, dipping between neighbours. */
static void session_path(struct drawing *d, const struct place *a, const struct place *b)
{
	if (a->row == b->row) {
		int y = a->y + BOX_HEIGHT / 2, apart = a->x < b->x ? b->x - a->x : a->x - b->x;
		int dip = y + 24 + apart / 12;
		text_printf(d->out, "<path d=\"M %d %d C %d %d %d %d %d %d\"", a->x, y, a->x, dip,
			    b->x, dip, b->x, y);
		return;
	}
	const struct place *upper = a->row < b->row ? a : b, *lower = a->row < b->row ? b : a;
	int from = upper->y + BOX_HEIGHT / 2, to = lower->y - BOX_HEIGHT / 2;
	int bend = lower->x < upper->x ? -30 : 30;
	text_printf(d->out, "<path d=\"M %d %d Q %d %d %d %d\"", upper->x + bend / 2, from,
		    (upper->x + lower->x) / 2 + bend, (from + to) / 2, lower->x + bend / 2, to);
}

static const char *neighbor_state(const struct drawing *d, uint32_t node, uint32_t neighbor)
{
	const struct model_neighbor *at = &d->configs[node]->bgp.neighbors[neighbor];
	const struct state_session *session = state_session_find(d->state, node, at->name);
	if (!state_node_at(d->state, node)->up)
		return "no power";
	return session && session->state[0] ? session->state : "Idle";
}

static void draw_session(struct drawing *d, const struct topo_session *session)
{
	const struct place *a = &d->nodes[session->node], *b = &d->nodes[session->peer_node];
	const struct model_bgp *bgp = &d->configs[session->node]->bgp;
	const struct model_neighbor *neighbor = &bgp->neighbors[session->neighbor];
	uint32_t local_as = neighbor->local_as ? neighbor->local_as : bgp->local_as;
	const char *here = neighbor_state(d, session->node, session->neighbor), *there = "Idle";
	if (session->peer_neighbor != MODEL_NONE)
		there = neighbor_state(d, session->peer_node, session->peer_neighbor);
	bool up = strcmp(here, "Established") == 0 && strcmp(there, "Established") == 0;
	if (!a->drawn || !b->drawn)
		return;
	session_path(d, a, b);
	text_printf(d->out, " fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s>",
		    up ? "#2a9d52" : "#c0343f", up ? "" : " stroke-dasharray=\"6 4\"");
	const char *name = d->model->nodes[session->node].name;
	const char *other = d->model->nodes[session->peer_node].name;
	const char *kind = local_as == neighbor->remote_as ? "iBGP" : "eBGP";
	if (session->status != TOPO_SESSION_UNIQUE_MATCH)
		title(d, arena_printf(&d->arena, "%s to %s, %s: %s", name, other, kind,
				      topo_session_status_name(session->status)));
	else if (up)
		title(d, arena_printf(&d->arena, "%s and %s, %s: Established", name, other, kind));
	else
		title(d, arena_printf(&d->arena, "%s and %s, %s: %s at %s, %s at %s", name, other,
				      kind, here, name, there, other));
	text_put(d->out, "</path>\n");
}

static void draw_sessions(struct drawing *d)
{
	uint32_t count;
	const struct topo_session *sessions =
		topo_sessions(d->model, state_revision(d->state), &d->arena, &count);
	for (uint32_t i = 0; i < count; i++) {
		const struct topo_session *session = &sessions[i];
		bool matched = session->status == TOPO_SESSION_UNIQUE_MATCH;
		if (session->peer_node == MODEL_NONE ||
		    (matched && session->peer_node < session->node))
			continue; /* matched ones stand in the list from both sides */
		draw_session(d, session);
	}
}

static void draw_node(struct drawing *d, uint32_t node)
{
	const struct place *at = &d->nodes[node];
	const struct model_config *config = d->configs[node];
	const struct state_node *state = state_node_at(d->state, node);
	bool daemon = !config->bgp.enabled || !state->process_state[0] ||
		      strcmp(state->process_state, "running") == 0;
	bool good = state->up && daemon;
	struct text name, below;
	text_init(&name);
	text_init(&below);
	text_printf(&name, "%s%s", config->reflector ? "\xe2\x98\x85 " : "",
		    d->model->nodes[node].name);
	if (!state->up)
		text_put(&below, "no power");
	else if (!daemon)
		text_printf(&below, "%s %s", config->bgp.process, state->process_state);
	else if (config->bgp.enabled)
		text_printf(&below, "AS %u", config->bgp.local_as);
	else
		text_put(&below, model_kind_name(d->model->nodes[node].kind));
	text_printf(d->out,
		    "<g><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"%s\" "
		    "stroke=\"%s\" stroke-width=\"1.5\"/>",
		    at->x - BOX / 2, at->y - BOX_HEIGHT / 2, BOX, BOX_HEIGHT,
		    good ? "#ffffff" : "url(#off)", good ? "#444444" : "#c0343f");
	size_t columns = text_width(text_string(&name), name.length);
	text_printf(d->out,
		    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-size=\"14\" "
		    "font-weight=\"bold\" fill=\"#111111\"%s>",
		    at->x, at->y - 3, columns > 14 ? " textLength=\"120\" "
						     "lengthAdjust=\"spacingAndGlyphs\"" : "");
	text_xml(d->out, text_string(&name));
	text_printf(d->out,
		    "</text><text x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-size=\"12\" "
		    "fill=\"%s\">",
		    at->x, at->y + 15, good ? "#444444" : "#8f1d27");
	text_xml(d->out, text_string(&below));
	text_put(d->out, "</text>");
	text_put(&name, config->reflector ? ", route reflector, " : ", ");
	text_put(&name, text_string(&below));
	title(d, text_string(&name));
	text_put(d->out, "</g>\n");
	text_free(&name);
	text_free(&below);
}

void topology_svg(const struct state *state, struct text *out)
{
	const struct model *model = state_model(state);
	struct drawing d = { .state = state, .model = model, .height = 12, .out = out };
	d.configs = model->revisions[state_revision(state)].nodes;
	arena_init(&d.arena);
	d.nodes = arena_alloc(&d.arena, (model->node_count + 1) * sizeof(*d.nodes));
	d.links = arena_alloc(&d.arena, (model->link_count + 1) * sizeof(*d.links));
	place_all(&d);
	d.height -= ROW_GAP - 24;
	text_printf(out,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		    "height=\"%d\" role=\"img\" font-family=\"sans-serif\">\n",
		    WIDTH, d.height, WIDTH, d.height);
	text_put(out, "<title>");
	text_xml(out, model->name);
	text_put(out, ": nodes, links and BGP sessions</title>\n"
		      "<defs><pattern id=\"off\" width=\"8\" height=\"8\" "
		      "patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" "
		      "fill=\"#ffffff\"/><path d=\"M 0 8 L 8 0\" stroke=\"#e6a5aa\" "
		      "stroke-width=\"2\"/></pattern></defs>\n");
	text_printf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", WIDTH, d.height);
	draw_links(&d);
	draw_sessions(&d);
	for (uint32_t i = 0; i < model->node_count; i++)
		if (d.nodes[i].drawn)
			draw_node(&d, i);
	if (d.left_out)
		text_printf(out,
			    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" font-size=\"12\" "
			    "fill=\"#444444\">and %u more nodes</text>\n",
			    WIDTH - 12, d.height - 12, d.left_out);
	text_put(out, "</svg>\n");
	arena_free(&d.arena);
}
