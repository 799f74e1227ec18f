/* SPDX-License-Identifier: MIT */
/* A router advertisement, and the options of neighbour discovery in it. */
#include "base/cleanup.h"
#include "wire/router-advert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct router_advert advert;

	if (router_advert_parse(view_over(data, size), &advert) < 0)
		return 0;
	if (advert.prefix_count > ROUTER_ADVERT_PREFIXES ||
	    advert.dns_count > ROUTER_ADVERT_DNS ||
	    advert.domain_count > ROUTER_ADVERT_DOMAINS)
		abort();
	for (size_t i = 0; i < advert.prefix_count; i++)
		if (advert.prefixes[i].len > 128)
			abort();
	for (size_t i = 0; i < advert.dns_count; i++)
		if (!ipv6_is_host(&advert.dns[i].address))
			abort();
	for (size_t i = 0; i < advert.domain_count; i++)
		if (!dns_name_is_safe(advert.domains[i].name) ||
		    strpbrk(advert.domains[i].name, " \n\t$`;/"))
			abort();
	return 0;
}
