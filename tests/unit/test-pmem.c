/* SPDX-License-Identifier: MIT */
#include "kernel/pmem.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#include "tap.h"

/* A machine with 2 GB, as QEMU's q35 has it. */
static const char small_machine[] =
	"00000000-00000fff : Reserved\n"
	"00001000-0009fbff : System RAM\n"
	"0009fc00-0009ffff : Reserved\n"
	"000a0000-000bffff : PCI Bus 0000:00\n"
	"000f0000-000fffff : Reserved\n"
	"  000f0000-000fffff : System ROM\n"
	"00100000-7ffdcfff : System RAM\n"
	"  2be00000-2ce02d6f : Kernel code\n"
	"  2d000000-2dcb7fff : Kernel rodata\n"
	"  2de00000-2e0bbfff : Kernel data\n"
	"  2e5d7000-2e9fffff : Kernel bss\n"
	"7ffdd000-7fffffff : Reserved\n"
	"b0000000-bfffffff : PCI MMCONFIG 0000 [bus 00-ff]\n"
	"  b0000000-bfffffff : Reserved\n"
	"fed1c000-fed1ffff : Reserved\n";

/* One with 8 GB, of which most lies above the hole for devices. */
static const char large_machine[] = "00001000-0009ffff : System RAM\n"
				    "00100000-7fffffff : System RAM\n"
				    "80000000-febfffff : PCI Bus 0000:00\n"
				    "100000000-27fffffff : System RAM\n"
				    "  1aa000000-1ab002d6f : Kernel code\n"
				    "280000000-a7fffffff : PCI Bus 0000:00\n";

static const char with_crash_kernel[] = "00100000-ffffffff : System RAM\n"
					"  a0000000-afffffff : Crash kernel\n"
					"  b0000000-b0ffffff : Kernel code\n";

/* Memory that is kept already is no "System RAM" any more. */
static const char with_pmem[] = "00100000-5fffffff : System RAM\n"
				"60000000-7fbfffff : Persistent Memory "
				"(legacy)\n"
				"  60000000-7fbfffff : namespace0.0\n"
				"7fc00000-7fffffff : System RAM\n";

/* Everybody but root reads zeros. */
static const char hidden[] = "00000000-00000000 : Reserved\n"
			     "00000000-00000000 : System RAM\n"
			     "  00000000-00000000 : Kernel code\n";

static void test_plan(void)
{
	static const struct {
		const char *iomem;
		uint64_t size;
		struct pmem_range want;
		const char *what;
	} plans[] = {
		{ small_machine,
		  193294336,
		  { 0x64400000, 186 * MIB },
		  "the room of a kernel stays above it" },
		{ small_machine,
		  186 * MIB - KEPT_SIZE,
		  { 0x64400000, 186 * MIB },
		  "with its record it just fits" },
		{ small_machine,
		  186 * MIB,
		  { 0x64200000, 188 * MIB },
		  "with its record it is a unit more" },
		{ small_machine,
		  1600 * MIB,
		  { 0x10000000, 1602 * MIB },
		  "but not the room that is not there" },
		{ small_machine,
		  0x67e00000 - KEPT_SIZE,
		  { 0x10000000, 0x67e00000 },
		  "all but what stays below, and a kernel above" },
		{ large_machine, 1, { 0x26fe00000, 2 * MIB }, "the highest" },
		{ large_machine,
		  6 * GIB - 128 * MIB - KEPT_SIZE,
		  { 0x100000000, 6 * GIB - 128 * MIB },
		  "all of the highest but a kernel" },
		{ with_crash_kernel,
		  GIB,
		  { 0xb0000000, GIB + 2 * MIB },
		  "a running kernel is no obstacle" },
		{ with_crash_kernel,
		  2 * GIB,
		  { 0x10000000, 2 * GIB + 2 * MIB },
		  "a crash kernel is one" },
		{ with_pmem,
		  512 * MIB,
		  { 0x2fe00000, 514 * MIB },
		  "beside what is kept already" },
	};
	struct failure failure;

	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		struct pmem_range is = { 0 };
		int r = pmem_plan(plans[i].iomem, NULL, plans[i].size, &is,
				  &failure);

		if (!ok(r == 0 && is.start == plans[i].want.start &&
				is.size == plans[i].want.size,
			plans[i].what))
			printf("# %d: %" PRIx64 " bytes at %" PRIx64 "\n", r,
			       is.size, is.start);
	}
}

static void test_given_back(void)
{
	static const struct {
		struct pmem_range given;
		uint64_t size;
		struct pmem_range want;
		const char *what;
	} cases[] = {
		{ { 0x60000000, 0x1fc00000 },
		  GIB,
		  { 0x2fe00000, GIB + 2 * MIB },
		  "what is kept and given back is one with its neighbours" },
		{ { 0x60000000, 0x1fb00000 },
		  GIB,
		  { 0x10000000, GIB + 2 * MIB },
		  "another range than what is kept is none" },
		{ { 0x60100000, 0x1fb00000 },
		  GIB,
		  { 0x10000000, GIB + 2 * MIB },
		  "nor is one that begins behind it" },
	};
	struct failure failure;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pmem_range is = { 0 };
		int r = pmem_plan(with_pmem, &cases[i].given, cases[i].size,
				  &is, &failure);

		if (!ok(r == 0 && is.start == cases[i].want.start &&
				is.size == cases[i].want.size,
			cases[i].what))
			printf("# %d: %" PRIx64 " bytes at %" PRIx64 "\n", r,
			       is.size, is.start);
	}
}

static void test_no_plan(void)
{
	static const struct {
		const char *iomem;
		uint64_t size;
		int err;
		const char *words, *what;
	} cases[] = {
		{ small_machine, 2 * GIB, ENOSPC, "would hold 1.7 GB",
		  "more than there is" },
		{ small_machine, 0x67e00000, ENOSPC, "ISO of 1.7 GB",
		  "a page too much" },
		{ small_machine, UINT64_MAX, ENOSPC, "no place",
		  "the largest number" },
		{ small_machine, UINT64_MAX - KEPT_SIZE, ENOSPC, "no place",
		  "one near it" },
		{ with_crash_kernel, 3 * GIB, ENOSPC, "would hold 2.3 GB",
		  "more than the largest piece" },
		{ hidden, MIB, EPERM, "only root", "zeros" },
		{ "", MIB, EPERM, "only root", "nothing" },
		{ "00100000-7fffffff : System ROM\n", MIB, EPERM, "root",
		  "no memory" },
		{ "100000-7fffffff System RAM\n7fffffff-100000 : System RAM\n"
		  "x-y : System RAM\n0-ffffffffffffffff : System RAM\n"
		  "0-fffffffffffffffff : System RAM\n : System RAM\n\n",
		  MIB, EPERM, "root", "lines that are none" },
		{ "00000000-0fffffff : System RAM\n", MIB, ENOSPC,
		  "would hold 0 B", "only memory that must stay" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pmem_range is = { 1, 2 };
		struct failure failure = { 0 };
		int r = pmem_plan(cases[i].iomem, NULL, cases[i].size, &is,
				  &failure);

		ok_int(r, -cases[i].err, cases[i].what);
		ok(is.start == 1 && is.size == 2, "nothing is written");
		if (!ok(strstr(failure.text, cases[i].words), "it says why"))
			printf("# %s\n", failure.text);
	}
}

static void test_word(void)
{
	struct pmem_range range = { 0x74400000, 186 * MIB }, back;
	char word[64];

	ok_int(pmem_word(&range, word, sizeof(word)), 0, "a word");
	ok_str(word, "memmap=186M!0x74400000", "as the kernel wants it");
	ok_int(pmem_word(&range, word, strlen(word)), -ENOBUFS, "too short");
	range.size = 186 * MIB + 4096;
	ok_int(pmem_word(&range, word, sizeof(word)), 0, "an odd size");
	ok_str(word, "memmap=195039232!0x74400000", "in bytes");
	ok(pmem_words(word, &back, 1) == 1 && back.start == range.start &&
		   back.size == range.size,
	   "and back");
}

static void test_words(void)
{
	static const struct {
		const char *cmdline;
		size_t count;
		struct pmem_range want[4];
		const char *what;
	} cases[] = {
		{ "quiet memmap=186M!0x74400000 ro",
		  1,
		  { { 0x74400000, 186 * MIB } },
		  "one" },
		{ "memmap=1G!2G,4k!0x100000 \"memmap=1m!010\"",
		  3,
		  { { 2 * GIB, GIB }, { MIB, 4096 }, { 8, MIB } },
		  "several" },
		{ "memmap=64M$1G memmap=exactmap memmap=1G@0 memmap=1M#2M "
		  "memmap=2M%3G-1+2 memmap=16T!1P",
		  1,
		  { { 1ull << 50, 1ull << 44 } },
		  "those for other purposes are passed over" },
		{ "memmap=1M!64M!5 memmap=!1 memmap=1M! memmap=0!1 memmap "
		  "memmap= memmap=99999999999T!1 memmap=1E!99E memmap=1M!1Mx "
		  "memmap=8E!8E memmap=,,, xmemmap=1M!1M memmap=0x!0x",
		  0,
		  { { 0 } },
		  "and what is none" },
		{ "memmap=1!1,2!2,3!3,4!4,5!5",
		  4,
		  { { 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 4 } },
		  "as many as there is room for" },
		{ "", 0, { { 0 } }, "nothing" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pmem_range is[4] = { 0 };

		ok_int((int64_t)pmem_words(cases[i].cmdline, is, 4),
		       (int64_t)cases[i].count, cases[i].what);
		ok(memcmp(is, cases[i].want, sizeof(is)) == 0,
		   "as it was meant");
	}
}

static void fill(struct kept_iso *kept)
{
	*kept = (struct kept_iso){ .size = 3 * KEPT_SIZE,
				   .reference = "debian",
				   .title = "Debian live" };
	memset(kept->sha256, 'a', 64);
}

static void test_record(void)
{
	_cleanup_fd int fd = memfd_create("pmem", MFD_CLOEXEC);
	struct kept_iso kept, back = { 0 };
	char before[KEPT_SIZE];

	fill(&kept);
	ok(ftruncate(fd, 4 * KEPT_SIZE + 100) == 0, "a device");
	ok_int((int64_t)pmem_room(4 * KEPT_SIZE + 100), 3 * KEPT_SIZE,
	       "what is left of it");
	ok_int(pmem_read_kept(fd, &back), -ENODATA, "nothing is kept in it");
	ok_int(pmem_write_kept(fd, &kept), 0, "a record");
	ok_int(pmem_read_kept(fd, &back), 0, "it is read");
	ok(back.size == kept.size && str_eq(back.reference, "debian") &&
		   str_eq(back.title, "Debian live"),
	   "as it was");
	ok(pread(fd, before, sizeof(before), 2 * KEPT_SIZE) == KEPT_SIZE &&
		   before[KEPT_SIZE - 1] == 0,
	   "the ISO before it is untouched");

	ok(pwrite(fd, "X", 1,
		  3 * KEPT_SIZE + offsetof(struct kept_iso, title)) == 1,
	   "a byte is changed");
	ok_int(pmem_read_kept(fd, &back), -ENODATA, "then it does not count");
	kept.size++;
	ok_int(pmem_write_kept(fd, &kept), 0, "one of a larger ISO");
	ok_int(pmem_read_kept(fd, &back), -ENODATA, "does not, either");
	fill(&kept);
	ok_int(pmem_write_kept(fd, &kept), 0, "a good one");
	ok_int(pmem_write_kept(fd, NULL), 0, "is wiped");
	ok_int(pmem_read_kept(fd, &back), -ENODATA, "and gone");
}

static void test_no_room(void)
{
	_cleanup_fd int fd = memfd_create("pmem", MFD_CLOEXEC);
	struct kept_iso kept;

	fill(&kept);
	ok_int((int64_t)pmem_room(2 * KEPT_SIZE - 1), 0, "one block is none");
	ok_int((int64_t)pmem_room(2 * KEPT_SIZE), KEPT_SIZE, "two are one");
	ok(ftruncate(fd, KEPT_SIZE) == 0, "a device of one block");
	ok_int(pmem_write_kept(fd, &kept), -ENOSPC, "has no room for a record");
	ok_int(pmem_read_kept(fd, &kept), -ENODATA, "and has none");
}

int main(void)
{
	test_plan();
	test_given_back();
	test_no_plan();
	test_word();
	test_words();
	test_record();
	test_no_room();
	return tap_done();
}
