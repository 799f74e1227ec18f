/* SPDX-License-Identifier: MIT */
/*
 * gpgv takes files by name: the certificates, the signature and the text that
 * it found signed are memfds, which it opens through our /proc/PID/fd. The
 * message comes on its standard input, a socket, since writing to a pipe whose
 * reader is gone would be the end of us.
 */
#include "image/openpgp.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "base/text.h"
#include "base/whole-file.h"

#define STATUS_MAX (64 * KIB)
#define TEXT_MAX   (1 * MIB)
#define CHUNK	   (128 * KIB)

/* What a clear-signed message begins with (RFC 9580 section 7). Nothing may
 * stand before it, so that gpgv reads the message as we do. */
#define CLEAR_SIGNED "-----BEGIN PGP SIGNED MESSAGE-----"

struct check {
	int message_fd;
	uint64_t message_len;
	const char *name;
	bool detached;
	int keys_fd, signature_fd, text_fd, status_fd; /* memfds */
};

static void check_close(struct check *check)
{
	fd_close(check->keys_fd);
	fd_close(check->signature_fd);
	fd_close(check->text_fd);
	fd_close(check->status_fd);
}

#define _cleanup_check _cleanup(check_close)

/* A memfd of these bytes. */
static int hold(const void *bytes, size_t len)
{
	_cleanup_fd int fd = memfd_create("openpgp", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, bytes, len);

	return r < 0 ? r : TAKE_FD(fd);
}

#define FD_PATH_MAX 48

static const char *fd_path(int fd, char buf[static FD_PATH_MAX])
{
	snprintf(buf, FD_PATH_MAX, "/proc/%d/fd/%d", (int)getpid(), fd);
	return buf;
}

/* --- gpgv --- */

static pid_t start(const struct check *check, int input_fd,
		   struct failure *failure)
{
	/* Its words are not translated; no configuration is read. */
	static const char *const environment[] = { "LC_ALL=C",
						   "HOME=/nonexistent", NULL };
	char keys[FD_PATH_MAX], text[FD_PATH_MAX], signature[FD_PATH_MAX];
	/* A clock that lost its battery must not make keys of tomorrow. */
	const char *argv[] = { "gpgv",
			       "--ignore-time-conflict",
			       "--status-fd=1",
			       "--keyring",
			       fd_path(check->keys_fd, keys),
			       "--output",
			       fd_path(check->text_fd, text),
			       "-",
			       NULL,
			       NULL };
	const struct spawn what = {
		.argv = argv,
		.env = environment,
		.fd = { input_fd, check->status_fd, FD_NONE },
		.extra_fd = FD_NONE,
	};
	pid_t pid;

	if (check->detached) {
		argv[5] = fd_path(check->signature_fd, signature);
		argv[6] = "-";
		argv[7] = NULL;
	}
	pid = spawn(&what, failure);
	if (pid == -ENOENT)
		return failure_set(failure, ENOENT,
				   "%s cannot be checked: there is no gpgv; "
				   "install it, or take the risk with "
				   "--insecure",
				   check->name);
	return pid;
}

/* gpgv that stops reading has a reason, which its status says. */
static int feed(const struct check *check, int output_fd,
		struct failure *failure)
{
	_cleanup_free char *buf = malloc(CHUNK);
	uint64_t offset = 0;

	if (!buf)
		return failure_errno(failure, ENOMEM, "%s", check->name);
	while (offset < check->message_len) {
		size_t want = MIN(CHUNK, check->message_len - offset);
		ssize_t n = pread(check->message_fd, buf, want, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failure_errno(failure, n < 0 ? errno : ENODATA,
					     "%s cannot be read", check->name);
		offset += (uint64_t)n;
		for (ssize_t sent = 0; sent < n;) {
			ssize_t r = send(output_fd, buf + sent,
					 (size_t)(n - sent), MSG_NOSIGNAL);

			if (r < 0 && errno == EPIPE)
				return 0;
			if (r < 0 && errno != EINTR)
				return failure_errno(failure, errno, "%s",
						     check->name);
			sent += MAX(r, 0);
		}
	}
	return 0;
}

static int run(const struct check *check, struct failure *failure)
{
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	int ends[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_errno(failure, errno, "%s", check->name);
	ours = ends[0];
	theirs = ends[1];
	pid = start(check, theirs, failure);
	if (pid < 0)
		return pid;
	theirs = fd_close(theirs);
	r = feed(check, ours, failure);
	ours = fd_close(ours);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

/* --- what comes of it --- */

static int read_back(int fd, size_t max, const char *name, char **ret_text,
		     struct failure *failure)
{
	size_t len;
	int r = lseek(fd, 0, SEEK_SET) < 0
			? -errno
			: whole_file_read(fd, max, ret_text, &len);

	return r < 0 ? failure_errno(failure, -r, "%s", name) : 0;
}

static int require_clear_signed(const struct check *check,
				struct failure *failure)
{
	char head[sizeof(CLEAR_SIGNED)] = "";
	ssize_t n = pread(check->message_fd, head, sizeof(head) - 1, 0);

	if (n == sizeof(head) - 1 && str_eq(head, CLEAR_SIGNED))
		return 0;
	return failure_set(failure, EKEYREJECTED, "%s: it has no signature",
			   check->name);
}

static int verify(struct check *check, const char *fingerprints,
		  struct openpgp_signer *ret_signer, char **ret_text,
		  struct failure *failure)
{
	_cleanup_free char *status = NULL;
	int r = 0;

	if (!check->detached)
		r = require_clear_signed(check, failure);
	if (r == 0)
		r = run(check, failure);
	if (r == 0)
		r = read_back(check->status_fd, STATUS_MAX, check->name,
			      &status, failure);
	if (r == 0)
		r = openpgp_judge(status, fingerprints, check->name, ret_signer,
				  failure);
	if (r == 0 && !check->detached)
		r = read_back(check->text_fd, TEXT_MAX, check->name, ret_text,
			      failure);
	return r;
}

int openpgp_verify(int message_fd, uint64_t message_len, const void *signature,
		   size_t signature_len, const void *keys, size_t keys_len,
		   const char *fingerprints, const char *name,
		   struct openpgp_signer *ret_signer, char **ret_text,
		   struct failure *failure)
{
	_cleanup_check struct check check = {
		.message_fd = message_fd,
		.message_len = message_len,
		.name = name,
		.detached = signature,
		.keys_fd = hold(keys, keys_len),
		.signature_fd = hold(signature, signature_len),
		.text_fd = hold(NULL, 0),
		.status_fd = hold(NULL, 0),
	};

	*ret_text = NULL;
	if (check.keys_fd < 0 || check.signature_fd < 0 || check.text_fd < 0 ||
	    check.status_fd < 0)
		return failure_errno(failure, ENOMEM, "%s", name);
	return verify(&check, fingerprints, ret_signer, ret_text, failure);
}
