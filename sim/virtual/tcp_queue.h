/* A connection's send queue: bytes from the first unacknowledged one on, as pieces that are either
 * copies or borrowed. A byte is addressed by its offset from the queue's beginning. */
#ifndef SIM_VIRTUAL_TCP_QUEUE_H
#define SIM_VIRTUAL_TCP_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct tcp_piece {
	const uint8_t *bytes;
	uint64_t start;                 /* position in the whole stream */
	uint32_t length;
	uint32_t room;                  /* a copy we own: its size. 0: borrowed */
	void (*release)(void *context); /* borrowed: call once when done; may be NULL */
	void *context;
};

struct tcp_queue {
	struct tcp_piece *pieces; /* owned; a ring */
	uint32_t capacity;        /* a power of two, or 0 */
	uint32_t head, count;
	uint32_t cursor;          /* piece read last, counted from head: the next read is near it */
	uint64_t begin, end;      /* positions in the stream; end - begin bytes are held */
};

void tcp_queue_init(struct tcp_queue *queue);
void tcp_queue_free(struct tcp_queue *queue); /* releases what is held; the queue is empty then */
static inline size_t tcp_queue_length(const struct tcp_queue *queue)
{
	return (size_t)(queue->end - queue->begin);
}
void tcp_queue_copy(struct tcp_queue *queue, const uint8_t *bytes, uint32_t length);
void tcp_queue_borrow(struct tcp_queue *queue, const uint8_t *bytes, uint32_t length,
		      void (*release)(void *context), void *context);
/* offset + length must not pass the end. */
void tcp_queue_read(struct tcp_queue *queue, size_t offset, uint8_t *out, size_t length);
void tcp_queue_drop(struct tcp_queue *queue, size_t length); /* from the front */

#endif
