/* The Internet checksum (RFC 1071). */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds bytes, in network order, to a running sum (start with 0); only the last part may be odd. */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t length);
/* Folds and complements: the value for the header field, in host order. */
uint16_t checksum_fold(uint64_t sum);

#endif
