/* SPDX-License-Identifier: MIT */
/* Sending what a window has to send, in one system call. */
#pragma once

#include <netinet/in.h>

#include "server/tftp-window.h"

struct tftp_path {
	int fd;
	bool segments; /* the kernel cuts a window into packets for us */
};

/*
 * Prepares fd (connected) for windows of this shape. Not being able to have
 * the kernel cut them is no error.
 */
void tftp_path_init(struct tftp_path *path, int fd,
		    const struct tftp_window *window);

/*
 * Sends tftp_window_next() .. tftp_window_last() of the file at bytes, and
 * counts them as sent: what a full queue or an absent route drops is lost like
 * what the network drops, and sent again when its time is over. -EFAULT: the
 * file cannot be read there (any more).
 */
int tftp_path_send(struct tftp_path *path, struct tftp_window *window,
		   const char *bytes) _must_check;
