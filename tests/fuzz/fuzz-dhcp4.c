/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "wire/dhcp4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get_all(const struct dhcp4_message *m)
{
	struct dhcp4_route routes[4];
	uint32_t addresses[4], number;
	uint8_t buf[64];
	size_t len;

	for (int code = 0; code < 256; code++) {
		uint8_t c = (uint8_t)code;
		int r = dhcp4_get(m, c, buf, sizeof(buf), &len);

		bool absent = r == -ENODATA;

		r = dhcp4_get_number(m, c, 4, &number);
		if ((r == -ENODATA) != absent)
			abort();
		r = dhcp4_get_addresses(m, c, addresses, 4);
		if ((r == -ENODATA) != absent)
			abort();
		r = dhcp4_get_text(m, c, (char *)buf, sizeof(buf));
		if (r >= 0 && absent)
			abort();
	}
	if (dhcp4_get_routes(m, routes, ARRAY_SIZE(routes)) >
	    (int)ARRAY_SIZE(routes))
		abort();
}

/* What is accepted can be built again, with as many options. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = size + 3 * DHCP4_BOOTP_MIN;
	_cleanup_free uint8_t *out = malloc(room);
	struct build b = build_over(out, room);
	struct dhcp4_message m, back;
	struct dhcp4_options options;
	struct dhcp4_option option;
	size_t count = 0;

	if (!out || dhcp4_parse(view_over(data, size), &m) < 0)
		return 0;
	get_all(&m);
	dhcp4_begin(&b, &m);
	options = dhcp4_options(&m);
	while (dhcp4_next(&options, &option)) {
		dhcp4_add(&b, option.code, option.value.at, option.value.left);
		count++;
	}
	dhcp4_end(&b);
	if (b.bad || dhcp4_parse(view_over(out, b.len), &back) < 0)
		abort();
	options = dhcp4_options(&back);
	while (dhcp4_next(&options, &option))
		count--;
	if (count != 0)
		abort();
	return 0;
}
