/* SPDX-License-Identifier: MIT */
/* Where things of SSH are in the bootstrap: between the builder, PID 1 and
 * boomerang itself. */
#pragma once

/* Root's shell: the program boomerang, which knows by this name that it is
 * to be the prompt. */
#define SSH_SHELL_NAME "boomerang-login"
#define SSH_SHELL      "/usr/bin/" SSH_SHELL_NAME

#define SSH_SERVER   "/usr/sbin/sshd"
#define SSH_KEYGEN   "/usr/bin/ssh-keygen"
#define SSH_CONFIG   "/etc/ssh/sshd_config"
#define SSH_HOST_KEY "/etc/ssh/ssh_host_ed25519_key"

/* Who may log in: those that the bootstrap was built with, and those that the
 * kernel command line names, in the form of authorized_keys. */
#define SSH_DIR	       "/run/boomerang/ssh"
#define SSH_BUILT_KEYS "/root/.ssh/authorized_keys"
#define SSH_TOLD_KEYS  SSH_DIR "/authorized_keys"

/* The word of the command line; its value is a key or a URL of some. */
#define SSH_WORD "ssh_key"
