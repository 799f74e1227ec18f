/* SPDX-License-Identifier: MIT */
#include "wire/tftp.h"

#include <errno.h>
#include <inttypes.h>
#include <strings.h>

#include "base/text.h"

/* A NUL-terminated string, or NULL and bad. */
static const char *take_string(struct view *v)
{
	const uint8_t *end = v->left > 0 ? memchr(v->at, 0, v->left) : NULL;

	if (!end) {
		v->bad = true;
		return NULL;
	}
	return (const char *)view_take(v, (size_t)(end - v->at) + 1);
}

static enum tftp_mode mode_of(const char *word)
{
	if (strcasecmp(word, "octet") == 0)
		return TFTP_OCTET;
	if (strcasecmp(word, "netascii") == 0)
		return TFTP_NETASCII;
	return TFTP_MODE_OTHER;
}

static void set_blksize(struct tftp_options *options, uint64_t value)
{
	if (value >= TFTP_BLKSIZE_MIN)
		options->blksize = (uint16_t)MIN(value, TFTP_BLKSIZE_MAX);
}

static void set_timeout(struct tftp_options *options, uint64_t value)
{
	if (value <= UINT8_MAX)
		options->timeout_s = (uint8_t)value;
}

static void set_tsize(struct tftp_options *options, uint64_t value)
{
	options->has_tsize = true;
	options->tsize = value;
}

static void set_windowsize(struct tftp_options *options, uint64_t value)
{
	options->windowsize = (uint16_t)MIN(value, UINT16_MAX);
}

static const struct {
	const char *name;
	void (*set)(struct tftp_options *options, uint64_t value);
} known_options[] = {
	{ "blksize", set_blksize },
	{ "timeout", set_timeout },
	{ "tsize", set_tsize },
	{ "windowsize", set_windowsize },
};

static void set_option(struct tftp_options *options, const char *name,
		       const char *text)
{
	uint64_t value;

	if (str_to_u64(text, UINT64_MAX, &value) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known_options); i++)
		if (strcasecmp(name, known_options[i].name) == 0)
			known_options[i].set(options, value);
}

/* What is cut off at the end, or padding behind the last option, is no reason
 * not to boot a machine. */
static void parse_options(struct view *v, struct tftp_options *options)
{
	const char *name, *value;

	while ((name = take_string(v)) && (value = take_string(v)))
		set_option(options, name, value);
	v->bad = false;
}

static const char *parse_request(struct view *v, struct tftp_packet *packet)
{
	const char *mode;

	packet->name = take_string(v);
	if (!packet->name)
		return "a file name without an end";
	if (packet->name[0] == '\0')
		return "an empty file name";
	mode = take_string(v);
	if (!mode)
		return "a mode without an end";
	packet->mode = mode_of(mode);
	parse_options(v, &packet->options);
	return NULL;
}

static const char *parse_oack(struct view *v, struct tftp_packet *packet)
{
	parse_options(v, &packet->options);
	return NULL;
}

static const char *parse_data(struct view *v, struct tftp_packet *packet)
{
	packet->block = view_be16(v);
	packet->data = view_sub(v, v->left);
	return v->bad ? "DATA without a block number" : NULL;
}

/* Some firmware pads its ACKs to the size of the smallest Ethernet frame. */
static const char *parse_ack(struct view *v, struct tftp_packet *packet)
{
	packet->block = view_be16(v);
	return v->bad ? "an ACK without a block number" : NULL;
}

/* The NUL behind the message is left out by some. */
static const char *parse_error(struct view *v, struct tftp_packet *packet)
{
	packet->error = view_be16(v);
	if (v->bad)
		return "an ERROR without a code";
	packet->message =
		view_over(v->at, strnlen((const char *)v->at, v->left));
	return NULL;
}

static const char *(*const parsers[])(struct view *v,
				      struct tftp_packet *packet) = {
	[TFTP_RRQ] = parse_request, [TFTP_WRQ] = parse_request,
	[TFTP_DATA] = parse_data,   [TFTP_ACK] = parse_ack,
	[TFTP_ERROR] = parse_error, [TFTP_OACK] = parse_oack,
};

int tftp_parse(struct view bytes, struct tftp_packet *ret_packet,
	       const char **why)
{
	uint16_t opcode = view_be16(&bytes);
	struct tftp_packet packet = { .opcode = opcode };

	if (bytes.bad)
		*why = "no opcode";
	else if (opcode >= ARRAY_SIZE(parsers) || !parsers[opcode])
		*why = "an unknown opcode";
	else
		*why = parsers[opcode](&bytes, &packet);
	if (*why)
		return -EBADMSG;
	*ret_packet = packet;
	return 0;
}

static void add_string(struct build *b, const char *text)
{
	build_bytes(b, text, strlen(text) + 1);
}

static void add_option(struct build *b, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	add_string(b, name);
	add_string(b, text);
}

static void add_options(struct build *b, const struct tftp_options *options)
{
	if (options->blksize > 0)
		add_option(b, "blksize", options->blksize);
	if (options->timeout_s > 0)
		add_option(b, "timeout", options->timeout_s);
	if (options->has_tsize)
		add_option(b, "tsize", options->tsize);
	if (options->windowsize > 0)
		add_option(b, "windowsize", options->windowsize);
}

void tftp_build_request(struct build *b, enum tftp_opcode opcode,
			const char *name, const struct tftp_options *options)
{
	build_be16(b, opcode);
	add_string(b, name);
	add_string(b, "octet");
	add_options(b, options);
}

void tftp_build_oack(struct build *b, const struct tftp_options *options)
{
	build_be16(b, TFTP_OACK);
	add_options(b, options);
}

void tftp_build_error(struct build *b, enum tftp_error error,
		      const char *message)
{
	size_t room = TFTP_REPLY_MAX - TFTP_HEADER - 1;

	build_be16(b, TFTP_ERROR);
	build_be16(b, error);
	build_bytes(b, message, strnlen(message, room));
	build_u8(b, 0);
}

void tftp_header(uint8_t ret_header[static TFTP_HEADER],
		 enum tftp_opcode opcode, uint16_t block)
{
	struct build b = build_over(ret_header, TFTP_HEADER);

	build_be16(&b, opcode);
	build_be16(&b, block);
}
