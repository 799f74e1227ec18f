/* SPDX-License-Identifier: MIT */
/* The pure parts of the audit: differences, what is told, what is skipped. */
#include "root/audit-internal.h"
#include "root/audit-sysctl.h"
#include "tap.h"

static char memory[256 * 1024];
static struct arena arena = { .base = memory, .size = sizeof(memory) };
static char log_text[512];
static struct text found;

static void note_change(const struct change *change, void *context)
{
	(void)context;
	text_add(&found, "%c%s ",
		 !change->before ? '+'
		 : change->now	 ? '~'
				 : '-',
		 change_fact(change)->key);
}

/* "key=value key=value" */
static struct facts facts_of(const char *text)
{
	struct facts facts = { .arena = &arena };
	char copy[256], *at = copy, *word;

	(void)str_copy(copy, sizeof(copy), text);
	while ((word = strsep(&at, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		(void)facts_add_text(&facts, word, value);
	}
	if (facts_sort(&facts) < 0)
		abort();
	return facts;
}

static const char *diff(const struct probe *probe, const char *before,
			const char *now)
{
	struct facts a, b;

	arena_reset(&arena);
	a = facts_of(before);
	b = facts_of(now);
	found = text_over(log_text, sizeof(log_text));
	facts_diff(probe, &a, &b, note_change, NULL);
	return log_text;
}

static bool is_not_x(const struct change *change)
{
	return !str_eq(change_fact(change)->key, "x");
}

static void test_diff(void)
{
	static const struct probe any = { .changes = CHANGE_ANY };
	static const struct probe added = { .changes = CHANGE_ADDED };
	static const struct probe tree = { .changes = CHANGE_ANY,
					   .tree = true };
	static const struct probe picky = { .changes = CHANGE_ANY,
					    .matters = is_not_x };
	static const struct {
		const struct probe *probe;
		const char *before, *now, *want, *what;
	} rows[] = {
		{ &any, "", "", "", "nothing" },
		{ &any, "a=1 b=2", "b=2 a=1", "", "order does not matter" },
		{ &any, "a=1", "a=1 b=2", "+b ", "added" },
		{ &any, "a=1 b=2", "b=2", "-a ", "removed" },
		{ &any, "a=1 b=2", "a=1 b=3", "~b ", "changed" },
		{ &any, "a=1", "a=12", "~a ", "a longer value is another" },
		{ &any, "a=1 c=1", "b=1 c=2", "-a +b ~c ", "all at once" },
		{ &any, "m=1", "m=1 m=1", "+m ", "twice the same is one more" },
		{ &any, "m=1 m=2", "m=2", "-m ", "one of two" },
		{ &any, "m=1 m=2", "m=2 m=3", "-m +m ", "another of two" },
		{ &any, "m=1 m=2", "m=2 m=1", "", "the same two" },
		{ &added, "a=1 b=1", "b=2 c=1", "+c ", "only what is asked" },
		{ &tree, "", "a=1 a/b=1 a-b=1 a/b/c=1", "+a +a-b ",
		  "a directory is one with all below it" },
		{ &tree, "a=1", "a=1 a/b=1 a/b/c=1", "+a/b ",
		  "a directory in one that was there" },
		{ &tree, "a=1 a/b=1", "", "-a -a/b ",
		  "what is removed is told singly" },
		{ &any, "", "a=1 a/b=1", "+a +a/b ", "no tree, no mercy" },
		{ &picky, "", "x=1 y=1", "+y ", "what does not matter" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_str(diff(rows[i].probe, rows[i].before, rows[i].now),
		       rows[i].want, rows[i].what);
}

static void test_full(void)
{
	struct arena small = { .base = memory, .size = 128 };
	struct facts facts = { .arena = &small };

	ok_int(facts_add_text(&facts, "one", "1"), 0, "a fact fits");
	ok_int(facts_add_text(&facts, "two", "2"), -ENOBUFS, "a second not");
	ok_int(facts.err, -ENOBUFS, "which is remembered");
	ok_int((int64_t)facts.count, 1, "and it was not added");
}

static void test_findings(void)
{
	struct findings findings = { .arena = &arena };
	struct fact loop = {
		.key = "loop0", .note = "loop0", .value = "/x.img", .len = 6
	};
	struct fact dir = { .key = "fd", .note = "fd", .value = "" };
	struct change loop_change = { .now = &loop };
	struct change dir_change = { .now = &dir };
	struct finding *finding;
	struct leaks leaks;

	arena_reset(&arena);
	finding = findings_of(&findings, AUDIT_DEV, &dir_change);
	finding->remains = true;
	finding->err = -EBUSY;
	finding = findings_of(&findings, AUDIT_SWAP, &loop_change);
	ok(finding != NULL, "one that will go by itself");
	finding = findings_of(&findings, AUDIT_LOOP, &loop_change);
	finding->undone = true;
	ok(finding == findings_of(&findings, AUDIT_LOOP, &loop_change),
	   "the same change is found again");
	ok_int(findings_add(&findings, AUDIT_SEVERITY_MAX, "memory \033[2J"), 0,
	       "a finding of its own");
	findings_write(&findings, &leaks);
	ok_int(leaks.count, 3, "all but what went by itself are counted");
	ok_int(leaks.undone, 1, "and those undone");
	ok_int(leaks.listed, 3, "and listed");
	ok_str(leaks.list[0].what, "memory ?[2J: remains",
	       "the most serious first, printable");
	ok_str(leaks.list[1].what,
	       "/dev/fd was left: remains (Device or resource busy)",
	       "what remains comes before what is undone");
	ok_str(leaks.list[2].what,
	       "loop0 was left attached to /x.img: detached", "undone");
	ok_int(leaks.list[2].undone, 1, "and marked so");
}

static void test_untold(void)
{
	struct findings findings = { .arena = &arena };
	struct fact kernel = { .key = "kexec", .note = "kexec", .value = "" };
	struct change change = { .now = &kernel };
	struct finding *finding;
	struct leaks leaks;

	arena_reset(&arena);
	finding = findings_of(&findings, AUDIT_KEXEC, &change);
	findings_write(&findings, &leaks);
	ok_int(leaks.count, 0, "what is neither undone nor remains is untold");
	finding->undone = true;
	findings_write(&findings, &leaks);
	ok_str(leaks.list[0].what,
	       "a kernel was left loaded for kexec: unloaded", "kexec");
}

static void test_many_findings(void)
{
	struct findings findings = { .arena = &arena };
	struct leaks leaks;
	bool good = true;

	arena_reset(&arena);
	for (int i = 0; i < CONTROL_LEAKS + 7; i++)
		good &= findings_add(&findings, 1, "x") == 0;
	findings_write(&findings, &leaks);
	ok(good && leaks.count == CONTROL_LEAKS + 7 &&
		   leaks.listed == CONTROL_LEAKS,
	   "more than can be listed are counted");
}

static void test_memory(void)
{
	ok(!memory_is_less(2 * GIB, 3 * GIB), "more memory is no leak");
	ok(!memory_is_less(2 * GIB, 2 * GIB - 28 * MIB), "28 MB of 2 GB");
	ok(memory_is_less(2 * GIB, 2 * GIB - 29 * MIB), "29 MB of 2 GB");
	ok(!memory_is_less(0, 0), "not known");
}

static void test_sysctl(void)
{
	static const struct {
		const char *path;
		bool skipped;
	} rows[] = {
		{ "vm/stat_refresh", true },
		{ "vm/drop_caches", true },
		{ "vm/compact_memory", true },
		{ "vm/swappiness", false },
		{ "kernel/ns_last_pid", true },
		{ "kernel/random/boot_id", true },
		{ "kernel/core_pattern", false },
		{ "kernel/sysrq", false },
		{ "net/ipv4/route/flush", true },
		{ "net/ipv6/route/flush", true },
		{ "net/ipv4/ip_forward", false },
		{ "net/ipv6/conf/eth0/mtu", true },
		{ "net/ipv6/conf/eth0/disable_ipv6", false },
		{ "net/ipv6/neigh/eth0/base_reachable_time_ms", true },
		{ "net/ipv4/neigh/eth0/base_reachable_time_ms", false },
		{ "fs/binfmt_misc", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_int(sysctl_skip_reason(rows[i].path) != NULL,
		       rows[i].skipped, rows[i].path);
}

int main(void)
{
	test_diff();
	test_full();
	test_findings();
	test_untold();
	test_many_findings();
	test_memory();
	test_sysctl();
	return tap_done();
}
