/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "takeover/storage-internal.h"

#include "tap.h"

static int answer(const void *what)
{
	return *(const int *)what;
}

static int hang(_unused const void *what)
{
	for (;;)
		(void)pause();
	return 0;
}

static int die(_unused const void *what)
{
	(void)raise(SIGKILL);
	return 0;
}

int main(void)
{
	int64_t begin = clock_ms();

	ok_int(storage_in_child(answer, &(int){ 0 }), 0, "work succeeds");
	ok_int(storage_in_child(answer, &(int){ -EBUSY }), -EBUSY,
	       "it fails, and says why");
	ok_int(storage_in_child(die, NULL), -EINTR, "it dies");
	ok(clock_ms() - begin < 3000, "none of them is waited for");
	ok_int(storage_in_child(hang, NULL), -ETIMEDOUT,
	       "one that never ends is left");
	ok(clock_ms() - begin < 15000, "in time");
	return tap_done();
}
