/* The grammar: one row is one command. Inner header of topo/frr. */
#ifndef TOPO_FRR_GRAMMAR_H
#define TOPO_FRR_GRAMMAR_H

#include "topo/frr/config.h"
#include "topo/yaml.h"

/* Where a line stands. A line unknown in its context is tried in the one around it, as vtysh does.
 */
enum frr_context {
	FRR_AT_TOP = 1,
	FRR_AT_INTERFACE = 2,
	FRR_AT_BGP = 4,
	FRR_AT_IPV4 = 8,
	FRR_AT_IPV6 = 16,
	FRR_AT_OTHER_FAMILY = 32, /* a family that is not modelled: its lines are swallowed */
	FRR_AT_ROUTE_MAP = 64,
	FRR_AT_OTHER = 128,       /* a block that is not modelled: its lines are swallowed */
};
#define FRR_CONTEXTS 8

#define FRR_WORDS_MAX 64u /* words of a line */
#define FRR_ARGS_MAX 8u

struct frr_word {
	const char *text; /* a copy with its NUL */
	const char *at;   /* in the source text */
	size_t length;
	struct source_pos pos;
};

enum frr_arg_kind {
	FRR_ARG_NONE, FRR_ARG_WORD, FRR_ARG_LINE, FRR_ARG_NUMBER, FRR_ARG_ADDR, FRR_ARG_PREFIX,
	FRR_ARG_CHOICE,
};

/* What a placeholder or a choice matched. Optional ones that were left out have kind NONE. */
struct frr_arg {
	enum frr_arg_kind kind;
	const char *text;       /* WORD, ADDR: as written; LINE: the rest of the line */
	int64_t number;         /* NUMBER; CHOICE: which, from 0 */
	struct ip_addr addr;    /* ADDR; WORD that reads as an address */
	struct ip_prefix prefix;
	struct source_pos pos;
};

struct frr_reader;

struct frr_row {
	unsigned contexts;
	enum {
		FRR_PLAIN = 0,
		FRR_NO = 1,      /* may be preceded by `no`; arguments may then be left out */
		FRR_ONLY_NO = 2, /* exists with `no` only */
		FRR_IGNORED = 4, /* known, and changes nothing here: a warning */
		FRR_FLAG = 8,    /* a setting that is on or off */
		FRR_NOT_QUAGGA = 16,
	} flags;
	/* Words; a|b: one of these; <n:1-9> <as> <addr> <addr4> <addr6> <prefix4> <prefix6> <word>
	 * <line> take a value; [a <word>] may be left out. */
	const char *pattern;
	void (*apply)(struct frr_reader *reader, const struct frr_row *row,
		      const struct frr_arg *args, bool no);
	int64_t value; /* for apply: a frr_setting_id and such */
};

extern const struct frr_row frr_rows[];
extern const size_t frr_row_count;

/* The state of reading: the line at hand and the block it stands in. */
struct frr_reader {
	struct diag_list *diags;
	struct arena *arena;
	const struct yaml_text *text;
	struct frr_config *config;
	enum frr_context context;
	uint32_t block;          /* index of the interface or route-map entry the block is about */
	bool ignored_said;       /* of this block */
	struct frr_word words[FRR_WORDS_MAX];
	uint32_t word_count;
	struct source_pos pos;   /* of the line */
	const char *line;        /* where it begins in the text, */
	uint32_t line_number;    /* and which one it is, from 1 */
};

/* The place of some bytes of the line at hand. */
struct source_pos frr_reader_pos(const struct frr_reader *reader, const char *at, size_t bytes);

enum frr_family frr_reader_family(const struct frr_reader *reader);
/* The context around one. TOP is around itself. */
enum frr_context frr_outer(enum frr_context context);
const char *frr_context_name(enum frr_context context); /* "`router bgp`" */

/* Matches words [first, count) with a pattern. Returns true if all of it fits; *reached is then
 * count, else the index of the word where it stopped. *expected, if not NULL, is what was wanted
 * there: a literal, or a description that starts with '<'. */
bool frr_match(const struct frr_reader *reader, const char *pattern, uint32_t first, bool no,
	       struct frr_arg args[FRR_ARGS_MAX], uint32_t *reached, const char **expected,
	       size_t *expected_length);

/* The rows' actions, by the file that has them. */
#define FRR_ACTION(name)                                                                           \
	void name(struct frr_reader *reader, const struct frr_row *row,                            \
		  const struct frr_arg *args, bool no)
FRR_ACTION(frr_do_nothing);
FRR_ACTION(frr_do_defaults);
FRR_ACTION(frr_do_exit);
FRR_ACTION(frr_do_end);
FRR_ACTION(frr_do_forwarding);
FRR_ACTION(frr_do_interface);
FRR_ACTION(frr_do_address);
FRR_ACTION(frr_do_shutdown);
FRR_ACTION(frr_do_route);
FRR_ACTION(frr_do_prefix_list);
FRR_ACTION(frr_do_route_map);
FRR_ACTION(frr_do_match);
FRR_ACTION(frr_do_set_local_pref);
FRR_ACTION(frr_do_set_community);
FRR_ACTION(frr_do_other_block);
FRR_ACTION(frr_do_router_bgp);
FRR_ACTION(frr_do_family);
FRR_ACTION(frr_do_router_id);
FRR_ACTION(frr_do_cluster_id);
FRR_ACTION(frr_do_bgp_flag);
FRR_ACTION(frr_do_restart_time);
FRR_ACTION(frr_do_timers);
FRR_ACTION(frr_do_maximum_paths);
FRR_ACTION(frr_do_network);
FRR_ACTION(frr_do_network_mask);
FRR_ACTION(frr_do_redistribute);
FRR_ACTION(frr_do_peer_remote_as);
FRR_ACTION(frr_do_peer_group);
FRR_ACTION(frr_do_peer_join);
FRR_ACTION(frr_do_peer_remove);
FRR_ACTION(frr_do_peer_setting);

/* Values of rows for frr_do_bgp_flag. */
enum frr_bgp_flag {
	FRR_BGP_REQUIRES_POLICY, FRR_BGP_DEFAULT_IPV4, FRR_BGP_DEFAULT_IPV6,
	FRR_BGP_GRACEFUL_RESTART,
};

#endif
