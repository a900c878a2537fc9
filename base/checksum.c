#include "base/checksum.h"

uint64_t checksum_add(uint64_t sum, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;
	for (; length >= 4; p += 4, length -= 4)
		sum += (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	if (length >= 2) {
		sum += (uint32_t)(p[0] << 8 | p[1]);
		p += 2;
		length -= 2;
	}
	if (length)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

uint16_t checksum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
