/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/tftp.h"

/* A packet as a literal, without the NUL at its end. */
#define PARSE(text, packet, why) \
	tftp_parse(view_over(text, sizeof(text) - 1), packet, why)

static void test_requests(void)
{
	struct tftp_packet p;
	const char *why;

	ok_int(PARSE("\0\1undionly.kpxe\0octet\0", &p, &why), 0,
	       "an RRQ is read");
	ok(p.opcode == TFTP_RRQ && p.mode == TFTP_OCTET, "opcode, mode");
	ok_str(p.name, "undionly.kpxe", "name");
	ok(p.options.blksize == 0 && !p.options.has_tsize, "no options");
	ok_int(PARSE("\0\2x\0NetASCII\0", &p, &why), 0, "a WRQ is read");
	ok(p.opcode == TFTP_WRQ && p.mode == TFTP_NETASCII,
	   "the case of the mode does not matter");
	ok_int(PARSE("\0\1x\0mail\0", &p, &why), 0, "another mode is read");
	ok(p.mode == TFTP_MODE_OTHER, "as such");
}

/* As edk2 sends it. */
static void test_options(void)
{
	struct tftp_packet p;
	const char *why;

	ok_int(PARSE("\0\1snponly.efi\0octet\0tsize\0"
		     "0\0blksize\0"
		     "1468\0windowsize\0"
		     "4\0",
		     &p, &why),
	       0, "an RRQ with options is read");
	ok(p.options.has_tsize && p.options.tsize == 0, "tsize 0");
	ok_int(p.options.blksize, 1468, "blksize");
	ok_int(p.options.windowsize, 4, "windowsize");
	ok_int(p.options.timeout_s, 0, "no timeout");
	ok_int(PARSE("\0\1x\0octet\0BLKSIZE\0"
		     "65465\0Timeout\0"
		     "255\0multicast\0\0windowsize\0"
		     "70000\0",
		     &p, &why),
	       0, "names in capitals, values too large, unknown options");
	ok_int(p.options.blksize, TFTP_BLKSIZE_MAX, "blksize is cut");
	ok_int(p.options.windowsize, UINT16_MAX, "windowsize is cut");
	ok_int(p.options.timeout_s, 255, "timeout");
}

static void test_left_out(void)
{
	struct tftp_packet p;
	const char *why;

	ok_int(PARSE("\0\1x\0octet\0blksize\0"
		     "7\0timeout\0"
		     "256\0windowsize\0"
		     "0\0tsize\0-1\0",
		     &p, &why),
	       0, "values that the RFCs do not allow");
	ok(p.options.blksize == 0 && p.options.timeout_s == 0 &&
		   p.options.windowsize == 0 && !p.options.has_tsize,
	   "are left out");
	ok_int(PARSE("\0\1x\0octet\0tsize\0"
		     "0\0blksize\0"
		     "14",
		     &p, &why),
	       0, "an option that is cut off");
	ok(p.options.has_tsize && p.options.blksize == 0,
	   "is left out, those before it are not");
	ok_int(PARSE("\0\1x\0octet\0blksize\0"
		     "1408\0\0\0\0\0\0",
		     &p, &why),
	       0, "padding behind the options");
	ok_int(p.options.blksize, 1408, "is overlooked");
}

static void test_others(void)
{
	struct tftp_packet p;
	const char *why;

	ok_int(PARSE("\0\3\xff\xfe"
		     "data",
		     &p, &why),
	       0, "DATA is read");
	ok(p.block == 0xfffe && p.data.left == 4 &&
		   view_starts(p.data, "data", 4),
	   "block and data");
	ok_int(PARSE("\0\3\0\1", &p, &why), 0, "empty DATA is read");
	ok_int((int64_t)p.data.left, 0, "and is empty");
	ok_int(PARSE("\0\4\1\2", &p, &why), 0, "an ACK is read");
	ok_int(p.block, 0x0102, "its block");
	ok_int(PARSE("\0\4\1\2\0\0\0", &p, &why), 0, "a padded ACK too");
	ok_int(PARSE("\0\5\0\10User aborted\0junk", &p, &why), 0,
	       "an ERROR is read");
	ok(p.error == TFTP_OPTION_REFUSED && p.message.left == 12,
	   "code, and the message up to its NUL");
	ok_int(PARSE("\0\5\0\0x", &p, &why), 0, "an ERROR without NUL too");
	ok_int((int64_t)p.message.left, 1, "its message");
	ok_int(PARSE("\0\6tsize\0"
		     "12345678901\0",
		     &p, &why),
	       0, "an OACK is read");
	ok_int((int64_t)p.options.tsize, 12345678901, "a large tsize");
}

static void test_malformed(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} cases[] = {
		{ "", 0, "no opcode" },
		{ "\0", 1, "no opcode" },
		{ "\0\0", 2, "an unknown opcode" },
		{ "\0\7", 2, "an unknown opcode" },
		{ "\1\1x\0octet\0", 10, "an unknown opcode" },
		{ "\0\1", 2, "a file name without an end" },
		{ "\0\1x", 3, "a file name without an end" },
		{ "\0\1\0octet\0", 9, "an empty file name" },
		{ "\0\1x\0", 4, "a mode without an end" },
		{ "\0\1x\0octet", 9, "a mode without an end" },
		{ "\0\3\1", 3, "DATA without a block number" },
		{ "\0\4", 2, "an ACK without a block number" },
		{ "\0\5\0", 3, "an ERROR without a code" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tftp_packet p;
		const char *why = NULL;
		struct view bytes = view_over(cases[i].bytes, cases[i].len);

		ok_int(tftp_parse(bytes, &p, &why), -EBADMSG, "is refused");
		ok_str(why, cases[i].why, cases[i].why);
	}
}

static void test_build(void)
{
	const struct tftp_options options = { .blksize = 1468,
					      .timeout_s = 3,
					      .windowsize = 16,
					      .has_tsize = true,
					      .tsize = 5000000000 };
	uint8_t bytes[TFTP_REPLY_MAX], header[TFTP_HEADER];
	struct build b = build_over(bytes, sizeof(bytes));
	struct tftp_packet p;
	const char *why;
	char message[2 * TFTP_REPLY_MAX];

	tftp_build_oack(&b, &options);
	ok_int(tftp_parse(view_over(bytes, b.len), &p, &why), 0,
	       "an OACK that was built is read");
	ok(p.options.blksize == 1468 && p.options.timeout_s == 3 &&
		   p.options.windowsize == 16 && p.options.tsize == 5000000000,
	   "with all its options");
	b = build_over(bytes, sizeof(bytes));
	tftp_build_request(&b, TFTP_RRQ, "a/b", &options);
	ok(tftp_parse(view_over(bytes, b.len), &p, &why) == 0 &&
		   p.options.windowsize == 16 && p.mode == TFTP_OCTET,
	   "so is an RRQ");
	memset(message, 'x', sizeof(message));
	message[sizeof(message) - 1] = '\0';
	b = build_over(bytes, sizeof(bytes));
	tftp_build_error(&b, TFTP_NOT_FOUND, message);
	ok(!b.bad && tftp_parse(view_over(bytes, b.len), &p, &why) == 0,
	   "a long message is cut to fit");
	ok(p.error == TFTP_NOT_FOUND && bytes[b.len - 1] == '\0',
	   "and has an end");
	tftp_header(header, TFTP_DATA, 0xabcd);
	ok(memcmp(header, "\0\3\xab\xcd", 4) == 0, "the header of DATA");
}

int main(void)
{
	test_requests();
	test_options();
	test_left_out();
	test_others();
	test_malformed();
	test_build();
	return tap_done();
}
