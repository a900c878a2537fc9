#include "sim/virtual/tcp_early.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/virtual/tcp_segment.h"

void tcp_early_free(struct tcp_early *early)
{
	for (size_t i = 0; i < early->count; i++)
		free(early->pieces[i].bytes);
	free(early->pieces);
	*early = (struct tcp_early){ 0 };
}

static void piece_insert(struct tcp_early *early, size_t at, uint32_t sequence,
			 const uint8_t *bytes, uint32_t length)
{
	struct tcp_early_piece piece = { sequence, length, memory_alloc(length) };
	memcpy(piece.bytes, bytes, length);
	ARRAY_PUSH(early->pieces, early->count, early->capacity, piece);
	memmove(&early->pieces[at + 1], &early->pieces[at],
		(early->count - 1 - at) * sizeof(piece));
	early->pieces[at] = piece;
}

void tcp_early_add(struct tcp_early *early, uint32_t sequence, const uint8_t *bytes,
		   uint32_t length)
{
	size_t at = early->count;
	/* Segments mostly come in order behind one hole: look from the end. */
	while (at > 0 && seq_before(sequence, early->pieces[at - 1].sequence))
		at--;
	uint32_t end = sequence + length;
	if (at > 0) {
		const struct tcp_early_piece *before = &early->pieces[at - 1];
		if (seq_after(before->sequence + before->length, sequence)) {
			uint32_t known = before->sequence + before->length - sequence;
			if (known >= length)
				return;
			sequence += known;
			bytes += known;
		}
	}
	/* Fill the gaps between the pieces that follow. */
	for (; seq_before(sequence, end); at++) {
		uint32_t stop = end;
		if (at < early->count && seq_before(early->pieces[at].sequence, end))
			stop = early->pieces[at].sequence;
		uint32_t gap = stop - sequence;
		if (gap > 0)
			piece_insert(early, at, sequence, bytes, gap);
		else
			stop += early->pieces[at].length;
		bytes += stop - sequence;
		sequence = stop;
	}
}

bool tcp_early_take(struct tcp_early *early, uint32_t next, struct tcp_early_piece *piece)
{
	if (early->count == 0 || seq_after(early->pieces[0].sequence, next))
		return false;
	*piece = early->pieces[0];
	early->count--;
	memmove(&early->pieces[0], &early->pieces[1], early->count * sizeof(*piece));
	if (early->count == 0) {
		free(early->pieces);
		*early = (struct tcp_early){ 0 };
	}
	return true;
}
