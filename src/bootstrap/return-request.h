/* SPDX-License-Identifier: MIT */
#pragma once

/* What /.bootstrap-return does in a target: asks over the control socket and
 * says what is wrong when it cannot. Returns the exit status. */
int return_request(void);
