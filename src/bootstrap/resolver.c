/* SPDX-License-Identifier: MIT */
#include "bootstrap/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/fd.h"
#include "wire/ipv4.h"

void resolver_add(struct resolver *resolver, const char *server)
{
	if (resolver->count == ARRAY_SIZE(resolver->servers))
		return;
	for (size_t i = 0; i < resolver->count; i++)
		if (str_eq(resolver->servers[i], server))
			return;
	(void)str_copy(resolver->servers[resolver->count++],
		       RESOLVER_SERVER_MAX, server);
}

void resolver_add_address(struct resolver *resolver, uint32_t address)
{
	char text[IPV4_TEXT_MAX];

	if (address)
		resolver_add(resolver, ipv4_text(address, text));
}

void resolver_add_address6(struct resolver *resolver,
			   const struct ipv6 *address, const char *link_name)
{
	char server[RESOLVER_SERVER_MAX], buf[IPV6_TEXT_MAX];
	struct text text = text_over(server, sizeof(server));

	if (ipv6_is_none(address))
		return;
	text_add(&text, "%s", ipv6_text(address, buf));
	if (ipv6_is_link_local(address))
		text_add(&text, "%%%s", link_name);
	resolver_add(resolver, server);
}

void resolver_add_domain(struct resolver *resolver, const char *domain)
{
	if (!*domain || resolver->domain_count == RESOLVER_DOMAINS)
		return;
	for (size_t i = 0; i < resolver->domain_count; i++)
		if (str_eq(resolver->domains[i], domain))
			return;
	resolver->domains[resolver->domain_count++] = domain;
}

void resolver_text(const struct resolver *resolver,
		   char text[static RESOLVER_TEXT_MAX])
{
	struct text out = text_over(text, RESOLVER_TEXT_MAX);

	if (resolver->domain_count > 0)
		text_add(&out, "search");
	for (size_t i = 0; i < resolver->domain_count; i++)
		text_add(&out, " %s", resolver->domains[i]);
	if (resolver->domain_count > 0)
		text_add(&out, "\n");
	for (size_t i = 0; i < resolver->count; i++)
		text_add(&out, "nameserver %s\n", resolver->servers[i]);
}

int resolver_write(const char *path, const char *text)
{
	char fresh[PATH_MAX];
	struct text out = text_over(fresh, sizeof(fresh));
	int r;

	text_add(&out, "%s.new", path);
	if (out.cut)
		return -ENAMETOOLONG;
	r = file_create(AT_FDCWD, fresh, text);
	if (r < 0)
		return r;
	return rename(fresh, path) < 0 ? -errno : 0;
}
