/* SPDX-License-Identifier: MIT */
#include "initramfs/ssh.h"

#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/spawn.h"
#include "base/ssh-keys.h"
#include "base/text.h"
#include "initramfs/program.h"
#include "initramfs/system.h"
#include "initramfs/tools.h"
#include "wire/ssh.h"

static const char config[] =
	"HostKey " SSH_HOST_KEY "\n"
	"AuthorizedKeysFile " SSH_BUILT_KEYS " " SSH_TOLD_KEYS "\n"
	"AllowUsers root\n"
	"PermitRootLogin prohibit-password\n"
	"PasswordAuthentication no\n"
	"KbdInteractiveAuthentication no\n"
	"AuthenticationMethods publickey\n"
	"UsePAM no\n"
	"UseDNS no\n"
	"PrintMotd no\n"
	"PrintLastLog no\n"
	/* Of a machine that is rebooted nobody hears. */
	"ClientAliveInterval 30\n"
	"SetEnv LANG=C.UTF-8\n"
	/* Root's shell is the prompt, which a subsystem shall not need. */
	"Subsystem sftp internal-sftp\n";

/* Where distributions keep the halves that newer servers start by
 * themselves, at paths compiled into sshd. */
static const char *const helpers[] = {
	"/usr/lib/openssh/sshd-session",
	"/usr/lib/openssh/sshd-auth",
	"/usr/libexec/openssh/sshd-session",
	"/usr/libexec/openssh/sshd-auth",
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
	manifest_text(m, SSH_BUILT_KEYS, 0600, room);
}

static int find_keygen(char keygen[static PATH_MAX], struct failure *failure)
{
	if (host_find_program("ssh-keygen", keygen) == 0)
		return 0;
	return failure_set(failure, ENOENT,
			   "ssh-keygen is not installed; install "
			   "openssh-client");
}

static int make_host_key(const char *host_key, struct failure *failure)
{
	char keygen[PATH_MAX];
	const char *const argv[] = { keygen, "-q",     "-t", "ed25519",
				     "-N",   "",       "-C", "boomerang",
				     "-f",   host_key, NULL };
	int r;

	if (access(host_key, F_OK) == 0)
		return 0;
	r = find_keygen(keygen, failure);
	return r < 0 ? r : host_run(argv, failure);
}

/* sshd would refuse it without anybody seeing why. */
static int check_host_key(const char *host_key, struct failure *failure)
{
	char keygen[PATH_MAX];
	const char *const argv[] = { keygen, "-y",     "-P", "",
				     "-f",   host_key, NULL };
	/* What it says takes ten lines. */
	const struct spawn show = { .argv = argv,
				    .fd = { FD_NONE, FD_NONE, FD_NONE },
				    .extra_fd = FD_NONE };
	int r = find_keygen(keygen, failure);

	if (r < 0)
		return r;
	if (access(host_key, R_OK) < 0)
		return failure_errno(failure, errno, "--host-key %s", host_key);
	r = spawn_wait(&show, failure);
	if (r > 0)
		return failure_set(failure, EINVAL,
				   "--host-key %s: not a private key without "
				   "a passphrase that only its owner can read",
				   host_key);
	return r;
}

static int add_host_key(struct manifest *m, const struct ssh_options *options,
			struct failure *failure)
{
	const char *host_key = options->host_key;
	int r;

	if (host_key) {
		r = check_host_key(host_key, failure);
	} else if (options->key_count > 0) {
		host_key = options->made_key;
		r = make_host_key(host_key, failure);
	} else {
		return 0;
	}
	if (r == 0)
		manifest_file(m, SSH_HOST_KEY, 0600, host_key);
	return r;
}

void ssh_add(struct manifest *m, const struct ssh_options *options)
{
	char helper[PATH_MAX];
	struct failure failure;

	if (options->key_count > 0)
		add_authorized_keys(m, options->keys, options->key_count);
	if (manifest_failed(m))
		return;
	if (add_host_key(m, options, &failure) < 0) {
		manifest_fail(m, &failure);
		return;
	}
	tools_add(m, "sshd");
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		if (system_find(m, helpers[i], helper))
			program_add(m, helpers[i], helper);
	manifest_text(m, SSH_CONFIG, 0644, config);
}
