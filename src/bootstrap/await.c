/* SPDX-License-Identifier: MIT */
#include "bootstrap/await.h"

#include <string.h>

#include "base/text.h"
#include "bootstrap/network.h"

#define HOST_MAX 256

/* The host of what is behind "://", with the brackets of an IPv6 address. */
static void read_host(const char *authority, char host[static HOST_MAX])
{
	struct text text = text_over(host, HOST_MAX);
	size_t len = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', len);
	const char *begin = at ? at + 1 : authority;
	size_t left = len - (size_t)(begin - authority);
	const char *bracket = *begin == '[' ? memchr(begin, ']', left) : NULL;
	const char *colon = memchr(begin, ':', left);

	if (bracket)
		left = (size_t)(bracket - begin) + 1;
	else if (colon)
		left = (size_t)(colon - begin);
	text_add(&text, "%.*s", (int)left, begin);
}

uint32_t await_families(const char *ref)
{
	const char *scheme = strstr(ref, "://");
	char host[HOST_MAX];

	if (!scheme || str_after(ref, "file://"))
		return 0;
	read_host(scheme + strlen("://"), host);
	if (str_eq(host, "localhost") || str_eq(host, "[::1]") ||
	    str_after(host, "127."))
		return 0;
	if (*host == '[')
		return NETWORK_IPV6;
	return *host && host[strspn(host, "0123456789.")] == '\0'
		       ? NETWORK_IPV4
		       : NETWORK_IPV4 | NETWORK_IPV6;
}
