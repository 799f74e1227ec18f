/* SPDX-License-Identifier: MIT */
#include "initramfs/ssh.h"

#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/ssh-keys.h"
#include "base/text.h"
#include "initramfs/program.h"

static const char config[] = "HostKey /etc/ssh/ssh_host_ed25519_key\n"
			     "PermitRootLogin prohibit-password\n"
			     "PasswordAuthentication no\n"
			     "KbdInteractiveAuthentication no\n"
			     "AuthenticationMethods publickey\n"
			     "UsePAM no\n"
			     "UseDNS no\n"
			     "PrintMotd no\n"
			     "Subsystem sftp internal-sftp\n";

/* Where distributions keep the halves that newer servers start by
 * themselves, at paths compiled into sshd. */
static const char *const helpers[] = {
	"/usr/lib/openssh/sftp-server",	     "/usr/lib/openssh/sshd-session",
	"/usr/lib/openssh/sshd-auth",	     "/usr/libexec/openssh/sftp-server",
	"/usr/libexec/openssh/sshd-session", "/usr/libexec/openssh/sshd-auth",
};

static void add_authorized_keys(struct manifest *m, const char *const *keys,
				size_t count)
{
	_cleanup_free char *room = malloc(SSH_KEYS_MAX);
	struct failure failure = { 0 };
	struct text all;

	if (room) {
		all = text_over(room, SSH_KEYS_MAX);
		(void)!ssh_keys_given(&all, keys, count, &failure);
	} else {
		failure_errno(&failure, ENOMEM, "--ssh-key");
	}
	if (failure.err) {
		manifest_fail(m, &failure);
		return;
	}
	manifest_directory(m, "/root/.ssh", 0700);
	manifest_text(m, "/root/.ssh/authorized_keys", 0600, room);
}

static int make_host_key(const char *host_key, struct failure *failure)
{
	char keygen[PATH_MAX];
	const char *const argv[] = { keygen, "-q",     "-t", "ed25519",
				     "-N",   "",       "-C", "boomerang",
				     "-f",   host_key, NULL };

	if (access(host_key, F_OK) == 0)
		return 0;
	if (host_find_program("ssh-keygen", keygen) < 0)
		return failure_set(failure, ENOENT,
				   "ssh-keygen is not installed; install "
				   "openssh-client");
	return host_run(argv, failure);
}

void ssh_add(struct manifest *m, const char *const *keys, size_t count,
	     const char *host_key)
{
	char sshd[PATH_MAX];
	struct failure failure;
	int r;

	if (count == 0)
		return;
	add_authorized_keys(m, keys, count);
	if (manifest_failed(m))
		return;
	r = make_host_key(host_key, &failure);
	if (r == 0 && host_find_program("sshd", sshd) < 0)
		r = failure_set(&failure, ENOENT,
				"sshd is not installed; install "
				"openssh-server");
	if (r < 0) {
		manifest_fail(m, &failure);
		return;
	}
	program_add(m, "/usr/sbin/sshd", sshd);
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		if (access(helpers[i], X_OK) == 0)
			program_add(m, helpers[i], helpers[i]);
	manifest_file(m, "/etc/ssh/ssh_host_ed25519_key", 0600, host_key);
	manifest_text(m, "/etc/ssh/sshd_config", 0644, config);
}
