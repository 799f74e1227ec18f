/* SPDX-License-Identifier: MIT */
#include "bootstrap/await.h"
#include "bootstrap/network.h"
#include "tap.h"

#define ANY (NETWORK_IPV4 | NETWORK_IPV6)

static const struct {
	const char *ref;
	uint32_t families;
} rows[] = {
	{ "http://images.example/a.tar.gz", ANY },
	{ "https://user:pass@images.example:8443/a", ANY },
	{ "docker://debian:12", ANY },
	{ "http://10.0.2.2:8000/a", NETWORK_IPV4 },
	{ "http://u@10.0.2.2/a", NETWORK_IPV4 },
	{ "http://10.0.2.2", NETWORK_IPV4 },
	{ "http://10.example/a", ANY },
	{ "http://[2001:db8::1]/a", NETWORK_IPV6 },
	{ "http://u:p@[2001:db8::1]:80/a", NETWORK_IPV6 },
	{ "http://[fe80::1%25eth0]/a", NETWORK_IPV6 },
	{ "http://images.example/@10.0.0.1", ANY },
	{ "http://127.0.0.1:8000/a", 0 },
	{ "http://[::1]:8000/a", 0 },
	{ "http://localhost/a", 0 },
	{ "http://localhost.example/a", ANY },
	{ "http://", ANY },
	{ "http://[", NETWORK_IPV6 },
	{ "http://@/", ANY },
	{ "file:///image", 0 },
	{ "/image", 0 },
	{ "oci:layout", 0 },
	{ "-", 0 },
	{ "", 0 },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_int(await_families(rows[i].ref), rows[i].families,
		       rows[i].ref);
	return tap_done();
}
