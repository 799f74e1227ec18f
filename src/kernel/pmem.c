/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. memmap=SIZE!START takes a range out of the memory that
 * the firmware told of and gives it to drivers/nvdimm/e820.c. It does so for
 * the one kernel that has the word on its command line: the map that kexec
 * hands on is the firmware's, so each next kernel is told the same again.
 *
 * Where the range lies matters in three ways:
 * - This kernel, which does not know of the range yet, loads the next one, and
 *   puts it at the end of some piece of memory, its archive below it
 *   (kexec_add_buffer() with top_down). An archive in the range is moved by its
 *   kernel (relocate_initrd()); but a kernel in the range stays there, as the
 *   decompressor looks for another place upwards only, and takes its own out of
 *   the range (e820_add_kernel_range()). So there is always room for a kernel
 *   above the range, and for its archive where that can be spared.
 * - What the kernel cannot do without below 4 GiB, its own image and the
 *   buffers of old devices, stays below it.
 * - It is one piece, as the ISO is.
 */
#include "kernel/pmem.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"
#include "wire/cmdline.h"

#define PMEM_ABOVE_LEAST (128 * MIB) /* init_size of a large kernel */
#define PMEM_ABOVE	 (256 * MIB)
#define PMEM_BELOW	 (256 * MIB)

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return DIV_ROUND_UP(n, unit) * unit;
}

static uint64_t round_down(uint64_t n, uint64_t unit)
{
	return n / unit * unit;
}

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

/* Bad when there is no digit, or too many. */
static uint64_t take_number(struct view *v, unsigned int base)
{
	uint64_t n = 0;
	size_t digits = 0;

	for (; !v->bad && v->left > 0; digits++) {
		uint64_t digit = (uint64_t)digit_of(*v->at);

		if (digit >= base)
			break;
		v->bad = __builtin_mul_overflow(n, base, &n) ||
			 __builtin_add_overflow(n, digit, &n);
		view_skip(v, 1);
	}
	v->bad |= digits == 0;
	return n;
}

static bool take_char(struct view *v, char c)
{
	bool is = view_starts(*v, &c, 1);

	if (is)
		view_skip(v, 1);
	return is;
}

/* One line of /proc/iomem: "  01000000-01e02d6f : Kernel code". */
struct resource {
	bool nested; /* below the one before */
	uint64_t start, end;
	struct view name;
};

/* False at the end. A line that is none has an empty name. */
static bool next_resource(struct view *text, struct resource *ret)
{
	const uint8_t *end;
	struct view line;

	if (text->left == 0)
		return false;
	end = memchr(text->at, '\n', text->left);
	line = view_sub(text, end ? (size_t)(end - text->at) : text->left);
	(void)take_char(text, '\n');
	*ret = (struct resource){ .nested = view_starts(line, " ", 1) };
	while (take_char(&line, ' '))
		;
	ret->start = take_number(&line, 16);
	line.bad |= !take_char(&line, '-');
	ret->end = take_number(&line, 16);
	line.bad |= !view_starts(line, " : ", 3) || ret->end < ret->start ||
		    ret->end == UINT64_MAX;
	view_skip(&line, 3);
	if (!line.bad) {
		ret->name = line;
		ret->end++; /* the text has the last byte */
	}
	return true;
}

static bool is_called(const struct resource *resource, const char *name)
{
	return resource->name.left == strlen(name) &&
	       view_starts(resource->name, name, strlen(name));
}

/* The best of the pieces seen so far. */
struct search {
	uint64_t size;		/* wanted, a multiple of PMEM_UNIT */
	uint64_t seen;		/* bytes of memory that have an address */
	uint64_t largest;	/* that a range could have */
	struct pmem_range best; /* size 0: none yet */
};

static void consider(struct search *search, uint64_t start, uint64_t end)
{
	uint64_t low, high, most, above;

	if (end <= start)
		return;
	if (end > 1)
		search->seen += end - start;
	low = MAX(start, PMEM_BELOW);
	if (low > UINT64_MAX - PMEM_UNIT)
		return;
	low = round_up(low, PMEM_UNIT);
	high = round_down(end, PMEM_UNIT);
	if (high <= low || high - low <= PMEM_ABOVE_LEAST)
		return;
	most = high - low - PMEM_ABOVE_LEAST;
	search->largest = MAX(search->largest, most);
	if (most < search->size || high <= search->best.start)
		return;
	above = MIN(high - low - search->size, PMEM_ABOVE);
	search->best = (struct pmem_range){
		.start = high - above - search->size,
		.size = search->size,
	};
}

/* A piece of memory, as it grows along the map. */
struct piece {
	uint64_t start, end;
	bool given; /* its last part is given back, with what lies in it */
};

/* Whether the resource is what the next kernel has back as memory. */
static bool is_given(const struct resource *resource,
		     const struct pmem_range *given)
{
	return given && resource->start >= given->start &&
	       resource->end - given->start <= given->size &&
	       is_called(resource, "Persistent Memory (legacy)");
}

static void take_resource(struct search *search, struct piece *piece,
			  const struct resource *resource,
			  const struct pmem_range *given)
{
	bool is_back = is_given(resource, given);
	bool usable = is_back || is_called(resource, "System RAM");

	if (!usable || resource->start != piece->end) {
		consider(search, piece->start, piece->end);
		*piece = (struct piece){ 0 };
		if (usable)
			piece->start = resource->start;
	}
	if (usable)
		piece->end = resource->end;
	piece->given = is_back;
}

/*
 * The running kernel's own parts are free for the next one; what else lies in
 * the memory (a crash kernel's share, tables of the firmware) may have a reason
 * that outlives it.
 */
static void cut_resource(struct search *search, struct piece *piece,
			 const struct resource *resource)
{
	if (piece->end == 0 || piece->given || resource->name.left == 0 ||
	    view_starts(resource->name, "Kernel ", 7))
		return;
	consider(search, piece->start, MIN(resource->start, piece->end));
	piece->start = MAX(piece->start, resource->end);
}

static void search_iomem(struct search *search, const char *iomem,
			 const struct pmem_range *given)
{
	struct view text = view_over(iomem, strlen(iomem));
	struct resource resource;
	struct piece piece = { 0 };

	while (next_resource(&text, &resource)) {
		if (resource.nested)
			cut_resource(search, &piece, &resource);
		else
			take_resource(search, &piece, &resource, given);
	}
	consider(search, piece.start, piece.end);
}

int pmem_plan(const char *iomem, const struct pmem_range *given, uint64_t size,
	      struct pmem_range *ret_range, struct failure *failure)
{
	struct search search = { 0 };
	char wanted[SIZE_TEXT_MAX], fits[SIZE_TEXT_MAX];

	if (size <= UINT64_MAX - KEPT_SIZE - PMEM_UNIT)
		search.size = round_up(size + KEPT_SIZE, PMEM_UNIT);
	else
		search.size = UINT64_MAX;
	search_iomem(&search, iomem, given);
	if (search.best.size > 0) {
		*ret_range = search.best;
		return 0;
	}
	if (search.seen == 0)
		return failure_set(failure, EPERM,
				   "cannot see where this machine's memory is: "
				   "only root may read that in /proc/iomem");
	return failure_set(
		failure, ENOSPC,
		"no place in memory for an ISO of %s: the largest free piece "
		"would hold %s; give the machine more memory",
		size_text(size, wanted),
		size_text(search.largest ? pmem_room(search.largest) : 0,
			  fits));
}

int pmem_word(const struct pmem_range *range, char *buf, size_t size)
{
	struct text text = text_over(buf, size);

	if (range->size % MIB == 0)
		text_add(&text, "memmap=%" PRIu64 "M!0x%" PRIx64,
			 range->size / MIB, range->start);
	else
		text_add(&text, "memmap=%" PRIu64 "!0x%" PRIx64, range->size,
			 range->start);
	return text.cut ? -ENOBUFS : 0;
}

/* As memparse() of the kernel: "0x10", "16", "020", "186M". */
static uint64_t take_memory(struct view *v)
{
	static const char units[] = "kmgtpe";
	uint64_t n;
	const char *unit;
	unsigned int base = 10;

	if (view_starts(*v, "0x", 2) || view_starts(*v, "0X", 2)) {
		view_skip(v, 2);
		base = 16;
	} else if (view_starts(*v, "0", 1)) {
		base = 8;
	}
	n = take_number(v, base);
	unit = !v->bad && v->left > 0 && *v->at ? strchr(units, *v->at | 0x20)
						: NULL;
	if (unit && *unit) {
		unsigned int shift = 10 * (unsigned int)(unit - units + 1);

		view_skip(v, 1);
		v->bad |= n > UINT64_MAX >> shift;
		n <<= shift;
	}
	return n;
}

/* "186M!0x74400000": one range of a word, up to the next comma. */
static bool take_range(struct view *value, struct pmem_range *ret)
{
	const uint8_t *comma =
		value->left > 0 ? memchr(value->at, ',', value->left) : NULL;
	struct view one = view_sub(value, comma ? (size_t)(comma - value->at)
						: value->left);
	struct pmem_range range;

	(void)take_char(value, ',');
	range.size = take_memory(&one);
	if (!take_char(&one, '!'))
		return false;
	range.start = take_memory(&one);
	if (one.bad || one.left > 0 || range.size == 0 ||
	    range.start > UINT64_MAX - range.size)
		return false;
	*ret = range;
	return true;
}

size_t pmem_words(const char *cmdline, struct pmem_range *ret_ranges,
		  size_t max)
{
	struct cmdline words = cmdline_over(cmdline);
	struct cmdline_word word;
	size_t count = 0;

	while (cmdline_next(&words, &word)) {
		if (!cmdline_is(&word, "memmap"))
			continue;
		while (word.value.left > 0 && count < max)
			count += take_range(&word.value, &ret_ranges[count]);
	}
	return count;
}

uint64_t pmem_room(uint64_t device_size)
{
	uint64_t blocks = device_size / KEPT_SIZE;

	return blocks < 2 ? 0 : (blocks - 1) * KEPT_SIZE;
}
