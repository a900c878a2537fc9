#include "sim/virtual/tcp_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

#define COPY_ROOM_MIN 128u /* a few KEEPALIVEs share one copy */

void tcp_queue_init(struct tcp_queue *queue) { *queue = (struct tcp_queue){ 0 }; }

static struct tcp_piece *piece_at(const struct tcp_queue *queue, uint32_t index)
{
	return &queue->pieces[(queue->head + index) & (queue->capacity - 1)];
}

static void piece_release(struct tcp_piece *piece)
{
	if (piece->room)
		free(piece->context);
	else if (piece->release)
		piece->release(piece->context);
}

void tcp_queue_free(struct tcp_queue *queue)
{
	for (uint32_t i = 0; i < queue->count; i++)
		piece_release(piece_at(queue, i));
	free(queue->pieces);
	tcp_queue_init(queue);
}

static struct tcp_piece *piece_add(struct tcp_queue *queue)
{
	if (queue->count == queue->capacity) {
		uint32_t capacity = queue->capacity ? queue->capacity * 2 : 4;
		struct tcp_piece *grown = memory_alloc(capacity * sizeof(*grown));
		for (uint32_t i = 0; i < queue->count; i++)
			grown[i] = *piece_at(queue, i);
		free(queue->pieces);
		queue->pieces = grown;
		queue->capacity = capacity;
		queue->head = 0;
	}
	queue->count++;
	return piece_at(queue, queue->count - 1);
}

void tcp_queue_copy(struct tcp_queue *queue, const uint8_t *bytes, uint32_t length)
{
	struct tcp_piece *last = queue->count ? piece_at(queue, queue->count - 1) : NULL;
	if (!last || last->room - last->length < length || !last->room) {
		uint32_t room = length > COPY_ROOM_MIN ? length : COPY_ROOM_MIN;
		uint8_t *copy = memory_alloc(room);
		last = piece_add(queue);
		*last = (struct tcp_piece){ copy, queue->end, 0, room, NULL, copy };
	}
	memcpy((uint8_t *)last->context + last->length, bytes, length);
	last->length += length;
	queue->end += length;
}

void tcp_queue_borrow(struct tcp_queue *queue, const uint8_t *bytes, uint32_t length,
		      void (*release)(void *context), void *context)
{
	*piece_add(queue) = (struct tcp_piece){ bytes, queue->end, length, 0, release, context };
	queue->end += length;
}

void tcp_queue_read(struct tcp_queue *queue, size_t offset, uint8_t *out, size_t length)
{
	uint64_t at = queue->begin + offset;
	ASSERT(at + length <= queue->end);
	uint32_t index = queue->cursor;
	if (index >= queue->count || piece_at(queue, index)->start > at)
		index = 0;
	while (length > 0) {
		const struct tcp_piece *piece = piece_at(queue, index);
		uint64_t skip = at - piece->start;
		if (skip >= piece->length) {
			index++;
			continue;
		}
		size_t part = piece->length - (size_t)skip;
		if (part > length)
			part = length;
		memcpy(out, piece->bytes + skip, part);
		out += part;
		at += part;
		length -= part;
	}
	queue->cursor = index;
}

void tcp_queue_drop(struct tcp_queue *queue, size_t length)
{
	ASSERT(length <= tcp_queue_length(queue));
	queue->begin += length;
	while (queue->count) {
		struct tcp_piece *first = piece_at(queue, 0);
		if (first->start + first->length > queue->begin)
			break;
		struct tcp_piece done = *first;
		queue->head = (queue->head + 1) & (queue->capacity - 1);
		queue->count--;
		queue->cursor -= queue->cursor > 0;
		piece_release(&done);
	}
}
