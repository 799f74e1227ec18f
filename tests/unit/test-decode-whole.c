/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "image/decode-whole.h"
#include "tap.h"

#define PLAIN_LEN (256 * 1024)

static char plain[PLAIN_LEN];

/* The plain bytes as a zstd frame, for the caller to free. */
static char *compressed(size_t *ret_len)
{
	size_t room = ZSTD_compressBound(PLAIN_LEN);
	char *bytes = malloc(room);

	*ret_len = ZSTD_compress(bytes, room, plain, PLAIN_LEN, 1);
	return bytes;
}

static void test_good(void)
{
	size_t len;
	char *bytes = compressed(&len);

	ok(len < PLAIN_LEN / 8, "it grows by more than the first guess");
	ok_int(decode_whole(&bytes, &len, PLAIN_LEN + 1), 0, "decoded");
	ok(len == PLAIN_LEN && memcmp(bytes, plain, len) == 0, "as it was");
	ok_int(decode_whole(&bytes, &len, PLAIN_LEN + 1), 0, "what is plain");
	ok(len == PLAIN_LEN && memcmp(bytes, plain, len) == 0, "stays");
	free(bytes);
}

static void test_bad(void)
{
	size_t len, whole;
	char *bytes = compressed(&whole);

	len = whole;
	ok_int(decode_whole(&bytes, &len, PLAIN_LEN), -EFBIG, "too large");
	ok(len == whole, "stays");
	len = whole - 1;
	ok_int(decode_whole(&bytes, &len, PLAIN_LEN + 1), -EBADMSG, "cut off");
	free(bytes);
}

int main(void)
{
	for (size_t i = 0; i < PLAIN_LEN; i++)
		plain[i] = (char)(i >> 10);
	test_good();
	test_bad();
	return tap_done();
}
