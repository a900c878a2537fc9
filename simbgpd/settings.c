#include "simbgpd/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "bgp/profile.h"
#include "sim/setup.h"
#include "simbgpd/log.h"
#include "topo/frr/frr.h"
#include "topo/yaml.h"

#define FILE_BYTES_MAX (16u << 20)

/* The machine's interfaces, for lines that name one. */
static void place_links(struct settings *settings, const struct kernel *kernel)
{
	struct model_interface *interfaces = arena_alloc(
		&settings->diags.arena, (kernel->link_count + 1) * sizeof(*interfaces));
	for (uint32_t i = 0; i < kernel->link_count; i++)
		interfaces[i] = (struct model_interface){
			.name = arena_strdup(&settings->diags.arena, kernel->links[i].name),
			.link = MODEL_NONE,
			.link_end = MODEL_NONE,
		};
	settings->node.interfaces = interfaces;
	settings->node.interface_count = kernel->link_count;
}

static bool is_loopback(struct ip_addr addr)
{
	return (addr.family == IP_V4 && addr.bytes[0] == 127) ||
	       (addr.family == IP_V6 && ip_addr_equal(addr, (struct ip_addr){ IP_V6, { [15] = 1 } }));
}

static bool is_link_local(struct ip_addr addr)
{
	return addr.family == IP_V6 && addr.bytes[0] == 0xfe && (addr.bytes[1] & 0xc0) == 0x80;
}

static void place_addresses(struct arena *arena, struct model_config *config,
			    const struct settings *settings, const struct kernel *kernel)
{
	config->addresses =
		arena_alloc(arena, (kernel->address_count + 1) * sizeof(*config->addresses));
	config->address_count = 0;
	for (uint32_t i = 0; i < kernel->address_count; i++) {
		const struct kernel_address *from = &kernel->addresses[i];
		uint32_t link = 0;
		while (link < kernel->link_count && kernel->links[link].index != from->link)
			link++;
		if (is_loopback(from->prefix.addr) || is_link_local(from->prefix.addr) ||
		    link >= settings->node.interface_count)
			continue;
		config->addresses[config->address_count++] =
			(struct model_address){ .interface = link, .address = from->prefix };
	}
}

static void print(struct diag_list *diags)
{
	struct text text;
	text_init(&text);
	diag_sort(diags);
	for (size_t i = 0; i < diags->count; i++)
		diag_print(&diags->items[i], &text, isatty(STDERR_FILENO));
	fputs(text_string(&text), stderr);
	text_free(&text);
}

static bool choose(struct settings *settings, const struct settings_choice *choice)
{
	struct bgp_config *bgp = &settings->bgp;
	if (choice->profile)
		bgp->profile = bgp_profile_by_name(choice->profile);
	/* The looks of a daemon are not a wish for its faults: those one has to ask for. */
	bgp->errors_by_rfc = !choice->profile;
	if (choice->port)
		bgp->listen_port = choice->port;
	bgp->ebgp_requires_policy = bgp->ebgp_requires_policy && bgp->profile->ebgp_requires_policy;
	bgp->restarting = choice->restarting;
	bgp->event_mask = 1u << BGP_EVENT_SESSION | 1u << BGP_EVENT_MESSAGE |
			  1u << BGP_EVENT_TREATED;
	return true;
}

static bool read_file(struct settings *settings, const struct settings_choice *choice,
		      const struct kernel *kernel)
{
	struct diag_list *diags = &settings->diags;
	bool quagga = choice->profile && strcmp(choice->profile, "quagga") == 0;
	const struct source *source = source_read(diags, choice->path, FILE_BYTES_MAX, NULL);
	if (!source)
		return false;
	struct yaml_text text = yaml_text_of_file(source);
	const struct frr_config *frr =
		frr_parse(diags, &text, quagga ? MODEL_QUAGGA : MODEL_FRR);
	place_links(settings, kernel);
	place_addresses(&diags->arena, &settings->config, settings, kernel);
	if (!frr_render(diags, frr, &settings->node, &settings->config) || diags->errors)
		return false;
	if (!setup_speaker_of(&settings->config, settings->node.name,
			      BGP_IPV4_UNICAST | BGP_IPV6_UNICAST, &diags->arena, &settings->bgp)) {
		diag_add(diags, DIAG_ERROR, "", (struct source_pos){ .source = source },
			 "there is no `router bgp` here: nothing to do");
		return false;
	}
	return choose(settings, choice);
}

struct settings *settings_read(const struct settings_choice *choice, const struct kernel *kernel)
{
	struct settings *settings = memory_zalloc(sizeof(*settings));
	char host[65] = "simbgpd";
	diag_list_init(&settings->diags);
	gethostname(host, sizeof(host) - 1);
	settings->node.name = arena_strdup(&settings->diags.arena, host);
	bool good = read_file(settings, choice, kernel);
	print(&settings->diags);
	if (good)
		return settings;
	settings_free(settings);
	return NULL;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	diag_list_free(&settings->diags);
	free(settings);
}

/* Static routes of the file count as they are written; those of the kernel come after them. */
static void place_routes(struct arena *arena, struct model_config *config,
			 const struct settings *settings, const struct kernel *kernel)
{
	uint32_t count = settings->config.route_count;
	config->routes = arena_alloc(arena, (count + kernel->route_count + 1) *
						    sizeof(*config->routes));
	if (count)
		memcpy(config->routes, settings->config.routes, count * sizeof(*config->routes));
	for (uint32_t i = 0; i < kernel->route_count; i++) {
		const struct kernel_route *from = &kernel->routes[i];
		bool connected = from->hop_count == 1 && from->hops[0].via.family == IP_NONE;
		if (!from->live || (from->unicast && connected) || is_link_local(from->prefix.addr))
			continue;
		config->routes[count++] = (struct model_route){ .prefix = from->prefix,
								.interface = MODEL_NONE };
	}
	config->route_count = count;
}

struct bgp_local_route *settings_local_routes(const struct settings *settings,
					      const struct kernel *kernel, struct arena *arena,
					      uint32_t *count)
{
	struct model_config config = settings->config;
	place_addresses(arena, &config, settings, kernel);
	place_routes(arena, &config, settings, kernel);
	return setup_local_routes_of(&config, arena, count);
}
