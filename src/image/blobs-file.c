/* SPDX-License-Identifier: MIT */
#include "image/blobs-file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/oci-json.h"

const char *blob_path(const struct digest *digest,
		      char buf[static BLOB_PATH_MAX])
{
	struct text text = text_over(buf, BLOB_PATH_MAX);
	char named[DIGEST_TEXT_MAX];

	text_add(&text, "blobs/%s", digest_text(digest, named));
	*strchr(buf, ':') = '/';
	return buf;
}

static ssize_t read_range(int fd, char *buf, uint64_t offset, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && n != 0) {
		n = pread(fd, buf + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)done;
}

int blob_read(int fd, uint64_t offset, uint64_t length, const char *name,
	      struct blobs_document *ret_document, struct failure *failure)
{
	_cleanup_free char *bytes = NULL;
	struct digest digest;
	ssize_t n;

	if (length > OCI_DOCUMENT_MAX)
		return failure_set(failure, EBADMSG,
				   "%s: a document of %ju bytes is too large",
				   name, (uintmax_t)length);
	bytes = malloc((size_t)length + 1);
	if (!bytes)
		return failure_errno(failure, ENOMEM, "%s", name);
	n = read_range(fd, bytes, offset, (size_t)length);
	if (n < 0)
		return failure_errno(failure, (int)-n, "%s: cannot read", name);
	if ((uint64_t)n < length)
		return failure_set(failure, EBADMSG, "%s: is truncated", name);
	bytes[length] = '\0';
	if (digest_of(DIGEST_SHA256, view_over(bytes, (size_t)length),
		      &digest) < 0)
		return failure_errno(failure, ENOMEM, "%s", name);
	*ret_document = (struct blobs_document){
		.digest = digest,
		.bytes = TAKE_PTR(bytes),
		.len = (size_t)length,
	};
	return 0;
}

int layout_check_version(struct view json, const char *name,
			 struct failure *failure)
{
	_cleanup_oci_json struct oci_json document = {
		.name = name,
		.what = "oci-layout",
		.failure = failure,
	};
	struct oci_node root, node;
	char version[32];
	int r = oci_json_open(&document, json, JSON_OBJECT);

	if (r < 0)
		return r;
	root = oci_root(&document);
	node = oci_member(&root, "imageLayoutVersion");
	r = oci_read_text(&node, OCI_REQUIRED, version, sizeof(version));
	if (r < 0)
		return r;
	return str_after(version, "1.")
		       ? 0
		       : oci_refuse(&node, "is %s, known is 1", version);
}
