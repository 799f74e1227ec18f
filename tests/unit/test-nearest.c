/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"
#include "tap.h"

int main(void)
{
	static const char *const names[] = { "build", "load", "reboot",
					     "return", "status" };
	static const struct {
		const char *word, *want;
	} rows[] = {
		{ "load", "load" },
		{ "laod", "load" },
		{ "lod", "load" },
		{ "loaad", "load" },
		{ "retrun", "return" },
		{ "restart", "return" },
		{ "stauts", "status" },
		{ "reboat", "reboot" },
		{ "x", NULL },
		{ "", NULL },
		{ "poweroff", NULL },
		{ "loadloadloadloadloadloadloadloadload", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_str(nearest_name(rows[i].word, names, ARRAY_SIZE(names)),
		       rows[i].want, rows[i].word);
	return tap_done();
}
