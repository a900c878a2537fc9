/* Bytes that came before their turn: the reassembly queue. Pieces never overlap and stand in order
 * of sequence number. */
#ifndef SIM_VIRTUAL_TCP_EARLY_H
#define SIM_VIRTUAL_TCP_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcp_early_piece {
	uint32_t sequence, length;
	uint8_t *bytes; /* owned */
};

struct tcp_early {
	struct tcp_early_piece *pieces; /* owned */
	size_t count, capacity;
};

void tcp_early_free(struct tcp_early *early); /* empty then, as when zeroed */
/* Copies what is not there yet. The caller has cut the bytes to the receive window, which also
 * bounds what is held. */
void tcp_early_add(struct tcp_early *early, uint32_t sequence, const uint8_t *bytes,
		   uint32_t length);
/* Removes the first piece if it begins at or before `next`; the caller frees piece->bytes. It may
 * reach back before `next`, or lie there whole. */
bool tcp_early_take(struct tcp_early *early, uint32_t next, struct tcp_early_piece *piece);

#endif
