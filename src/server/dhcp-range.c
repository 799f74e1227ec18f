/* SPDX-License-Identifier: MIT */
#include "server/dhcp-range.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/text.h"
#include "wire/ipv4.h"

#define WORD_MAX    64
#define LEASE_MIN_S 60
#define LEASE_MAX_S (30u * 24 * 3600)

/* The next word of *text, up to one of the marks, into word; *text is then at
 * that mark, or at the end. */
static int take_word(const char **text, const char *marks,
		     char word[static WORD_MAX])
{
	size_t len = strcspn(*text, marks);

	if (len >= WORD_MAX)
		return -EINVAL;
	memcpy(word, *text, len);
	word[len] = '\0';
	*text += len;
	return 0;
}

static int parse_address(const char *word, uint32_t *ret_address)
{
	struct in_addr address;

	if (inet_pton(AF_INET, word, &address) != 1 ||
	    !ipv4_is_host(ntohl(address.s_addr)))
		return -EINVAL;
	*ret_address = ntohl(address.s_addr);
	return 0;
}

static int parse_addresses(const char **text, struct dhcp_range *range)
{
	char word[WORD_MAX];
	uint64_t prefix;

	if (take_word(text, "-", word) < 0 ||
	    parse_address(word, &range->first) < 0 || *(*text)++ != '-' ||
	    take_word(text, "/,", word) < 0 ||
	    parse_address(word, &range->last) < 0)
		return -EINVAL;
	if (**text != '/')
		return 0;
	(*text)++;
	if (take_word(text, ",", word) < 0 ||
	    str_to_u64(word, 30, &prefix) < 0 || prefix < 8)
		return -EINVAL;
	range->prefix = (uint8_t)prefix;
	return 0;
}

static int parse_option(const char *word, struct dhcp_range *range)
{
	const char *value;
	uint64_t number;

	value = str_after(word, "router=");
	if (value)
		return parse_address(value, &range->router);
	value = str_after(word, "dns=");
	if (value)
		return range->dns_count == DHCP_RANGE_DNS_MAX
			       ? -EINVAL
			       : parse_address(value,
					       &range->dns[range->dns_count++]);
	value = str_after(word, "lease=");
	if (!value || str_to_u64(value, LEASE_MAX_S, &number) < 0 ||
	    number < LEASE_MIN_S)
		return -EINVAL;
	range->lease_s = (uint32_t)number;
	return 0;
}

static bool is_sound(const struct dhcp_range *range)
{
	return range->first <= range->last &&
	       dhcp_range_reaches(range, range->last) &&
	       dhcp_range_size(range) <= DHCP_RANGE_MAX;
}

int dhcp_range_parse(const char *text, struct dhcp_range *ret_range,
		     struct failure *failure)
{
	struct dhcp_range range = {
		.prefix = DHCP_RANGE_PREFIX,
		.lease_s = DHCP_RANGE_LEASE_S,
	};
	const char *at = text;
	char word[WORD_MAX];
	int r = parse_addresses(&at, &range);

	while (r == 0 && *at == ',') {
		at++;
		r = take_word(&at, ",", word);
		if (r == 0)
			r = parse_option(word, &range);
	}
	if (r < 0 || *at != '\0')
		return failure_set(failure, EINVAL,
				   "--dhcp-server %s: not as in 192.0.2.100-"
				   "192.0.2.200/24,router=192.0.2.1,"
				   "dns=192.0.2.1,lease=3600",
				   text);
	if (!is_sound(&range))
		return failure_set(failure, EINVAL,
				   "--dhcp-server %s: these are no 1 to %d "
				   "addresses of one network of prefix %u",
				   text, DHCP_RANGE_MAX, range.prefix);
	*ret_range = range;
	return 0;
}
