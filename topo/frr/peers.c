/* What the `neighbor` lines do. */
#include "topo/frr/grammar.h"

/* A neighbor must have an AS, or a group, before anything else can be said of it. */
static struct frr_peer *known_peer(struct frr_reader *reader, const struct frr_arg *name)
{
	struct frr_bgp *bgp = &reader->config->bgp;
	struct frr_peer *peer = frr_peer_find(bgp, name->text);
	if (peer)
		return peer;
	bool address = name->addr.family != IP_NONE;
	if (!address && name->text[strspn(name->text, "0123456789.:/")] == '\0') {
		diag_add(reader->diags, DIAG_ERROR, "E301", name->pos, "`%s` is not an address",
			 name->text);
		return NULL;
	}
	diag_add(reader->diags, DIAG_ERROR, "E308", name->pos,
		 address ? "neighbor %s has no AS yet" : "there is no peer-group %s", name->text);
	if (address)
		diag_note(reader->diags, "`neighbor %s remote-as AS` must stand above", name->text);
	else
		diag_note(reader->diags, "`neighbor %s peer-group` must stand above", name->text);
	const char **names = arena_alloc(reader->arena, (bgp->peer_count + 1) * sizeof(*names));
	for (uint32_t i = 0; i < bgp->peer_count; i++)
		names[i] = bgp->peers[i].name;
	const char *near = nearest_word(name->text, names, bgp->peer_count);
	if (near)
		diag_note(reader->diags, "did you mean %s?", near);
	return NULL;
}

static struct frr_peer *new_peer(struct frr_reader *reader, const struct frr_arg *name, bool group)
{
	struct frr_bgp *bgp = &reader->config->bgp;
	struct frr_peer peer = { .name = name->text, .addr = name->addr, .is_group = group,
				 .pos = reader->pos };
	return frr_peer_add(reader->arena, bgp, &peer);
}

FRR_ACTION(frr_do_peer_remote_as)
{
	struct frr_peer *peer = frr_peer_find(&reader->config->bgp, args[0].text);
	bool address = args[0].addr.family != IP_NONE;
	if (no && peer && !peer->is_group && !peer->group) {
		frr_peer_remove(&reader->config->bgp, peer);
		return;
	}
	if (!peer && (no || !address)) {
		known_peer(reader, &args[0]);
		return;
	}
	if (row->value == 1 && args[1].number == 1) {
		diag_add(reader->diags, DIAG_ERROR, "E306", args[1].pos,
			 "`external` (any other AS) is not simulated: write the AS number");
		return;
	}
	if (!peer)
		peer = new_peer(reader, &args[0], false);
	struct frr_setting *setting = &peer->session[FRR_REMOTE_AS];
	*setting = (struct frr_setting){ .set = !no, .pos = args[1].pos,
					 .number = row->value == 1 ? FRR_AS_INTERNAL
								   : args[1].number };
	if (!no)
		peer->pos = reader->pos;
}

FRR_ACTION(frr_do_peer_group)
{
	(void)row;
	struct frr_bgp *bgp = &reader->config->bgp;
	if (args[0].addr.family != IP_NONE) {
		diag_add(reader->diags, DIAG_ERROR, "E301", args[0].pos,
			 "a peer-group's name cannot be an address");
		diag_note(reader->diags, "`neighbor %s peer-group NAME` puts a neighbor into one",
			  args[0].text);
		return;
	}
	struct frr_peer *group = frr_peer_find(bgp, args[0].text);
	if (!no) {
		if (!group)
			new_peer(reader, &args[0], true);
		return;
	}
	if (!group) {
		known_peer(reader, &args[0]);
		return;
	}
	frr_peer_remove(bgp, group);
	for (uint32_t i = bgp->peer_count; i-- > 0;)
		if (bgp->peers[i].group && strcmp(bgp->peers[i].group, args[0].text) == 0)
			frr_peer_remove(bgp, &bgp->peers[i]);
}

FRR_ACTION(frr_do_peer_join)
{
	(void)row;
	struct frr_bgp *bgp = &reader->config->bgp;
	struct frr_peer *peer = frr_peer_find(bgp, args[0].text);
	if (no) {
		if (peer && peer->group && !peer->session[FRR_REMOTE_AS].set)
			frr_peer_remove(bgp, peer);
		else if (peer)
			peer->group = NULL;
		else
			known_peer(reader, &args[0]);
		return;
	}
	const struct frr_peer *group = known_peer(reader, &args[1]);
	if (!group)
		return;
	if (!peer && (args[0].addr.family == IP_NONE || !group->session[FRR_REMOTE_AS].set)) {
		known_peer(reader, &args[0]);
		return;
	}
	if (!peer)
		peer = new_peer(reader, &args[0], false);
	peer->group = args[1].text;
}

FRR_ACTION(frr_do_peer_remove)
{
	(void)row, (void)no;
	struct frr_peer *peer = known_peer(reader, &args[0]);
	if (peer)
		frr_peer_remove(&reader->config->bgp, peer);
}

static void check_setting(struct frr_reader *reader, enum frr_setting_id id,
			  const struct frr_setting *setting, const struct frr_arg *args)
{
	if (id == FRR_TIMERS && (setting->second == 1 || setting->second == 2))
		diag_add(reader->diags, DIAG_ERROR, "E305", args[2].pos,
			 "a hold time is 0 or at least 3 seconds");
	if (id == FRR_MAXIMUM_PREFIX && reader->words[reader->word_count - 1].text[0] == 'w')
		diag_add(reader->diags, DIAG_WARNING, "W321", reader->pos,
			 "read, but `warning-only` has no effect here: nothing limits the session");
}

FRR_ACTION(frr_do_peer_setting)
{
	enum frr_setting_id id = (enum frr_setting_id)row->value;
	struct frr_peer *peer = known_peer(reader, &args[0]);
	if (!peer)
		return;
	struct frr_setting *setting = frr_setting_of(peer, frr_reader_family(reader), id);
	*setting = (struct frr_setting){ .pos = reader->pos };
	if (no) { /* a flag turned off hides the group's; a value gone shows it again */
		setting->set = setting->off = (row->flags & FRR_FLAG) != 0;
		return;
	}
	setting->set = true;
	unsigned numbers = 0;
	for (uint32_t i = 1; i < FRR_ARGS_MAX; i++) {
		const struct frr_arg *arg = &args[i];
		if (arg->kind == FRR_ARG_NUMBER)
			*(numbers++ ? &setting->second : &setting->number) = arg->number;
		else if (arg->kind == FRR_ARG_WORD || arg->kind == FRR_ARG_LINE) {
			setting->text = arg->text;
			setting->addr = arg->addr;
		}
	}
	if (id == FRR_MAXIMUM_PREFIX && reader->words[reader->word_count - 1].text[0] == 'w')
		setting->set = false;
	check_setting(reader, id, setting, args);
}
