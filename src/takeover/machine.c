/* SPDX-License-Identifier: MIT */
/*
 * The way back to the disk, when something is wrong that nobody foresaw. Each
 * step is bounded, as the disk may be what is wrong:
 *
 *  1. sync, in a child. Should: lose nothing. Mustn't: be waited for without
 *     a limit; a child that hangs in the kernel is left behind.
 *  2. sysrq s and u: the kernel's own threads write and make all file systems
 *     read-only, also those that are mounted nowhere we can see.
 *  3. a child that in a while asks for sysrq b. Should: reset the machine when
 *     step 4 hangs in a driver's shutdown, which it may do for ever.
 *  4. reboot(2).
 */
#include "takeover/machine.h"

#include <fcntl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"

/* include/linux/proc_ns.h, PROC_PID_INIT_INO */
#define INITIAL_PID_NAMESPACE "pid:[4026531836]"

#define SYNC_LIMIT_MS	30000
#define SYSRQ_MS	2000 /* sysrq s and u happen in the background */
#define SHUTDOWN_MS	60000
#define PANIC_REBOOT_S	"10"
#define POLL_MS		50
#define SYSRQ_SYNC	"s"
#define SYSRQ_READ_ONLY "u"
#define SYSRQ_REBOOT	"b"

bool machine_is_ours(void)
{
	char name[32];
	ssize_t n = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);

	if (n < 0)
		return false;
	name[n] = '\0';
	return str_eq(name, INITIAL_PID_NAMESPACE);
}

void machine_reboot_on_panic(void)
{
	static const char panic[] = "/proc/sys/kernel/panic";
	char now[16];

	if (machine_is_ours() &&
	    file_read_line(AT_FDCWD, panic, now, sizeof(now)) > 0 &&
	    str_eq(now, "0"))
		(void)!file_write(AT_FDCWD, panic, PANIC_REBOOT_S);
}

static void pause_ms(int64_t ms)
{
	struct timespec left = { .tv_sec = ms / MS_PER_S,
				 .tv_nsec = ms % MS_PER_S * NS_PER_MS };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
}

static void sysrq(const char *key)
{
	if (machine_is_ours())
		(void)!file_write(AT_FDCWD, "/proc/sysrq-trigger", key);
}

int machine_sync(int64_t limit_ms)
{
	int64_t deadline = clock_ms() + limit_ms;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		sync();
		_exit(0);
	}
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (clock_ms() >= deadline)
			return -ETIMEDOUT;
		pause_ms(POLL_MS);
	}
	return 0;
}

static void reset_in_a_while(void)
{
	if (fork() != 0)
		return;
	pause_ms(SHUTDOWN_MS);
	sysrq(SYSRQ_REBOOT);
	_exit(0);
}

void machine_end(int how)
{
	bool ours = machine_is_ours();

	(void)!machine_sync(SYNC_LIMIT_MS);
	if (ours) {
		sysrq(SYSRQ_SYNC);
		sysrq(SYSRQ_READ_ONLY);
		pause_ms(SYSRQ_MS);
		reset_in_a_while();
	}
	(void)reboot(how);
	/* There may be nothing loaded to be executed (RB_KEXEC). */
	(void)reboot(RB_AUTOBOOT);
	for (;;) {
		sysrq(SYSRQ_REBOOT);
		pause_ms(MS_PER_S);
	}
}

void machine_reboot(void)
{
	machine_end(RB_AUTOBOOT);
}
