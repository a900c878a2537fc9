/* Byte cursors in network order. A reader that runs past its end, or a writer past its room, sets
 * `failed` and from then on returns zeros or writes nothing: check once, at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at, *end; /* borrowed */
	bool failed;
};

static inline struct reader reader_of(const void *bytes, size_t length)
{
	return (struct reader){ bytes, (const uint8_t *)bytes + length, false };
}
static inline size_t reader_left(const struct reader *r) { return (size_t)(r->end - r->at); }
static inline const uint8_t *reader_bytes(struct reader *r, size_t length)
{
	if (r->failed || reader_left(r) < length) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *p = r->at;
	r->at += length;
	return p;
}
static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 1);
	return p ? p[0] : 0;
}
static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 2);
	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}
static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}
/* A reader over the next `length` bytes; failed if there are fewer. */
static inline struct reader reader_sub(struct reader *r, size_t length)
{
	const uint8_t *p = reader_bytes(r, length);
	return p ? reader_of(p, length) : (struct reader){ r->end, r->end, true };
}

struct writer {
	uint8_t *start, *at, *end; /* borrowed */
	bool failed;
};

static inline struct writer writer_of(void *room, size_t size)
{
	return (struct writer){ room, room, (uint8_t *)room + size, false };
}
static inline size_t writer_used(const struct writer *w) { return (size_t)(w->at - w->start); }
static inline size_t writer_left(const struct writer *w) { return (size_t)(w->end - w->at); }
/* Room for `length` bytes to be filled by the caller, or NULL. */
static inline uint8_t *writer_room(struct writer *w, size_t length)
{
	if (w->failed || writer_left(w) < length) {
		w->failed = true;
		return NULL;
	}
	uint8_t *p = w->at;
	w->at += length;
	return p;
}
static inline void writer_bytes(struct writer *w, const void *bytes, size_t length)
{
	uint8_t *p = writer_room(w, length);
	if (p && length)
		memcpy(p, bytes, length);
}
static inline void writer_u8(struct writer *w, uint8_t v)
{
	uint8_t *p = writer_room(w, 1);
	if (p)
		p[0] = v;
}
static inline void put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}
static inline void put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, (uint16_t)(v >> 16));
	put_u16(p + 2, (uint16_t)v);
}
static inline void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t *p = writer_room(w, 2);
	if (p)
		put_u16(p, v);
}
static inline void writer_u32(struct writer *w, uint32_t v)
{
	uint8_t *p = writer_room(w, 4);
	if (p)
		put_u32(p, v);
}

#endif
