/* SPDX-License-Identifier: MIT */
#include "takeover/storage-internal.h"

struct survey {
	void (*each)(const struct storage_disk *disk, void *context);
	void *context;
	int held;
};

static void survey_one(const char *name, uint64_t bytes, void *context)
{
	struct survey *survey = context;
	struct storage_disk disk = { .bytes = bytes };
	struct text uses = text_over(disk.holder, sizeof(disk.holder));

	(void)str_copy(disk.name, sizeof(disk.name), name);
	disk.released = storage_uses(name, &uses) == 0;
	if (!disk.released)
		survey->held++;
	survey->each(&disk, survey->context);
}

int storage_survey(void (*each)(const struct storage_disk *disk, void *context),
		   void *context)
{
	struct survey survey = { .each = each, .context = context };
	int r = storage_disks(survey_one, &survey);

	return r < 0 ? r : survey.held;
}
