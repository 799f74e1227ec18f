/* SPDX-License-Identifier: MIT */
#include "bootstrap/assemble.h"

#include "tap.h"

#define ID "0123456789abcdef"

static struct image_made good(void)
{
	return (struct image_made){
		.magic = CONTROL_MAGIC,
		.layer_count = 2,
		.id = ID,
		.layers = { { ID }, { "fedcba9876543210" } },
		.layout = IMAGE_LAYOUT_TREE,
		.start = { .args_len = 3, .args = "sh" },
	};
}

static void refused(struct image_made made, const char *what)
{
	ok(!assemble_is_sound(&made), what);
}

int main(void)
{
	struct image_made made = good();

	ok(assemble_is_sound(&made), "a good record");
	made.magic++;
	refused(made, "another magic");
	made = good();
	made.layer_count = 0;
	refused(made, "no layer");
	made.layer_count = IMAGE_LAYERS_MAX + 1;
	refused(made, "too many layers");
	made = good();
	memcpy(made.layers[1].id, "../../../../etc/", 16);
	refused(made, "a layer that is a path");
	made = good();
	made.layers[1].id[STORE_ID_DIGITS] = 'a';
	refused(made, "a layer without its end");
	made = good();
	made.id[3] = '\0';
	refused(made, "a short ID");
	made = good();
	made.layout = IMAGE_LAYOUT_NONE;
	refused(made, "no layout");
	made.layout = IMAGE_LAYOUT_FILE;
	refused(made, "two files");
	made.layer_count = 1;
	ok(assemble_is_sound(&made), "one file");
	memset(made.fstype, 'x', sizeof(made.fstype));
	refused(made, "a type without its end");
	made = good();
	made.start.args_len = 2;
	refused(made, "arguments without their end");
	made.start.args_len = IMAGE_ARGS_MAX + 1;
	refused(made, "too many arguments");
	made = good();
	made.start.env_len = 1;
	made.start.env[0] = 'x';
	refused(made, "an environment without its end");
	return tap_done();
}
