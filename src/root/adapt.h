/* SPDX-License-Identifier: MIT */
/*
 * What an image needs changed so that a person at the machine can log in to
 * it. All of it goes into the overlay's upper layer: the image stays as it
 * is.
 */
#pragma once

#include "base/failure.h"

struct adapt {
	const char *init;	   /* its path inside the root; "": no init,
				      nobody logs in */
	const char *serial;	   /* the target's serial console, "": none */
	const char *const *hidden; /* serial consoles that the bootstrap
				       keeps; NULL-terminated */
	const char *resolv_conf;   /* name servers, "": none known */
};

/*
 * systemd: a getty on the serial console and none on /dev/console (logind
 * takes that for a seat's VT 0 and refuses a session) nor on hidden ones.
 * inittab (sysvinit, busybox): a getty line for the serial console when none
 * names it. /etc/resolv.conf and /etc/hosts when they are missing or empty, or
 * were written by an earlier call.
 */
int adapt_image(int root_fd, const struct adapt *what, struct failure *failure)
	_must_check;
