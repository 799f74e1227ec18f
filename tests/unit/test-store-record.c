/* SPDX-License-Identifier: MIT */
#include "image/store-record.h"

#include <stdlib.h>

#include "base/text.h"
#include "tap.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct store_image image = {
	.id = "0123456789abcdef",
	.reference = "/tmp/b\xe4r \"x\"\n.tar",
	.sha256 = SHA,
	.signer = "ABCDEF0123456789",
	.kind = "tar.gz",
	.validators = { "W/\"\xff\"", "Sat, 21 Nov 2026 10:00:00 GMT" },
	.made = {
		.magic = CONTROL_MAGIC,
		.layer_count = 1,
		.id = "0123456789abcdef",
		.layers = { { "fedcba9876543210" } },
		.layout = IMAGE_LAYOUT_FILE,
		.offset = 1048576,
		.length = 4096,
		.fstype = "ext4",
		.start = {
			.args_len = 10,
			.env_len = 4,
			.args = "/bin/sh\0x",
			.env = "A=B",
			.directory = "/srv",
			.user = "7:8",
		},
	},
	.used_s = 1795255200,
	.turn = 17,
	.bytes = 1u << 30,
};

/* What may not be read: "change this to that" in a good record. */
static const struct {
	const char *from, *to, *why;
} bad[] = {
	{ "0123456789abcdef\"", "0123456789abcdee\"", "an ID that is not its" },
	{ "\"id\":", "\"ie\":", "no ID" },
	{ "fedcba9876543210", "../../../../../x", "a layer that climbs" },
	{ "fedcba9876543210", "fedcba987654321", "a layer of 15 digits" },
	{ "fedcba9876543210", "FEDCBA9876543210", "capital digits" },
	{ "[\"fedcba9876543210\"]", "[]", "no layers" },
	{ "[\"fedcba9876543210\"]", "7", "layers that are no list" },
	{ "[\"fedcba9876543210\"]",
	  "[\"fedcba9876543210\",\"fedcba9876543211\"]", "a file of two" },
	{ "\"file\"", "\"none\"", "no layout" },
	{ "1048576", "-1", "before the beginning" },
	{ "1048576", "\"1\"", "a number that is text" },
	{ "1048576", "99999999999999999999", "a number too big" },
	{ "ext4", "ext4ext4ext4ext4", "text too long" },
	{ "ext4", "\\u0100", "a character that is no byte" },
	{ "ext4", "\\u0000", "a NUL" },
	{ "\"/bin/sh\"", "7", "an argument that is no text" },
	{ "}", "", "cut short" },
	{ "}", "}x", "something behind it" },
};

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *result = NULL;

	if (!at || asprintf(&result, "%.*s%s%s", (int)(at - text), text, to,
			    at + strlen(from)) < 0)
		abort();
	return result;
}

static void test_image(void)
{
	struct store_image again = { .id = "x" };
	char *text = store_image_print(&image);

	if (!ok(text, "an image is printed"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *wrong = replaced(text, bad[i].from, bad[i].to);

		ok_int(store_image_parse(wrong, strlen(wrong), &again),
		       -EBADMSG, bad[i].why);
		free(wrong);
	}
	ok_str(again.id, "x", "a refused record leaves what was there");
	memset(&again, 0, sizeof(again));
	ok_int(store_image_parse(text, strlen(text), &again), 0,
	       "and read again");
	ok(memcmp(&again, &image, sizeof(image)) == 0, "the same");
	free(text);
	image.made.start.args_len = 9; /* without the last NUL */
	ok(!store_image_print(&image), "arguments that do not end");
	image.made.start.args_len = IMAGE_ARGS_MAX + 1;
	ok(!store_image_print(&image), "nor fit");
}

static void test_layer(void)
{
	struct store_layer layer = { .id = "0123456789abcdef",
				     .digest = "sha256:" SHA,
				     .layout = IMAGE_LAYOUT_TREE,
				     .bytes = 4711 },
			   again = { 0 };
	char *text = store_layer_print(&layer);

	if (!ok(text, "a layer is printed"))
		return;
	ok_int(store_layer_parse(text, strlen(text), &again), 0,
	       "and read again");
	ok(memcmp(&again, &layer, sizeof(layer)) == 0, "the same");
	free(text);
	layer.id[0] = '1';
	ok(!store_layer_print(&layer), "an ID that is not of its digest");
}

static void test_ids(void)
{
	char id[STORE_ID_MAX];

	ok(store_id_valid("0123456789abcdef"), "an ID");
	ok(!store_id_valid(""), "none");
	ok(!store_id_valid("0123456789abcde"), "too short");
	ok(!store_id_valid("0123456789abcdef0"), "too long");
	ok(!store_id_valid("0123456789abcdeF"), "a capital");
	ok(!store_id_valid("../../../../../a"), "a path");
	ok_int(store_id_of_digest("sha512:" SHA, id), 0, "of a digest");
	ok_str(id, "0123456789abcdef", "are its first digits");
	ok_int(store_id_of_digest("sha256:0123", id), -EBADMSG, "too few");
	ok_int(store_id_of_digest(SHA, id), -EBADMSG, "no algorithm");
}

int main(void)
{
	test_image();
	test_layer();
	test_ids();
	return tap_done();
}
