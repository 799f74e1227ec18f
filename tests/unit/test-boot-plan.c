/* SPDX-License-Identifier: MIT */
/* What one kernel leaves for the next is acted upon only when it is whole. */
#include "wire/boot-plan.h"

#include <errno.h>
#include <string.h>

#include "tap.h"

#define FILL(member) memset((member), 'x', sizeof(member))

static struct boot_plan good_plan(void)
{
	return (struct boot_plan){
		.magic = BOOT_PLAN_MAGIC,
		.method = BOOT_PMEM,
		.reference = "http://h/live.iso",
	};
}

static void test_plan(void)
{
	struct boot_plan plan = good_plan();

	ok(boot_plan_is_sound(&plan), "a good one");
	memset(plan.sha256, 'a', sizeof(plan.sha256) - 1);
	ok(boot_plan_is_sound(&plan), "with a digest");
	plan.sha256[0] = 'g';
	ok(!boot_plan_is_sound(&plan), "that is none");
	plan = good_plan();
	plan.magic++;
	ok(!boot_plan_is_sound(&plan), "of another version");
	plan = good_plan();
	plan.method = BOOT_INITRD + 1;
	ok(!boot_plan_is_sound(&plan), "of no method");
	plan = good_plan();
	plan.reference[0] = '\0';
	ok(!boot_plan_is_sound(&plan), "of no ISO");
	plan = good_plan();
	FILL(plan.reference);
	ok(!boot_plan_is_sound(&plan), "with a reference without an end");
	plan = good_plan();
	FILL(plan.entry);
	ok(!boot_plan_is_sound(&plan), "with an entry without an end");
	plan = good_plan();
	FILL(plan.append);
	ok(!boot_plan_is_sound(&plan), "with words without an end");
	plan = good_plan();
	plan.key_count = BOOT_KEYS_MAX;
	ok(boot_plan_is_sound(&plan), "with all the keys it can have");
	plan.key_count++;
	ok(!boot_plan_is_sound(&plan), "with one more");
}

static void test_live_plan(void)
{
	struct live_plan plan = { .magic = LIVE_PLAN_MAGIC,
				  .device = "pmem0",
				  .cmdline = "console=ttyS0" };

	ok(live_plan_is_sound(&plan), "a good one of a live system");
	plan.magic = BOOT_PLAN_MAGIC;
	ok(!live_plan_is_sound(&plan), "of another kind");
	plan.magic = LIVE_PLAN_MAGIC;
	memcpy(plan.device, "a/b", 4);
	ok(!live_plan_is_sound(&plan), "with a path for a device");
	memcpy(plan.device, "..", 3);
	ok(!live_plan_is_sound(&plan), "with a directory for a device");
	FILL(plan.device);
	ok(!live_plan_is_sound(&plan), "with a device without an end");
	plan.device[0] = '\0';
	ok(live_plan_is_sound(&plan), "without a device");
	FILL(plan.cmdline);
	ok(!live_plan_is_sound(&plan), "with a command line without an end");
}

static void test_methods(void)
{
	enum boot_method method;

	for (uint32_t i = BOOT_AUTO; i <= BOOT_INITRD; i++)
		ok(boot_method_parse(boot_method_name(i), &method) == 0 &&
			   method == i,
		   boot_method_name(i));
	ok_int(boot_method_parse("cma", &method), -EINVAL, "no method");
	ok(!boot_method_name(BOOT_INITRD + 1), "no name");
}

int main(void)
{
	test_plan();
	test_live_plan();
	test_methods();
	return tap_done();
}
