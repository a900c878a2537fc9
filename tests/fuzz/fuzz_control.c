/* fuzz: daemon
 * Any line over the control socket gets an answer, whatever the speaker holds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "bgp/profile.h"
#include "bgp/route/table.h"
#include "simbgpd/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const struct command *command, struct text *out)
{
	const struct bgp_peer_config peers[] = {
		{ .name = "a", .remote = ip_addr_v4(0x0a000002), .remote_as = 1,
		  .families = BGP_IPV4_UNICAST },
		{ .name = "b", .remote = ip_addr_v4(0x0a000003), .remote_as = 2, .shutdown = true,
		  .families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST },
	};
	const struct bgp_config config = { .name = "n", .profile = &bgp_profile_frr, .router_id = 7,
					   .local_as = 1, .peers = peers, .peer_count = 2 };
	const struct bgp_local_route route = { .prefix = { ip_addr_v4(0x0a000000), 8 } };
	const struct kernel kernel = { 0 };
	const struct connections connections = { 0 };
	struct peers records;
	struct bgp_table *table = bgp_table_new();
	struct bgp_speaker *speaker =
		bgp_speaker_new(table, &config, random_stream_of(1, "n", "bgp"));
	struct bgp_effect effect;
	peers_init(&records);
	peers_configured(&records, &config);
	bgp_route_originated(speaker, INSTANT_ZERO, &route);
	while (bgp_effect_next(speaker, &effect))
		;
	const struct show about = { speaker, table, &config, &records, &connections, &kernel,
				    { NS_PER_S }, 1000000 };
	show(&about, command, out);
	peers_free(&records);
	bgp_speaker_free(speaker);
	bgp_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command command;
	struct text out;
	text_init(&out);
	if (command_parse((const char *)data, size, &command, &out))
		answer(&command, &out);
	ASSERT(out.length > 0);
	text_free(&out);
	return 0;
}
