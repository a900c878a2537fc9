/* A path-compressed binary trie from prefix to a 32-bit number; IPv4 and IPv6 apart. It answers
 * "every prefix that contains this address", longest last, from which a FIB takes its match. */
#ifndef BASE_TRIE_H
#define BASE_TRIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/memory.h"

#define TRIE_NONE UINT32_MAX

struct trie {
	struct slab nodes;
	uint32_t root_v4, root_v6; /* slab numbers, 0 if empty */
	uint32_t count;            /* prefixes that hold a value */
};

void trie_init(struct trie *trie);
void trie_free(struct trie *trie);
/* Sets the value of a prefix (its host bits are ignored). Returns the former value or TRIE_NONE. */
uint32_t trie_set(struct trie *trie, struct ip_prefix prefix, uint32_t value);
uint32_t trie_get(const struct trie *trie, struct ip_prefix prefix); /* exact match */
uint32_t trie_remove(struct trie *trie, struct ip_prefix prefix);    /* former value */

/* Fills values[] with those of every prefix containing the address, shortest first; returns how
 * many (129 at most, the room the caller must give). */
#define TRIE_DEPTH_MAX 129
int trie_containing(const struct trie *trie, struct ip_addr addr, uint32_t values[TRIE_DEPTH_MAX]);
uint32_t trie_longest(const struct trie *trie, struct ip_addr addr); /* TRIE_NONE if none */

/* Visits in order of ip_prefix_compare within a family, IPv4 first; stops when visit says false. */
void trie_each(const struct trie *trie,
	       bool (*visit)(void *context, struct ip_prefix prefix, uint32_t value),
	       void *context);

#endif
