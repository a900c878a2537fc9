#include <stdlib.h>

#include "base/assert.h"
#include "bgp/bgp.h"

struct bgp_slice *bgp_slice_ref(struct bgp_slice *slice)
{
	ASSERT(slice->references > 0 && slice->references < UINT32_MAX);
	slice->references++;
	return slice;
}

void bgp_slice_unref(struct bgp_slice *slice)
{
	ASSERT(slice->references > 0);
	if (--slice->references == 0)
		free(slice);
}
