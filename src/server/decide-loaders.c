/* SPDX-License-Identifier: MIT */
/* Apart from decide.c, which is to be linked without what looks at files. */
#include "server/decide.h"

void decide_loaders(struct decide_input *input, const struct loaders *loaders)
{
	uint16_t arch = input->request->client.arch;

	for (input->loader_count = 0; input->loader_count < DECISION_LOADERS;
	     input->loader_count++) {
		const char *name = loaders_pick(
			loaders, arch, (unsigned int)input->loader_count);

		if (!name)
			return;
		input->loaders[input->loader_count] = name;
	}
}
