#include "reports/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "base/text.h"
#include "reports/pcapng.h"

#define START_S UINT64_C(1704067200) /* 2024-01-01 00:00:00 UTC */

struct link_file {
	pcap_dumper_t *dumper; /* NULL: this link is not captured */
	uint32_t first_interface;
};

struct capture {
	struct frame_sink frames; /* embedded first */
	struct trace_sink trace;
	const struct model *model;
	FILE *all;
	pcap_t *dead; /* libpcap's idea of a capture without a device */
	struct link_file *links;
	uint32_t timeline_interface;
	uint64_t count;
	struct text step; /* the latest one; empty once a frame has told of it */
};

static const char *end_name(const struct model *model, uint32_t link, uint32_t end, char separator,
			    struct arena *arena)
{
	const struct model_link_end *e = &model->links[link].ends[end];
	const struct model_node *node = &model->nodes[e->node];
	return arena_printf(arena, "%s%c%s", node->name, separator,
			    node->interfaces[e->interface].name);
}

static void frame_seen(struct frame_sink *sink, const struct observed_frame *frame)
{
	struct capture *c = (struct capture *)(void *)sink;
	struct link_file *link = &c->links[frame->link];
	if (!frame->sent || !link->dumper)
		return;
	uint64_t at = START_S * UINT64_C(1000000000) + (uint64_t)frame->at_ns;
	struct text comment;
	text_init(&comment);
	if (c->step.length)
		text_printf(&comment, "first frame after %s", text_string(&c->step));
	if (frame->dropped)
		text_printf(&comment, "%slost on the way", comment.length ? "; " : "");
	pcapng_packet(c->all, link->first_interface + frame->end, at, frame->bytes,
		      (uint32_t)frame->length, comment.length ? text_string(&comment) : NULL);
	text_free(&comment);
	text_clear(&c->step);
	struct pcap_pkthdr header = {
		.ts = { .tv_sec = (time_t)(at / 1000000000), .tv_usec = (long)(at % 1000000000) },
		.caplen = (uint32_t)frame->length,
		.len = (uint32_t)frame->length,
	};
	pcap_dump((u_char *)link->dumper, &header, frame->bytes);
	c->count++;
}

#define SYSLOG_PORT 514
#define SYSLOG_ERROR 11 /* facility user, severity error: what Wireshark colours */

/* A step of the timeline as a syslog datagram: Wireshark shows it in line with the packets. */
static void write_marker(struct capture *c, int64_t at_ns, const char *message,
			 const char *comment)
{
	uint8_t bytes[1500];
	struct writer w = writer_of(bytes, sizeof(bytes));
	size_t length = strlen(message);
	length = length < 1400 ? length : 1400;
	static const uint8_t ethernet[14] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0,
					      0,    0x08, 0x00 };
	writer_bytes(&w, ethernet, sizeof(ethernet));
	uint8_t *ip = w.at;
	writer_u16(&w, 0x4500);
	writer_u16(&w, (uint16_t)(28 + length));
	writer_u32(&w, 0);
	writer_u16(&w, 0x4011); /* TTL 64, UDP */
	writer_u16(&w, 0);
	writer_u32(&w, 0x7f000001);
	writer_u32(&w, 0xffffffff);
	put_u16(ip + 10, checksum_fold(checksum_add(0, ip, 20)));
	uint8_t *udp = w.at;
	writer_u16(&w, SYSLOG_PORT);
	writer_u16(&w, SYSLOG_PORT);
	writer_u16(&w, (uint16_t)(8 + length));
	writer_u16(&w, 0);
	writer_bytes(&w, message, length);
	uint64_t sum = checksum_add(17 + 8 + length, ip + 12, 8);
	uint16_t checksum = checksum_fold(checksum_add(sum, udp, 8 + length));
	put_u16(udp + 6, checksum ? checksum : 0xffff);
	pcapng_packet(c->all, c->timeline_interface,
		      START_S * UINT64_C(1000000000) + (uint64_t)at_ns, bytes,
		      (uint32_t)writer_used(&w), comment);
}

static void step_seen(struct trace_sink *sink, const struct observation *seen)
{
	struct capture *c =
		(struct capture *)(void *)((char *)sink - offsetof(struct capture, trace));
	if (seen->kind != OBSERVE_STEP ||
	    c->model->steps[seen->step.index].kind == MODEL_STEP_END)
		return;
	text_clear(&c->step);
	text_printf(&c->step, "%s%s at ", seen->step.name, seen->step.undone ? " (undone)" : "");
	text_seconds(&c->step, seen->at_ns);
	text_printf(&c->step, ": %s", seen->step.text);
	struct text message;
	text_init(&message);
	text_printf(&message, "<%d>simrun: %s%s @", SYSLOG_ERROR, seen->step.name,
		    seen->step.undone ? " (undone)" : "");
	text_seconds(&message, seen->at_ns);
	text_printf(&message, " %s", seen->step.text);
	write_marker(c, seen->at_ns, text_string(&message), text_string(&c->step));
	text_free(&message);
}

static void write_names(struct capture *c)
{
	struct pcapng_name *names = NULL;
	size_t count = 0, capacity = 0;
	const struct model_revision *start = &c->model->revisions[0];
	for (uint32_t i = 0; i < c->model->node_count; i++) {
		const struct model_config *config = start->nodes[i];
		for (uint32_t j = 0; j < config->address_count; j++) {
			struct pcapng_name name = { config->addresses[j].address.addr,
						    c->model->nodes[i].name };
			ARRAY_PUSH(names, count, capacity, name);
		}
		for (uint32_t j = 0; j < config->pod_count; j++) {
			struct pcapng_name name = { config->pods[j].address, config->pods[j].name };
			ARRAY_PUSH(names, count, capacity, name);
		}
	}
	pcapng_names(c->all, names, (uint32_t)count);
	free(names);
}

/* File names hold node names; whatever is neither letter, digit, '.', '_' nor '-' becomes '_'. */
static void safe_name(char *name)
{
	for (; *name; name++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *name))
			*name = '_';
}

static bool open_link(struct capture *c, uint32_t index, const struct capture_options *options,
		      uint32_t *interfaces, struct arena *arena)
{
	const struct model_link *link = &c->model->links[index];
	if (options->what == CAPTURE_LINK && strcmp(options->link, link->name) != 0)
		return true;
	char *name;
	if (link->end_count == 2)
		name = arena_printf(arena, "%s--%s", end_name(c->model, index, 0, '_', arena),
				    end_name(c->model, index, 1, '_', arena));
	else
		name = arena_strdup(arena, link->name);
	safe_name(name);
	const char *path = arena_printf(arena, "%s/pcap/%s.pcap", options->folder, name);
	c->links[index] = (struct link_file){ pcap_dump_open(c->dead, path), *interfaces };
	for (uint32_t end = 0; end < link->end_count; end++)
		pcapng_interface(c->all, end_name(c->model, index, end, ':', arena), link->name);
	*interfaces += link->end_count;
	return c->links[index].dumper != NULL;
}

static const char *open_files(struct capture *c, const struct capture_options *options,
			      struct arena *arena)
{
	const char *folder = arena_printf(arena, "%s/pcap", options->folder);
	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return strerror(errno);
	c->all = fopen(arena_printf(arena, "%s/run.pcapng", options->folder), "wb");
	c->dead = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 262144,
						       PCAP_TSTAMP_PRECISION_NANO);
	if (!c->all || !c->dead)
		return strerror(errno);
	pcapng_section(c->all, arena_printf(arena, "simrun %s", options->version),
		       arena_printf(arena, "%s, seed %llu", c->model->name,
				    (unsigned long long)options->seed));
	uint32_t interfaces = 0;
	for (uint32_t i = 0; i < c->model->link_count; i++)
		if (!open_link(c, i, options, &interfaces, arena))
			return "cannot write a file of pcap/";
	c->timeline_interface = interfaces;
	pcapng_interface(c->all, "timeline", "what was done to the network");
	write_names(c);
	return NULL;
}

struct capture *capture_new(const struct model *model, const struct capture_options *options,
			    const char **error)
{
	struct capture *c = memory_zalloc(sizeof(*c));
	c->frames.seen = frame_seen;
	c->trace.observe = step_seen;
	c->model = model;
	text_init(&c->step);
	c->links = memory_zalloc(model->link_count * sizeof(*c->links));
	struct arena arena;
	arena_init(&arena);
	*error = open_files(c, options, &arena);
	arena_free(&arena);
	if (*error) {
		capture_close(c);
		return NULL;
	}
	return c;
}

struct frame_sink *capture_frames(struct capture *capture) { return &capture->frames; }
struct trace_sink *capture_trace(struct capture *capture) { return &capture->trace; }
uint64_t capture_count(const struct capture *capture) { return capture->count; }

const char *capture_close(struct capture *capture)
{
	const char *error = NULL;
	for (uint32_t i = 0; i < capture->model->link_count; i++) {
		pcap_dumper_t *dumper = capture->links[i].dumper;
		if (!dumper)
			continue;
		if (pcap_dump_flush(dumper) != 0 || ferror(pcap_dump_file(dumper)))
			error = strerror(errno);
		pcap_dump_close(dumper);
	}
	if (capture->dead)
		pcap_close(capture->dead);
	if (capture->all) {
		bool bad = ferror(capture->all) != 0;
		if (fclose(capture->all) != 0 || bad)
			error = errno ? strerror(errno) : "write error";
	}
	text_free(&capture->step);
	free(capture->links);
	free(capture);
	return error;
}
