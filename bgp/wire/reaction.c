#include "bgp/wire/reaction.h"

#include "bgp/wire/attr_table.h"

static const struct bgp_reaction *find(const struct bgp_codec *codec, enum bgp_fault fault,
				       uint8_t attribute)
{
	unsigned session = codec->external ? BGP_ON_EXTERNAL : BGP_ON_INTERNAL;
	for (size_t i = 0; codec->reactions && i < codec->reactions->count; i++) {
		const struct bgp_reaction *row = &codec->reactions->rows[i];
		if (row->fault == fault && row->sessions & session &&
		    (row->attribute == 0 || row->attribute == attribute))
			return row;
	}
	return NULL;
}

struct bgp_reaction bgp_react(const struct bgp_codec *codec, enum bgp_fault fault,
			      uint8_t attribute, enum bgp_outcome outcome, uint8_t subcode,
			      bool last)
{
	struct bgp_reaction reaction = { .outcome = (uint8_t)outcome, .subcode = subcode };
	const struct bgp_reaction *row = find(codec, fault, attribute);
	if (!row && fault == BGP_FAULT_EMPTY)
		row = find(codec, BGP_FAULT_LENGTH, attribute);
	if (!row)
		return reaction;
	reaction = *row;
	if (reaction.subcode == 0)
		reaction.subcode = subcode;
	if (reaction.derails && !last) {
		reaction.outcome = BGP_OUTCOME_RESET;
		reaction.subcode = UPDATE_NETWORK;
	}
	return reaction;
}
