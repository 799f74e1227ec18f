/* SPDX-License-Identifier: MIT */
#include "cli/image-output.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/image-arguments.h"

static int open_stdout(struct image_output *output, struct failure *failure)
{
	if (isatty(STDOUT_FILENO))
		return failure_set(failure, EINVAL,
				   "standard output is a terminal; name a "
				   "file");
	output->fd = STDOUT_FILENO;
	return 0;
}

int image_output_open(const char *path, struct image_output *ret_output,
		      struct failure *failure)
{
	struct stat st;

	if (path && str_eq(path, "-"))
		path = NULL;
	*ret_output = IMAGE_OUTPUT_NONE;
	ret_output->path = path;
	if (!path)
		return open_stdout(ret_output, failure);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return failure_set(failure, EISDIR,
				   "%s is a directory; name a file in it",
				   path);
	/* A device or pipe must not be replaced by a file. */
	if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
		return newfile_begin(path, 0644, &ret_output->file, failure);
	ret_output->fd = open(path, O_WRONLY | O_CLOEXEC);
	return ret_output->fd < 0 ? failure_errno(failure, errno,
						  "cannot write to %s", path)
				  : 0;
}

int image_output_write(void *context, const void *bytes, size_t len,
		       struct failure *failure)
{
	struct image_output *output = context;
	int fd = output->file.fd >= 0 ? output->file.fd : output->fd;
	int r;

	if (image_interrupted())
		return failure_set(failure, ECANCELED, "interrupted");
	r = fd_write_all(fd, bytes, len);
	if (r < 0)
		return failure_errno(failure, -r, "cannot write to %s",
				     output->path ? output->path
						  : "standard output");
	output->bytes += len;
	return 0;
}

int image_output_finish(struct image_output *output, struct failure *failure)
{
	return output->file.fd >= 0 ? newfile_finish(&output->file, failure)
				    : 0;
}

void image_output_close(struct image_output *output)
{
	newfile_clear(&output->file);
	if (output->path)
		output->fd = fd_close(output->fd);
}

void image_output_tell(const struct image_output *output,
		       const struct pack_result *packed)
{
	char size[SIZE_TEXT_MAX];

	if (packed->sockets > 0)
		log_warning("%llu sockets were left out: no archive has them",
			    (unsigned long long)packed->sockets);
	if (output->path)
		printf("%s: %s, %llu entries\n", output->path,
		       size_text(output->bytes, size),
		       (unsigned long long)packed->entries);
}
