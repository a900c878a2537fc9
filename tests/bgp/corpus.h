/* What the tests over whole corpora share: files unpacked into memory, and the law that what was
 * taken from the wire is the same after it was interned, written and read again. Included after
 * cmocka. */
#ifndef TESTS_BGP_CORPUS_H
#define TESTS_BGP_CORPUS_H

#include "base/text.h"
#include "bgp/mrt/mrt.h"
#include "bgp/route/table.h"
#include "tests/bgp/wire_bytes.h"

#define CORPUS __attribute__((unused)) static
#define BOTH_FAMILIES (BGP_IPV4_UNICAST | BGP_IPV6_UNICAST)

struct blob {
	uint8_t *bytes; /* owned, and one NUL behind */
	size_t length;
};

CORPUS struct blob blob_of(FILE *file)
{
	struct blob blob = { 0 };
	size_t room = 0, got;
	do {
		if (room - blob.length < 65536) {
			room = room ? 2 * room : 1 << 17;
			blob.bytes = realloc(blob.bytes, room);
			assert_non_null(blob.bytes);
		}
		got = fread(blob.bytes + blob.length, 1, room - blob.length - 1, file);
		blob.length += got;
	} while (got);
	blob.bytes[blob.length] = '\0';
	return blob;
}

/* A file of the shared data, through `tool` ("gzip -dc") if it is not NULL. No bytes: not here. */
CORPUS struct blob shared_blob(const char *path, const char *tool)
{
	FILE *file = shared_open(path);
	struct blob blob = { 0 };
	if (!file)
		return blob;
	if (!tool) {
		blob = blob_of(file);
		fclose(file);
		return blob;
	}
	fclose(file);
	char command[1200];
	snprintf(command, sizeof(command), "%s '%s/bgp/data/%s'", tool, SIMRUN_SHARED, path);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	blob = blob_of(pipe);
	assert_int_equal(pclose(pipe), 0);
	return blob;
}

/* The next line of text in a blob, without its newline; NULL at the end. */
CORPUS char *blob_line(struct blob *blob, size_t *at)
{
	if (*at >= blob->length)
		return NULL;
	char *line = (char *)blob->bytes + *at;
	char *end = memchr(line, '\n', blob->length - *at);
	if (end)
		*end = '\0';
	*at = end ? (size_t)(end + 1 - (char *)blob->bytes) : blob->length;
	return line;
}

/* ---- attributes as bgpdump prints them, and tables made of its output --------------------- */

CORPUS void as_path_put(const struct bgp_attrs *attrs, struct text *out)
{
	struct text path;
	text_init(&path);
	bgp_as_path_print(attrs, &path);
	bool set = false;
	for (size_t i = 0; i < path.length; i++) {
		char c = path.data[i];
		set = c == '{' || (set && c != '}');
		text_char(out, set && c == ' ' ? ',' : c);
	}
	text_free(&path);
}

/* From the separator before the AS path to the aggregator. */
CORPUS void columns_put(const struct bgp_attrs *attrs, char separator, struct text *out)
{
	static const char *const origins[] = { "IGP", "EGP", "INCOMPLETE" };
	char buffer[IP_TEXT_MAX], s = separator;
	text_char(out, s);
	as_path_put(attrs, out);
	text_printf(out, "%c%s%c%s%c%lu%c%lu%c", s, origins[attrs->origin], s,
		    ip_addr_format(attrs->next_hop, buffer), s, (unsigned long)attrs->local_pref, s,
		    (unsigned long)attrs->med, s);
	for (size_t i = 0; i < attrs->community_count; i++) {
		const uint8_t *at = attrs->communities + 4 * i;
		unsigned high = (unsigned)(at[0] << 8 | at[1]);
		unsigned low = (unsigned)(at[2] << 8 | at[3]);
		text_put(out, i ? " " : "");
		if (high == 0xffff && low == 0xff01)
			text_put(out, "no-export");
		else
			text_printf(out, "%u:%u", high, low);
	}
	text_printf(out, "%c%s%c", s, attrs->atomic_aggregate ? "AG" : "NAG", s);
	if (bgp_has(attrs, BGP_ATTR_AGGREGATOR))
		text_printf(out, "%lu %s", (unsigned long)attrs->aggregator_as,
			    ip_addr_format(ip_addr_v4(attrs->aggregator_id), buffer));
}

/* ---- decode, intern, encode, decode ---------------------------------------------------------- */

struct steady {
	struct bgp_table *table;
	struct arena arena;
	uint8_t room[BGP_MESSAGE_MAX_EXTENDED];
	size_t updates;   /* taken, and the same again */
	size_t prefixes;  /* in them */
	size_t outcomes[BGP_OUTCOME_RESET + 1];
	size_t too_large; /* do not fit any more: an old speaker's paths written with AS4_PATH */
};

CORPUS void steady_init(struct steady *steady)
{
	memset(steady, 0, sizeof(*steady));
	steady->table = bgp_table_new();
	arena_init(&steady->arena);
}

CORPUS void steady_free(struct steady *steady)
{
	assert_int_equal(bgp_attrs_live(steady->table), 0);
	bgp_table_free(steady->table);
	arena_free(&steady->arena);
}

/* IPv4 may come in MP_REACH and goes the classic way: then NEXT_HOP is written. Takes the reference
 * and gives one. */
CORPUS uint32_t steady_classic(struct bgp_table *table, uint32_t id)
{
	struct bgp_attrs attrs = *bgp_attrs_of(table, id);
	if (attrs.next_hop.family == IP_V4)
		attrs.present |= UINT64_C(1) << BGP_ATTR_NEXT_HOP;
	uint32_t classic = bgp_attrs_intern(table, &attrs);
	bgp_attrs_unref(table, id);
	return classic;
}

/* One message of ours: all its prefixes stand in `nlri` from *offset on, its attributes
 * are `id`. */
CORPUS void steady_reread(struct steady *steady, size_t total, const struct bgp_codec *codec,
			  uint32_t id, const struct bgp_nlri *nlri, uint32_t *offset,
			  bool withdrawn)
{
	struct bgp_frame frame;
	struct bgp_error error;
	struct bgp_update update;
	assert_int_equal(bgp_frame_next(steady->room, total, BGP_MESSAGE_MAX_EXTENDED, &frame,
					&error),
			 BGP_FRAME_READY);
	assert_int_equal(frame.total_length, total);
	assert_int_equal(bgp_update_split(frame.body, frame.body_length, codec, &steady->arena,
					  &update),
			 BGP_OUTCOME_OK);
	int which = nlri->family == BGP_IPV4_UNICAST ? 0 : 1;
	const struct bgp_nlri *again = withdrawn ? &update.withdrawn[which]
						 : &update.announced[which];
	struct bgp_nlri_item one, two;
	uint32_t at = 0, count = 0;
	for (; bgp_nlri_next(again, &at, &two); count++) {
		assert_true(bgp_nlri_next(nlri, offset, &one));
		assert_true(ip_prefix_equal(one.prefix, two.prefix));
		assert_int_equal(one.path_id, two.path_id);
	}
	assert_int_equal(count, again->count);
	steady->prefixes += count;
	if (withdrawn)
		return;
	enum bgp_outcome outcome;
	uint8_t bad;
	uint32_t back = bgp_attrs_received(steady->table, &update, which, codec, &steady->arena,
					   &outcome, &bad, &error);
	assert_int_equal(outcome, BGP_OUTCOME_OK);
	back = steady_classic(steady->table, back);
	assert_int_equal(back, id);
	bgp_attrs_unref(steady->table, back);
}

/* Writes all prefixes of one field again. False: the attributes alone are too long. */
CORPUS bool steady_rewritten(struct steady *steady, const struct bgp_codec *codec, uint32_t id,
			     const struct bgp_nlri *nlri)
{
	struct bgp_codec again = *codec;
	again.add_path_out = codec->add_path_in;
	again.unknown_sets_partial = false;
	struct bgp_update_writer writer;
	struct bgp_nlri_item item;
	uint32_t offset = 0, judged = 0;
	bool more = bgp_nlri_next(nlri, &offset, &item);
	while (more) {
		bgp_update_begin(&writer, steady->room, sizeof(steady->room),
				 id ? bgp_attrs_of(steady->table, id) : NULL, &again,
				 nlri->family);
		while (more && bgp_update_add(&writer, &item))
			more = bgp_nlri_next(nlri, &offset, &item);
		size_t total = bgp_update_finish(&writer);
		if (total == 0)
			return false;
		steady_reread(steady, total, &again, id, nlri, &judged, id == 0);
	}
	assert_int_equal(judged, nlri->length);
	return true;
}

/* What became of one UPDATE, with *update its parts. If it was taken, it is the same again. */
CORPUS enum bgp_outcome steady_update(struct steady *steady, const uint8_t *body, size_t length,
				      const struct bgp_codec *codec, struct bgp_update *update,
				      uint32_t ids[2], uint8_t *bad_attribute)
{
	arena_rewind(&steady->arena);
	ids[0] = ids[1] = 0;
	enum bgp_outcome worst = bgp_update_split(body, length, codec, &steady->arena, update);
	*bad_attribute = update->bad_attribute;
	bool fits = true;
	for (int which = 0; worst <= BGP_OUTCOME_DISCARD && which < 2; which++) {
		enum bgp_outcome outcome;
		struct bgp_error error;
		uint8_t bad;
		if (update->announced[which].count == 0)
			continue;
		uint32_t id = bgp_attrs_received(steady->table, update, which, codec,
						 &steady->arena, &outcome, &bad, &error);
		if (outcome > worst) {
			worst = outcome;
			*bad_attribute = bad;
		}
		if (id == 0)
			continue;
		ids[which] = steady_classic(steady->table, id);
		fits &= steady_rewritten(steady, codec, ids[which], &update->announced[which]);
	}
	for (int which = 0; worst <= BGP_OUTCOME_DISCARD && which < 2; which++)
		if (update->withdrawn[which].count > 0)
			steady_rewritten(steady, codec, 0, &update->withdrawn[which]);
	steady->outcomes[worst]++;
	steady->updates += worst <= BGP_OUTCOME_DISCARD;
	steady->too_large += !fits;
	return worst;
}

CORPUS void steady_done(struct steady *steady, const uint32_t ids[2])
{
	for (int which = 0; which < 2; which++)
		if (ids[which])
			bgp_attrs_unref(steady->table, ids[which]);
}

#endif
