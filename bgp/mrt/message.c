/* What passed on a session: BGP4MP (RFC 6396 4.4), and MRTd's BGP type before it. */
#include "bgp/mrt/inside.h"

static const char cut_short[] = "the record is too short";

static uint32_t as_read(struct reader *in, bool as4)
{
	return as4 ? reader_u32(in) : reader_u16(in);
}

static const char *session_read(struct reader *in, const struct mrt_row *row,
				struct mrt_content *content)
{
	content->peer.as_number = as_read(in, row->as4);
	content->local_as = as_read(in, row->as4);
	content->interface_index = reader_u16(in);
	uint16_t afi = reader_u16(in);
	if (in->failed)
		return cut_short;
	if (afi != AFI_IPV4 && afi != AFI_IPV6)
		return "the session's address family is neither IPv4 nor IPv6";
	content->peer.addr = mrt_addr_read(in, afi);
	content->local = mrt_addr_read(in, afi);
	return in->failed ? cut_short : NULL;
}

const char *mrt_message_read(struct reader *in, const struct mrt_row *row,
			     struct mrt_content *content)
{
	const char *why = session_read(in, row, content);
	if (why)
		return why;
	struct bgp_frame frame;
	struct bgp_error error;
	switch (bgp_frame_next(in->at, reader_left(in), BGP_MESSAGE_MAX_EXTENDED, &frame,
			       &error)) {
	case BGP_FRAME_MORE:
		return "the BGP message is cut short";
	case BGP_FRAME_BAD:
		return "the BGP message's header is bad";
	case BGP_FRAME_READY:
		break;
	}
	if (frame.total_length != reader_left(in))
		return "octets after the BGP message";
	content->kind = MRT_MESSAGE;
	content->message_type = frame.type;
	content->body = frame.body;
	content->body_length = frame.body_length;
	return NULL;
}

static const char *states_read(struct reader *in, struct mrt_content *content)
{
	content->old_state = reader_u16(in);
	content->new_state = reader_u16(in);
	if (in->failed)
		return cut_short;
	if (reader_left(in) > 0)
		return "octets after the states";
	content->kind = MRT_STATE;
	return NULL;
}

const char *mrt_state_read(struct reader *in, const struct mrt_row *row,
			   struct mrt_content *content)
{
	const char *why = session_read(in, row, content);
	return why ? why : states_read(in, content);
}

/* Without the message's header: the subtype says what it is. */
const char *mrt_old_message_read(struct reader *in, const struct mrt_row *row,
				 struct mrt_content *content)
{
	static const uint8_t types[] = { [1] = BGP_UPDATE, [5] = BGP_OPEN,
					 [6] = BGP_NOTIFICATION, [7] = BGP_KEEPALIVE };
	content->peer.as_number = reader_u16(in);
	content->peer.addr = mrt_addr_read(in, AFI_IPV4);
	content->local_as = reader_u16(in);
	content->local = mrt_addr_read(in, AFI_IPV4);
	if (in->failed)
		return cut_short;
	content->kind = MRT_MESSAGE;
	content->message_type = types[row->subtype];
	content->body = in->at;
	content->body_length = reader_left(in);
	return NULL;
}

const char *mrt_old_state_read(struct reader *in, const struct mrt_row *row,
			       struct mrt_content *content)
{
	(void)row;
	content->peer.as_number = reader_u16(in);
	content->peer.addr = mrt_addr_read(in, AFI_IPV4);
	return states_read(in, content);
}

struct bgp_codec mrt_codec(const struct mrt_content *content)
{
	const uint8_t families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST;
	return (struct bgp_codec){
		.as4 = content->as4,
		.external = content->peer.as_number != content->local_as,
		.families = families,
		.add_path_in = content->add_path ? families : 0,
	};
}
