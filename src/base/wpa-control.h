/* SPDX-License-Identifier: MIT */
/*
 * The control sockets of wpa_supplicant: one for the program, one for each of
 * its interfaces. A request is one datagram of text, and so is its reply.
 */
#pragma once

#include "base/cleanup.h"
#include "base/util.h"

#define WPA_CONTROL_REPLY_MAX 8192 /* twice what it fills */

/* Returns a descriptor that is connected to the socket at path, or a negative
 * errno: -ENOENT or -ECONNREFUSED when nobody is there. */
int wpa_control_open(const char *path) _must_check;

/*
 * Sends the request and waits some seconds for its reply, which is
 * NUL-terminated in reply of size bytes; returns its length. -ETIMEDOUT.
 */
ssize_t wpa_control_ask(int fd, const char *request, char *reply, size_t size)
	_must_check;

/*
 * For a request that is answered by "OK" alone. -EREMOTEIO: it was refused.
 * What was formatted is wiped: it may be a secret.
 */
int wpa_control_order(int fd, const char *format, ...) _printf(2, 3)
	_must_check;
