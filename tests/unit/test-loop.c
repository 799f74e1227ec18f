/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"

#include <sys/eventfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "tap.h"

static struct loop loop;

/* Two sources ready in one batch; the first to be called removes the other. */

static struct source pair[2];
static int calls;

static void remove_other(struct source *source, _unused uint32_t events)
{
	calls++;
	loop_remove(&loop, source == &pair[0] ? &pair[1] : &pair[0]);
}

static void test_removal(void)
{
	for (int i = 0; i < 2; i++) {
		pair[i].fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
		pair[i].ready = remove_other;
		ok_int(loop_add(&loop, &pair[i], EPOLLIN), 0, "a source");
	}
	ok_int(loop_turn(&loop, 1000), 0, "a turn");
	ok_int(calls, 1, "a removed source is not called in its batch");
	for (int i = 0; i < 2; i++) {
		loop_remove(&loop, &pair[i]);
		pair[i].fd = fd_close(pair[i].fd);
	}
}

static void stay_ready(_unused struct source *source, _unused uint32_t events)
{
}

static char order[8];

#define TIMER(name)                                            \
	static void expire_##name(_unused struct timer *timer) \
	{                                                      \
		order[strlen(order)] = #name[0];               \
	}                                                      \
	static struct timer timer_##name = { .expired = expire_##name }

TIMER(a);
TIMER(b);
TIMER(c);

static void test_timers(void)
{
	loop_timer(&loop, &timer_c, 30);
	loop_timer(&loop, &timer_a, 50);
	loop_timer(&loop, &timer_b, 20);
	loop_timer(&loop, &timer_a, 5); /* armed anew */
	for (int i = 0; i < 100 && strlen(order) < 3; i++)
		ok(loop_turn(&loop, -1) == 0, "a turn");
	ok_str(order, "abc", "timers expire in their order");
	loop_timer(&loop, &timer_a, 1);
	loop_timer_off(&loop, &timer_a);
	ok_int(loop_turn(&loop, 20), 0, "a turn");
	ok_str(order, "abc", "one that was turned off does not");
}

/* What a timer that was turned off leaves behind does not stop later ones,
 * and sources that are always ready do not, either. */
static void test_timer_after_removed(void)
{
	struct source busy = { .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK),
			       .ready = stay_ready };
	bool good = loop_add(&loop, &busy, EPOLLIN) == 0;

	order[0] = order[1] = '\0';
	loop_timer(&loop, &timer_a, 5);
	loop_timer(&loop, &timer_b, 20);
	loop_timer_off(&loop, &timer_a);
	while (good && order[0] == '\0')
		good = loop_turn(&loop, -1) == 0;
	ok_str(order, "b", "a timer behind one that was turned off expires");
	loop_remove(&loop, &busy);
	fd_close(busy.fd);
}

static int watched_status = -1, orphans;

static void child_exited(_unused struct child *child, int wait_status)
{
	watched_status = wait_status;
}

static void orphan_exited(_unused struct loop *of, _unused pid_t pid,
			  _unused int wait_status)
{
	orphans++;
}

static pid_t fork_exit(int status)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(status);
	return pid;
}

static void test_children(void)
{
	struct child child = { .exited = child_exited };

	loop.orphan = orphan_exited;
	child.pid = fork_exit(7);
	loop_watch(&loop, &child);
	(void)fork_exit(0);
	for (int i = 0; i < 100 && (watched_status < 0 || orphans < 1); i++)
		ok(loop_turn(&loop, 1000) == 0, "a turn");
	ok(WIFEXITED(watched_status) && WEXITSTATUS(watched_status) == 7,
	   "a watched child's status");
	ok_int(orphans, 1, "one that nobody watches");
	ok(!loop.children, "nobody is watched any more");
}

int main(void)
{
	sigset_t none;

	sigemptyset(&none);
	if (!ok(loop_init(&loop, &none, NULL) == 0, "a loop"))
		return tap_done();
	test_removal();
	test_timers();
	test_timer_after_removed();
	test_children();
	loop_done(&loop);
	return tap_done();
}
