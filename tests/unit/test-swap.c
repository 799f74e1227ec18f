/* SPDX-License-Identifier: MIT */
#include "wire/swap.h"

#include <errno.h>

#include "tap.h"

static const char arguments[] = "/sbin/init\0single\0";

static struct swap_plan plan;

/* A plan that is sound, to be spoilt. */
static void begin(void)
{
	plan = (struct swap_plan){
		.magic = SWAP_MAGIC,
		.method = SWAP_PTRACE,
		.image = "debian:12",
		.start.args_len = sizeof(arguments) - 1,
	};
	memcpy(plan.start.args, arguments, sizeof(arguments));
}

static void refused(const char *what)
{
	ok(!swap_plan_is_sound(&plan), what);
	begin();
}

static void fill(char *field, size_t size)
{
	memset(field, 'x', size);
}

static void test_sound(void)
{
	begin();
	ok(swap_plan_is_sound(&plan), "a plan");
	plan.method = SWAP_SOFT_REBOOT;
	plan.flags = SWAP_KEEP_STORAGE | SWAP_OWN_PROGRAM;
	plan.watchdog_s = UINT32_MAX;
	ok(swap_plan_is_sound(&plan), "another one");
	memset(plan.start.args, 0, sizeof(plan.start.args));
	plan.start.args[0] = '/';
	plan.start.args_len = sizeof(plan.start.args);
	plan.start.env_len = sizeof(plan.start.env);
	ok(swap_plan_is_sound(&plan), "as many arguments as there can be");
	memset(&plan, 0, sizeof(plan));
	refused("nothing");
}

static void test_refused(void)
{
	begin();
	plan.magic++;
	refused("another magic");
	plan.method = SWAP_AUTO;
	refused("a method that is still to be chosen");
	plan.method = SWAP_SOFT_REBOOT + 1;
	refused("a method that is none");
	plan.method = UINT32_MAX;
	refused("a method far away");
	fill(plan.image, sizeof(plan.image));
	refused("an image's name without an end");
	plan.start.args_len = 0;
	refused("no program");
	plan.start.args[0] = 's';
	refused("a program without its path");
	plan.start.args_len--;
	refused("arguments without an end");
	plan.start.args_len = sizeof(plan.start.args) + 1;
	refused("arguments that are too long");
	plan.start.args_len = UINT32_MAX;
	refused("arguments that are far too long");
	fill(plan.start.args, sizeof(plan.start.args));
	plan.start.args[0] = '/';
	plan.start.args_len = sizeof(plan.start.args);
	refused("a path without an end");
	plan.start.env_len = 1;
	plan.start.env[0] = 'x';
	refused("an environment without an end");
	plan.start.env_len = sizeof(plan.start.env) + 1;
	refused("an environment that is too long");
	fill(plan.start.directory, sizeof(plan.start.directory));
	refused("a directory without an end");
	fill(plan.start.user, sizeof(plan.start.user));
	refused("a user without an end");
}

static void test_methods(void)
{
	static const char *const names[] = { "auto", "ptrace", "exitrd",
					     "soft-reboot" };
	static const char *const others[] = { "", "Auto", "ptrace ", "soft" };
	enum swap_method method;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ok(swap_method_parse(names[i], &method) == 0 && method == i,
		   names[i]);
		ok_str(swap_method_name((uint32_t)i), names[i], "and back");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		ok_int(swap_method_parse(others[i], &method), -EINVAL,
		       "no method");
	ok(!swap_method_name(ARRAY_SIZE(names)), "no name");
	ok(!swap_method_name(UINT32_MAX), "nor there");
}

int main(void)
{
	test_sound();
	test_refused();
	test_methods();
	return tap_done();
}
