/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "image/oci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever comes is refused with a line, or is within its bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oci_manifest manifest;
	static struct oci_config config;
	static struct oci_docker_entry entry;
	static const char *const tags[] = { NULL, "", "latest" };
	struct view json = view_over(data, size);
	struct oci_platform here;
	struct oci_descriptor descriptor;

	oci_platform_here(&here);
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		struct failure failure = { 0 };

		if (oci_parse_index(json, tags[i], &here, "fuzz", &descriptor,
				    &failure) < 0 &&
		    !failure.text[0])
			abort();
	}
	(void)oci_is_index(json, "");
	if (oci_parse_manifest(json, "fuzz", &manifest, NULL) == 0 &&
	    (manifest.layer_count == 0 ||
	     manifest.layer_count > IMAGE_LAYERS_MAX))
		abort();
	if (oci_parse_config(json, "fuzz", &config, NULL) == 0 &&
	    ((config.start.args_len > 0 &&
	      config.start.args[config.start.args_len - 1] != '\0') ||
	     config.diff_id_count > IMAGE_LAYERS_MAX))
		abort();
	if (oci_parse_docker_archive(json, "latest", "fuzz", &entry, NULL) ==
		    0 &&
	    entry.layer_count > IMAGE_LAYERS_MAX)
		abort();
	return 0;
}
