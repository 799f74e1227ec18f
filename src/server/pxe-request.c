/* SPDX-License-Identifier: MIT */
/*
 * All options are visited once and noted by their code, as most packets carry
 * each of them in one piece; one that comes in several is joined when it is
 * asked for.
 */
#include "server/pxe-request.h"

#include <errno.h>

#include "base/text.h"

#define HTYPE_ETHERNET 1
#define HEADER	       240
#define COOKIE_AT      236
#define IPXE_HTTP      19 /* in option 175: this iPXE has HTTP */
#define UUID_OPTION    17 /* its type, 0, and the UUID */

struct noted {
	const struct dhcp4_message *message;
	uint8_t times[256];
	struct view value[256]; /* where times is not 0 */
};

static void note_options(const struct dhcp4_message *m, struct noted *noted)
{
	struct dhcp4_options options = dhcp4_options(m);
	struct dhcp4_option option;

	noted->message = m;
	memset(noted->times, 0, sizeof(noted->times));
	while (dhcp4_next(&options, &option)) {
		noted->value[option.code] = option.value;
		if (noted->times[option.code] < 2)
			noted->times[option.code]++;
	}
}

/* The value of an option; buf is for one in parts. -ENODATA, -EBADMSG: longer
 * than any that makes sense. */
static int get(const struct noted *noted, uint8_t code,
	       uint8_t buf[static PXE_ECHO_MAX], struct view *ret_value)
{
	size_t len;
	int r;

	if (noted->times[code] == 0)
		return -ENODATA;
	if (noted->times[code] == 1) {
		*ret_value = noted->value[code];
		return 0;
	}
	r = dhcp4_get(noted->message, code, buf, PXE_ECHO_MAX, &len);
	if (r < 0)
		return r == -ENOBUFS ? -EBADMSG : r;
	*ret_value = view_over(buf, len);
	return 0;
}

/* An option that is a number of this many bytes; one of another length is as
 * good as none. */
static uint32_t get_number(const struct noted *noted, uint8_t code,
			   size_t bytes)
{
	struct view value = noted->value[code];

	if (noted->times[code] != 1 || value.left != bytes)
		return 0;
	return (uint32_t)view_be(&value, bytes);
}

static int get_echo(const struct noted *noted, uint8_t code,
		    struct pxe_echo *echo)
{
	struct view value;
	int r = get(noted, code, echo->bytes, &value);

	if (r == -ENODATA)
		return 0;
	if (r < 0)
		return r;
	echo->there = true;
	echo->len = (uint8_t)value.left;
	memmove(echo->bytes, value.at, value.left);
	return 0;
}

static void get_text(const struct noted *noted, uint8_t code, char *text,
		     size_t size)
{
	uint8_t buf[PXE_ECHO_MAX];
	struct view value;
	size_t len;

	if (get(noted, code, buf, &value) < 0)
		return;
	len = MIN(value.left, size - 1);
	memcpy(text, value.at, len);
	text[len] = '\0';
	str_make_printable(text);
}

/*
 * Option 93 is a list (RFC 4578 section 2.1); the first that has a name
 * counts, so that firmware may put what it would like best before what
 * everybody knows.
 */
static uint16_t get_arch(const struct noted *noted)
{
	uint8_t buf[PXE_ECHO_MAX];
	uint16_t first = ARCH_UNKNOWN;
	struct view value;

	if (get(noted, DHCP4_CLIENT_ARCH, buf, &value) < 0)
		return ARCH_UNKNOWN;
	while (value.left >= 2) {
		uint16_t arch = view_be16(&value);

		if (!str_eq(client_arch_name(arch), "unknown"))
			return arch;
		if (first == ARCH_UNKNOWN)
			first = arch;
	}
	return first;
}

/* A user class comes bare, or behind its length (RFC 3004). */
static bool is_user_class(struct view value, const char *name)
{
	size_t len = strlen(name);

	if (value.left == len + 1 && *value.at == len)
		view_skip(&value, 1);
	return value.left == len && memcmp(value.at, name, len) == 0;
}

static void get_ipxe(const struct noted *noted, struct pxe_request *request)
{
	uint8_t buf[PXE_ECHO_MAX];
	struct view value, number;
	struct client *client = &request->client;

	/* An iPXE that does not list what it can do is an old or a tailored
	 * one; both are built for HTTP. */
	request->ipxe_http = true;
	if (get(noted, DHCP4_USER_CLASS, buf, &value) == 0) {
		client->ipxe = is_user_class(value, "iPXE") ||
			       is_user_class(value, "pixiecore");
		if (value.left > 0 && *value.at == value.left - 1)
			view_skip(&value, 1);
		memcpy(client->user_class, value.at,
		       MIN(value.left, CLIENT_CLASS_MAX - 1u));
		str_make_printable(client->user_class);
	}
	if (get(noted, DHCP4_IPXE, buf, &value) < 0)
		return;
	client->ipxe = true;
	if (value.left > 0)
		request->ipxe_http =
			dhcp4_find_in(value, IPXE_HTTP, &number) == 0;
}

static void get_client(const struct noted *noted, struct pxe_request *request)
{
	static const uint8_t nothing[16];
	struct client *client = &request->client;
	const struct pxe_echo *uuid = &request->uuid;

	memcpy(client->mac.bytes, noted->message->chaddr, MAC_BYTES);
	client->arch = get_arch(noted);
	get_text(noted, DHCP4_VENDOR_CLASS, client->class, CLIENT_CLASS_MAX);
	get_ipxe(noted, request);
	if (uuid->len == UUID_OPTION && uuid->bytes[0] == 0 &&
	    memcmp(uuid->bytes + 1, nothing, sizeof(nothing)) != 0) {
		client->has_uuid = true;
		memcpy(client->uuid, uuid->bytes + 1, sizeof(client->uuid));
	}
	request->pxe = str_after(client->class, "PXEClient") ||
		       str_after(client->class, "HTTPClient") || client->ipxe;
}

static const char *why_malformed(struct view packet)
{
	if (packet.left < HEADER)
		return "too short for DHCP";
	if (memcmp(packet.at + COOKIE_AT, "\x63\x82\x53\x63", 4) != 0)
		return "no magic cookie";
	return "fields or options out of bounds";
}

/* A word of complaint, or NULL. */
static const char *check_head(const struct dhcp4_message *m)
{
	static const uint8_t nobody[MAC_BYTES];

	if (m->htype != HTYPE_ETHERNET || m->hlen != MAC_BYTES)
		return "no Ethernet address";
	if (m->chaddr[0] & 1 || memcmp(m->chaddr, nobody, MAC_BYTES) == 0)
		return "an Ethernet address that no machine has";
	return NULL;
}

static int fill(const struct noted *noted, struct pxe_request *request,
		const char **ret_reason)
{
	struct view vendor;
	uint8_t buf[PXE_ECHO_MAX];

	request->type = (uint8_t)get_number(noted, DHCP4_MESSAGE_TYPE, 1);
	*ret_reason = "no message type";
	if (request->type < DHCP4_DISCOVER || request->type > DHCP4_INFORM)
		return -EBADMSG;
	*ret_reason = "an identifier longer than 255 bytes";
	if (get_echo(noted, DHCP4_CLIENT_UUID, &request->uuid) < 0 ||
	    get_echo(noted, DHCP4_RELAY_AGENT, &request->agent) < 0 ||
	    get_echo(noted, DHCP4_CLIENT_ID, &request->id) < 0)
		return -EBADMSG;
	request->requested = get_number(noted, DHCP4_REQUESTED_ADDRESS, 4);
	request->server_id = get_number(noted, DHCP4_SERVER_ID, 4);
	if (get(noted, DHCP4_VENDOR, buf, &vendor) == 0)
		request->has_item = pxe43_get_item(vendor, &request->item) == 0;
	get_client(noted, request);
	return 0;
}

int pxe_request_parse(struct view packet, const struct pxe_arrival *arrival,
		      struct pxe_request *ret_request, const char **ret_reason)
{
	struct dhcp4_message m;
	struct noted noted;
	int r = dhcp4_parse(packet, &m);

	if (r < 0) {
		*ret_reason = why_malformed(packet);
		return r;
	}
	if (m.op != DHCP4_OP_REQUEST)
		return -ENODATA;
	*ret_reason = check_head(&m);
	if (*ret_reason)
		return -EBADMSG;
	note_options(&m, &noted);
	*ret_request = (struct pxe_request){
		.arrival = *arrival,
		.xid = m.xid,
		.secs = m.secs,
		.flags = m.flags,
		.ciaddr = m.ciaddr,
		.giaddr = m.giaddr,
	};
	return fill(&noted, ret_request, ret_reason);
}
