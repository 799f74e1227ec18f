/* SPDX-License-Identifier: MIT */
#include "image/squashfs-writer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "base/text.h"

#define BLOCK_KIB    128
#define PROGRAM	     "mksquashfs"
#define MESSAGES_MAX 4096

static int open_messages(const char *scratch)
{
	_cleanup_fd int dir_fd =
		open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dir_fd, "messages",
			O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static int start(const char *path, const struct squashfs_form *form, int tar_fd,
		 int messages_fd, struct failure *failure)
{
	char level[16], block[16];
	/* zstd: read twice as fast as gzip, and smaller. What a tar says of its
	 * root is not taken: it would be anybody's, and of this moment. */
	const char *const argv[] = {
		PROGRAM,
		"-",
		path,
		"-tar",
		"-noappend",
		"-quiet",
		"-comp",
		"zstd",
		"-Xcompression-level",
		level,
		"-b",
		block,
		"-no-progress",
		"-no-exports",
		"-root-mode",
		"0755",
		"-mkfs-time",
		"0",
		form->impersonal ? "-all-time" : NULL,
		"0",
		/* Its own root directory, too, which would be ours. */
		"-all-root",
		NULL,
	};
	struct text level_text = text_over(level, sizeof(level));
	struct text block_text = text_over(block, sizeof(block));
	pid_t pid;

	text_add(&level_text, "%d", form->level);
	text_add(&block_text, "%dK",
		 form->block_kib ? form->block_kib : BLOCK_KIB);
	/* It refuses to be told its times twice. */
	(void)unsetenv("SOURCE_DATE_EPOCH");
	pid = spawn(&(struct spawn){ .argv = argv,
				     .fd = { tar_fd, messages_fd, messages_fd },
				     .extra_fd = FD_NONE },
		    failure);

	if (pid == -ENOENT)
		return failure_set(failure, ENOENT,
				   "a squashfs is made by " PROGRAM
				   ", which is not installed (Debian: "
				   "squashfs-tools)");
	return pid;
}

int squashfs_writer_start(const char *path, const char *scratch,
			  const struct squashfs_form *form,
			  struct squashfs_writer *ret_writer,
			  struct failure *failure)
{
	_cleanup_fd int read_end = FD_NONE, write_end = FD_NONE;
	_cleanup_fd int messages = open_messages(scratch);
	int ends[2], pid;

	if (messages < 0)
		return failure_errno(failure, -messages, "%s/messages",
				     scratch);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_errno(failure, errno, "cannot start " PROGRAM);
	read_end = ends[0];
	write_end = ends[1];
	pid = start(path, form, read_end, messages, failure);
	if (pid < 0)
		return pid;
	*ret_writer = (struct squashfs_writer){
		.pid = pid,
		.tar_fd = TAKE_FD(write_end),
		.messages_fd = TAKE_FD(messages),
	};
	return 0;
}

int squashfs_writer_write(void *context, const void *bytes, size_t len,
			  struct failure *failure)
{
	const struct squashfs_writer *writer = context;
	int r;

	r = fd_write_all(writer->tar_fd, bytes, len);
	return r < 0 ? failure_errno(failure, -r, "cannot write to " PROGRAM)
		     : 0;
}

/* The last line that it said. */
static int explain(const struct squashfs_writer *writer, int status,
		   struct failure *failure)
{
	char said[MESSAGES_MAX + 1];
	off_t size = lseek(writer->messages_fd, 0, SEEK_END);
	ssize_t len = pread(writer->messages_fd, said, MESSAGES_MAX,
			    MAX(size - MESSAGES_MAX, 0));
	const char *line;

	said[MAX(len, 0)] = '\0';
	str_trim_end(said);
	line = strrchr(said, '\n');
	if (WIFSIGNALED(status))
		return failure_set(failure, EIO,
				   PROGRAM " was ended by signal %d",
				   WTERMSIG(status));
	return failure_set(failure, EIO, PROGRAM " failed: %s",
			   line ? line + 1 : said);
}

int squashfs_writer_finish(struct squashfs_writer *writer, int r,
			   struct failure *failure)
{
	int status = 0;

	/* It must not take half a tar for a whole one. */
	if (r < 0 && r != -EPIPE)
		kill(writer->pid, SIGKILL);
	writer->tar_fd = fd_close(writer->tar_fd);
	while (waitpid(writer->pid, &status, 0) < 0 && errno == EINTR)
		;
	if ((r == 0 || r == -EPIPE) && status != 0)
		r = explain(writer, status, failure);
	writer->messages_fd = fd_close(writer->messages_fd);
	return r;
}
