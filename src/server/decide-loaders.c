/* SPDX-License-Identifier: MIT */
/* Apart from decide.c, which is to be linked without what looks at files. */
#include "server/decide.h"

struct decide_loaders decide_loaders(const struct loaders *loaders,
				     uint16_t arch)
{
	struct decide_loaders list = { .count = 0 };

	for (unsigned int i = 0; i < DECISION_LOADERS; i++) {
		const char *name = loaders_pick(loaders, arch, i);

		if (!name)
			break;
		list.names[list.count++] = name;
	}
	return list;
}
