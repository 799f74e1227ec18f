/* SPDX-License-Identifier: MIT */
/* network-keeper save|restore FILE, or flush: a saved network, for
 * test-keep.py. restore prints how much was refused. */
#include <stdio.h>

#include "base/text.h"
#include "takeover/network.h"

int main(int argc, char **argv)
{
	struct failure failure = { 0 };
	int r;

	if (argc == 2 && str_eq(argv[1], "flush")) {
		network_flush();
		return 0;
	}
	if (argc != 3)
		return 2;
	r = str_eq(argv[1], "save") ? network_save(argv[2], &failure)
				    : network_restore(argv[2], &failure);
	if (r < 0)
		fprintf(stderr, "%s\n", failure.text);
	else
		printf("%d\n", r);
	return r < 0;
}
