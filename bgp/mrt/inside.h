/* What the files of bgp/mrt/ share. Inside mrt/ only. */
#ifndef BGP_MRT_INSIDE_H
#define BGP_MRT_INSIDE_H

#include "bgp/mrt/mrt.h"

#define AFI_IPV4 1u
#define AFI_IPV6 2u

/* The address of an AFI; without room, or of neither family, *in fails. */
struct ip_addr mrt_addr_read(struct reader *in, uint16_t afi);

/* One row a subtype; NULL reads: not ours. */
struct mrt_row {
	uint16_t type, subtype;
	bool as4, add_path, sent;
	uint16_t afi;
	/* NULL, or what is wrong. */
	const char *(*read)(struct reader *in, const struct mrt_row *row,
			    struct mrt_content *content);
};

/* bgp/mrt/message.c */
const char *mrt_message_read(struct reader *, const struct mrt_row *, struct mrt_content *);
const char *mrt_state_read(struct reader *, const struct mrt_row *, struct mrt_content *);
const char *mrt_old_message_read(struct reader *, const struct mrt_row *, struct mrt_content *);
const char *mrt_old_state_read(struct reader *, const struct mrt_row *, struct mrt_content *);
/* bgp/mrt/table.c */
const char *mrt_peers_read(struct reader *, const struct mrt_row *, struct mrt_content *);
const char *mrt_rib_read(struct reader *, const struct mrt_row *, struct mrt_content *);
const char *mrt_table_dump_read(struct reader *, const struct mrt_row *, struct mrt_content *);
/* How long a TABLE_DUMP body of that declared length really is (see table.c). */
size_t mrt_table_dump_length(const uint8_t *body, size_t declared);

#endif
