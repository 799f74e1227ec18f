/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>

#include "base/text.h"
#include "wire/cmdline.h"
#include "wire/ipparam.h"
#include "wire/ipv4.h"

#define PREFIX6 64
#define MTU_MIN 68 /* ETH_MIN_MTU of the kernel */
#define MTU_MAX 65535

enum field {
	FIELD_CLIENT,
	FIELD_SERVER,
	FIELD_GATEWAY,
	FIELD_NETMASK,
	FIELD_HOSTNAME,
	FIELD_DEVICE,
	FIELD_AUTOCONF,
	FIELD_DNS0,
	FIELD_DNS1,
	FIELD_NTP0,
	FIELDS,
};

static const struct {
	const char *word;
	enum ipparam_method method;
} methods[] = {
	{ "dhcp", IPPARAM_DHCP },	{ "on", IPPARAM_DHCP },
	{ "any", IPPARAM_DHCP },	{ "both", IPPARAM_DHCP },
	{ "bootp", IPPARAM_DHCP },	{ "single-dhcp", IPPARAM_DHCP },
	{ "off", IPPARAM_OFF },		{ "none", IPPARAM_OFF },
	{ "auto6", IPPARAM_AUTO6 },	{ "dhcp6", IPPARAM_DHCP6 },
	{ "either6", IPPARAM_EITHER6 }, { "link6", IPPARAM_LINK6 },
};

static bool find_method(const char *word, enum ipparam_method *ret_method)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (str_eq(word, methods[i].word)) {
			*ret_method = methods[i].method;
			return true;
		}
	}
	return false;
}

/* The end of the field at text: the colon behind it, not one in brackets. */
static char *field_end(char *text)
{
	char *end = *text == '[' ? strchr(text, ']') : NULL;

	return strchr(end ? end : text, ':');
}

/* Splits copy at its colons, in place. Returns how many fields there are, or
 * FIELDS + 1 for too many; those not there are "". */
static size_t split(char *copy, const char *field[static FIELDS])
{
	char *at = copy;
	size_t n = 0;

	for (size_t i = 0; i < FIELDS; i++)
		field[i] = "";
	do {
		if (n == FIELDS)
			return FIELDS + 1;
		field[n++] = at;
		at = field_end(at);
		if (at)
			*at++ = '\0';
	} while (at);
	return n;
}

static int parse_address(const char *text, const char *name, uint32_t *address,
			 struct failure *failure)
{
	struct in_addr in = { 0 };

	if (*text && inet_pton(AF_INET, text, &in) != 1)
		return failure_set(failure, EINVAL,
				   "ip=: %s \"%s\" is no IPv4 address", name,
				   text);
	*address = ntohl(in.s_addr);
	return 0;
}

/* "[2001:db8::1]"; empty is fine, and none. */
static int parse_address6(const char *text, const char *name,
			  struct ipv6 *address, struct failure *failure)
{
	char copy[IPV6_TEXT_MAX];
	size_t len = strlen(text);

	if (len == 0)
		return 0;
	if (len >= 2 && len - 2 < sizeof(copy) && *text == '[' &&
	    text[len - 1] == ']') {
		memcpy(copy, text + 1, len - 2);
		copy[len - 2] = '\0';
		if (ipv6_parse(copy, address) && ipv6_is_host(address))
			return 0;
	}
	return failure_set(failure, EINVAL,
			   "ip=: %s \"%s\" is no IPv6 address in brackets",
			   name, text);
}

/* A name server may be of either family. */
static int parse_dns(const char *text, size_t i, struct ipparam *param,
		     struct failure *failure)
{
	return *text == '['
		       ? parse_address6(text, "dns", &param->dns6[i], failure)
		       : parse_address(text, "dns", &param->dns[i], failure);
}

/* A netmask, or the length of the prefix; empty: of the address's class. */
static int parse_prefix(const char *text, uint32_t address, uint8_t *prefix,
			struct failure *failure)
{
	uint64_t length;
	uint32_t mask = 0;
	int r;

	if (!*text) {
		*prefix = ipv4_class_prefix(address);
		return 0;
	}
	if (str_to_u64(text, 32, &length) == 0) {
		*prefix = (uint8_t)length;
		return 0;
	}
	r = parse_address(text, "netmask", &mask, failure);
	if (r < 0)
		return r;
	if (ipv4_mask_prefix(mask, prefix) < 0)
		return failure_set(failure, EINVAL, "ip=: \"%s\" is no netmask",
				   text);
	return 0;
}

/* Host and device names alike have no white space and no "/", the latter by
 * dev_valid_name() of the kernel. */
static int copy_name(char *name, size_t size, const char *text,
		     const char *what, struct failure *failure)
{
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c == '/' || *c == 0x7f)
			return failure_set(failure, EINVAL,
					   "ip=: %s \"%s\" is no name", what,
					   text);
	if (!str_copy(name, size, text))
		return failure_set(failure, EINVAL,
				   "ip=: %s \"%s\" is too long", what, text);
	return 0;
}

static int bad_method(const char *word, struct failure *failure)
{
	return failure_set(failure, EINVAL,
			   "ip=: \"%s\" is not supported; use dhcp, auto6, "
			   "dhcp6, off or a static address",
			   word);
}

static int parse_addresses(const char *field[static FIELDS],
			   struct ipparam *param, struct failure *failure)
{
	const struct {
		enum field field;
		const char *name;
		uint32_t *address;
	} addresses[] = {
		{ FIELD_CLIENT, "client address", &param->address },
		{ FIELD_SERVER, "server address", &param->server },
		{ FIELD_GATEWAY, "gateway", &param->gateway },
	};

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		int r = parse_address(field[addresses[i].field],
				      addresses[i].name, addresses[i].address,
				      failure);
		if (r < 0)
			return r;
	}
	if (param->address)
		param->method = IPPARAM_STATIC;
	return parse_prefix(field[FIELD_NETMASK], param->address,
			    &param->prefix, failure);
}

static int parse_addresses6(const char *field[static FIELDS],
			    struct ipparam *param, struct failure *failure)
{
	struct ipv6 peer; /* it would be for a point-to-point link */
	uint64_t prefix = PREFIX6;
	int r = parse_address6(field[FIELD_CLIENT], "client address",
			       &param->address6, failure);

	if (r == 0)
		r = parse_address6(field[FIELD_SERVER], "server address", &peer,
				   failure);
	if (r == 0)
		r = parse_address6(field[FIELD_GATEWAY], "gateway",
				   &param->gateway6, failure);
	if (r < 0)
		return r;
	if (*field[FIELD_NETMASK] &&
	    (str_to_u64(field[FIELD_NETMASK], 128, &prefix) < 0 || prefix == 0))
		return failure_set(failure, EINVAL,
				   "ip=: prefix length \"%s\" is not 1 to 128",
				   field[FIELD_NETMASK]);
	param->method = IPPARAM_STATIC6;
	param->prefix = (uint8_t)prefix;
	return 0;
}

static bool is_mtu(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static int parse_mtu(const char *text, uint32_t *mtu, struct failure *failure)
{
	uint64_t number;

	if (str_to_u64(text, MTU_MAX, &number) < 0 || number < MTU_MIN)
		return failure_set(failure, EINVAL,
				   "ip=: MTU \"%s\" is not %d to %d", text,
				   MTU_MIN, MTU_MAX);
	*mtu = (uint32_t)number;
	return 0;
}

/* Two name servers and one for the time; with dracut an MTU may be there
 * instead. */
static int parse_servers(const char *field[static FIELDS],
			 struct ipparam *param, struct failure *failure)
{
	int r;

	if (is_mtu(field[FIELD_DNS0]))
		return parse_mtu(field[FIELD_DNS0], &param->mtu, failure);
	r = parse_dns(field[FIELD_DNS0], 0, param, failure);
	if (r == 0)
		r = parse_dns(field[FIELD_DNS1], 1, param, failure);
	if (r == 0)
		r = parse_address(field[FIELD_NTP0], "ntp0", &param->ntp,
				  failure);
	return r;
}

static int parse_fields(const char *field[static FIELDS], struct ipparam *param,
			struct failure *failure)
{
	int r;

	if (*field[FIELD_AUTOCONF] &&
	    !find_method(field[FIELD_AUTOCONF], &param->method))
		return bad_method(field[FIELD_AUTOCONF], failure);
	r = *field[FIELD_CLIENT] == '['
		    ? parse_addresses6(field, param, failure)
		    : parse_addresses(field, param, failure);
	if (r == 0)
		r = parse_servers(field, param, failure);
	if (r == 0)
		r = copy_name(param->hostname, sizeof(param->hostname),
			      field[FIELD_HOSTNAME], "host name", failure);
	if (r < 0)
		return r;
	return copy_name(param->device, sizeof(param->device),
			 field[FIELD_DEVICE], "device", failure);
}

/* ip=dhcp, ip=off …, and dracut's ip=DEVICE:dhcp[:MTU]. */
static bool is_short(const char *field[static FIELDS], size_t count)
{
	enum ipparam_method method;
	struct in_addr in;

	if (*field[0] == '[' || inet_pton(AF_INET, field[0], &in) == 1)
		return false;
	if (count == 3)
		return *field[0] && find_method(field[1], &method);
	return count == 1 || (count == 2 && *field[0] && *field[1]);
}

static int parse_short(const char *field[static FIELDS], size_t count,
		       struct ipparam *param, struct failure *failure)
{
	const char *word = field[count == 1 ? 0 : 1];
	int r = count == 3 && *field[2]
			? parse_mtu(field[2], &param->mtu, failure)
			: 0;

	if (r < 0)
		return r;
	/* An empty ip= is off, for the kernel, too. */
	if (!*word)
		word = "off";
	if (!find_method(word, &param->method))
		return bad_method(word, failure);
	if (count == 1)
		return 0;
	return copy_name(param->device, sizeof(param->device), field[0],
			 "device", failure);
}

int ipparam_parse(const char *value, struct ipparam *ret_param,
		  struct failure *failure)
{
	struct ipparam param = { .method = IPPARAM_DHCP };
	const char *field[FIELDS];
	char copy[CMDLINE_VALUE_MAX];
	size_t count;
	int r;

	if (!str_copy(copy, sizeof(copy), value))
		return failure_set(failure, EINVAL, "ip=: too long");
	count = split(copy, field);
	if (count > FIELDS)
		return failure_set(failure, EINVAL, "ip=%s: too many fields",
				   value);
	r = is_short(field, count) ? parse_short(field, count, &param, failure)
				   : parse_fields(field, &param, failure);
	if (r < 0)
		return r;
	*ret_param = param;
	return 0;
}

static int add_param(void *context, const char *value, struct failure *failure)
{
	struct ipparams *params = context;
	int r;

	if (params->count == IPPARAM_MAX)
		return failure_set(failure, E2BIG,
				   "ip=%s: more than %d ip= parameters", value,
				   IPPARAM_MAX);
	r = ipparam_parse(value, &params->list[params->count], failure);
	if (r == 0)
		params->count++;
	return r;
}

static int add_nameserver(void *context, const char *value,
			  struct failure *failure)
{
	struct ipparams *params = context;
	char copy[IPPARAM_SERVER_MAX + 2];
	struct in6_addr any;
	char *at = copy;

	if (!str_copy(copy, sizeof(copy), value))
		return failure_set(failure, EINVAL, "nameserver=%s: no address",
				   value);
	if (*at == '[' && at[strlen(at) - 1] == ']') {
		at[strlen(at) - 1] = '\0';
		at++;
	}
	if (inet_pton(AF_INET, at, &any) != 1 &&
	    inet_pton(AF_INET6, at, &any) != 1)
		return failure_set(failure, EINVAL, "nameserver=%s: no address",
				   value);
	if (params->nameservers == IPPARAM_NAMESERVERS)
		return failure_set(failure, E2BIG,
				   "nameserver=%s: more than %d", value,
				   IPPARAM_NAMESERVERS);
	str_copy(params->nameserver[params->nameservers++], IPPARAM_SERVER_MAX,
		 at);
	return 0;
}

int ipparam_from_cmdline(const char *cmdline, struct ipparams *ret_params,
			 struct failure *failure)
{
	static const struct cmdline_key keys[] = {
		{ "ip", add_param },
		{ "nameserver", add_nameserver },
	};

	*ret_params = (struct ipparams){ 0 };
	return cmdline_read(cmdline, keys, ARRAY_SIZE(keys), ret_params,
			    failure);
}
