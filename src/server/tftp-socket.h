/* SPDX-License-Identifier: MIT */
/* The sockets of one transfer. */
#pragma once

#include <netinet/in.h>

#include "base/util.h"

/*
 * Two on the same new port of the address local: one connected to peer, and
 * one that gets what others send to that port. Both do not block.
 */
int tftp_socket_open(struct in_addr local, const struct sockaddr_in *peer,
		     int *ret_fd, int *ret_strangers_fd) _must_check;

/* Takes one packet of a stranger and answers it with ERROR 5 (RFC 1350
 * section 4), unless it is an ERROR itself. */
void tftp_socket_refuse(int strangers_fd);
