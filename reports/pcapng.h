/* Just enough of pcapng (draft-ietf-opsawg-pcapng) to write a capture Wireshark reads with names,
 * comments and directions. libpcap cannot write it (libpcap issue 1304). */
#ifndef REPORTS_PCAPNG_H
#define REPORTS_PCAPNG_H

#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"

void pcapng_section(FILE *file, const char *application, const char *comment);
void pcapng_interface(FILE *file, const char *name, const char *description);
/* One Name Resolution Block. */
struct pcapng_name {
	struct ip_addr addr;
	const char *name;
};
void pcapng_names(FILE *file, const struct pcapng_name *names, uint32_t count);
/* time_ns: since the epoch. comment may be NULL. */
void pcapng_packet(FILE *file, uint32_t interface, uint64_t time_ns, const uint8_t *bytes,
		   uint32_t length, const char *comment);

#endif
