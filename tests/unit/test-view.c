/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include "wire/build.h"
#include "wire/view.h"

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static void test_numbers(void)
{
	struct view v = view_over(bytes, sizeof(bytes));

	ok_int(view_u8(&v), 1, "view_u8 takes one byte");
	ok_int(view_be16(&v), 0x0203, "view_be16 takes the high byte first");
	ok_int(view_le16(&v), 0x0504, "view_le16 takes the low byte first");
	ok_int(view_be32(&v), 0x06070809, "view_be32 takes the last bytes");
	ok(!v.bad && v.left == 0, "reading to the end is not bad");
	v = view_over(bytes, sizeof(bytes));
	ok(view_le64(&v) == 0x0807060504030201, "view_le64 takes eight bytes");
}

static void test_end(void)
{
	struct view v = view_over(bytes, 3), sub;
	uint8_t copy[2] = { 7, 7 };

	view_skip(&v, 2);
	ok_int(view_be16(&v), 0, "a number past the end is 0");
	ok(v.bad, "and the view is bad");
	ok_int(view_u8(&v), 0, "a bad view yields nothing that would fit");
	view_copy(&v, copy, sizeof(copy));
	ok(copy[0] == 0 && copy[1] == 0, "a bad copy is zeroed");
	v = view_over(bytes, 3);
	sub = view_sub(&v, SIZE_MAX);
	ok(sub.bad && sub.left == 0 && v.bad,
	   "a length near SIZE_MAX does not wrap");
}

static void test_parts(void)
{
	struct view v = view_over(bytes, 6), sub = view_sub(&v, 4);

	ok(sub.left == 4 && v.left == 2 && *v.at == 5, "view_sub splits");
	view_skip(&sub, 5);
	ok(sub.bad && !v.bad, "a bad part does not spoil the whole");
	v = view_at(view_over(bytes, 6), 4);
	ok(v.left == 2 && view_u8(&v) == 5, "view_at begins at its offset");
	ok(view_at(view_over(bytes, 6), 7).bad, "view_at past the end is bad");
	v = view_over(bytes, 2);
	ok(view_starts(v, bytes, 2) && !view_starts(v, bytes, 3) &&
		   !view_starts(v, "\1\3", 2),
	   "view_starts compares inside the view only");
}

static void test_build(void)
{
	uint8_t out[9] = { [8] = 0xee };
	struct build b = build_over(out, 8);

	build_u8(&b, 1);
	build_be16(&b, 0x0203);
	build_be32(&b, 0x04050607);
	ok(!b.bad && b.len == 7 && memcmp(out, bytes, 7) == 0,
	   "numbers are written high byte first");
	build_be16(&b, 0xffff);
	ok(b.bad && b.len == 7 && out[7] == 0,
	   "what does not fit is not begun");
	build_u8(&b, 8);
	ok(b.bad && b.len == 7, "a full build stays bad");
	b = build_over(out, 8);
	build_zero(&b, 2);
	build_bytes(&b, NULL, 0);
	build_bytes(&b, bytes, 6);
	ok(!b.bad && b.len == 8 && out[1] == 0 && out[7] == 6,
	   "zeros and bytes fill it to the end");
	ok(!build_take(&b, SIZE_MAX) && b.bad,
	   "a length near SIZE_MAX does not wrap");
	ok_int(out[8], 0xee, "nothing is written behind the end");
}

int main(void)
{
	test_numbers();
	test_end();
	test_parts();
	test_build();
	return tap_done();
}
