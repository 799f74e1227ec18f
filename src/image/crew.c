/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. A stream blocks: in libcurl, in the pipe to its
 * unpacker. So a process is forked for each, with nothing shared but a page
 * in which it counts, asks for room, and leaves its result; its end is a
 * readable pidfd. Only this process has the store, so only it can make room:
 * a member writes down how much it wants and waits for that to be cleared.
 *
 * A member that is killed cannot end its unpacker, which dies of that a moment
 * later and may still be making a file. Who then removes what was made must not
 * race with it. So each member has a process group, which its unpacker shares,
 * and this process adopts what members leave behind: a member has ended when
 * nothing of its group is left.
 */
#include "image/crew.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"

#define MEMBERS_MAX    4 /* at once: of a registry and two cores enough */
#define TICK_MS	       250
#define ROOM_POLL_NS   (5 * NS_PER_MS)
#define EXIT_OF_FAILED 1

/* Between a member and the crew. */
struct shared {
	struct stream_counters counters;
	_Atomic uint64_t room_wanted; /* bytes; 0: nothing is asked */
	_Atomic uint64_t room_made;
	struct stream_result result;
	struct failure failure;
};

struct member {
	pid_t pid; /* 0: not started, or ended */
	int pid_fd;
	int turn_fd; /* our end: gives it its turn */
	bool ended;
};

struct run {
	const struct crew *crew;
	struct shared *shared; /* one a job */
	struct member *members;
	size_t next; /* to be started */
	size_t running;
	size_t turn; /* whose it is to write */
};

/* --- in the member --- */

static uint64_t ask_for_room(void *context, uint64_t bytes)
{
	static const struct timespec pause = { .tv_nsec = ROOM_POLL_NS };
	struct shared *shared = context;

	atomic_store(&shared->room_wanted, MAX(bytes, 1));
	/* Removing a large image takes its time; a crew that is gone takes us
	 * with it. */
	while (atomic_load(&shared->room_wanted) != 0)
		nanosleep(&pause, NULL);
	return atomic_load(&shared->room_made);
}

static int work(const struct crew *crew, size_t index, int turn_fd,
		struct shared *shared)
{
	struct stream stream = crew->jobs[index].stream;

	stream.tick = NULL;
	stream.make_room = crew->make_room ? ask_for_room : NULL;
	stream.context = shared;
	stream.counters = &shared->counters;
	stream.turn_fd = turn_fd;
	return stream_run(&stream, &shared->result, &shared->failure);
}

static _Noreturn void member_main(struct run *run, size_t index, pid_t parent,
				  int turn_fd)
{
	/* Who asks for the end asks the crew, which then ends us. The last is
	 * of a terminal to which only the group in front may write. */
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGTTOU };

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	(void)setpgid(0, 0);
	for (size_t i = 0; i < run->next; i++)
		fd_close(run->members[i].turn_fd);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_OF_FAILED);
	_exit(work(run->crew, index, turn_fd, &run->shared[index]) < 0
		      ? EXIT_OF_FAILED
		      : 0);
}

/* --- in the crew --- */

static void give_turn(struct run *run)
{
	struct member *member = &run->members[run->turn];

	if (run->turn < run->crew->count && member->turn_fd >= 0) {
		(void)!write(member->turn_fd, "", 1);
		member->turn_fd = fd_close(member->turn_fd);
	}
}

static int start_next(struct run *run, struct failure *failure)
{
	struct member *member = &run->members[run->next];
	_cleanup_fd int turn_fd = FD_NONE;
	pid_t parent = getpid();
	int ends[2];

	if (run->crew->in_turn) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return failure_errno(failure, errno,
					     "cannot start a layer");
		turn_fd = ends[0];
		member->turn_fd = ends[1];
	}
	member->pid = fork();
	if (member->pid == 0) {
		member->turn_fd = fd_close(member->turn_fd);
		member_main(run, run->next, parent, turn_fd);
	}
	if (member->pid > 0) {
		/* Both do, as neither knows who comes first. */
		(void)setpgid(member->pid, member->pid);
		member->pid_fd = pidfd_open(member->pid, 0);
	}
	if (member->pid_fd < 0)
		return failure_errno(failure, errno, "cannot start a layer");
	run->running++;
	if (run->next++ == run->turn)
		give_turn(run);
	return 0;
}

static void answer_for_room(struct run *run)
{
	for (size_t i = 0; i < run->next; i++) {
		struct shared *shared = &run->shared[i];
		uint64_t wanted = atomic_load(&shared->room_wanted);

		if (wanted == 0 || run->members[i].ended)
			continue;
		atomic_store(&shared->room_made,
			     run->crew->make_room(run->crew->context, wanted));
		atomic_store(&shared->room_wanted, 0);
	}
}

static struct progress sum_up(const struct run *run)
{
	struct progress sum = { 0 };

	for (size_t i = 0; i < run->crew->count; i++) {
		const struct stream_counters *c = &run->shared[i].counters;

		sum.fetched += atomic_load(&c->fetched);
		sum.unpacked += atomic_load(&c->unpacked);
		sum.entries += atomic_load(&c->entries);
	}
	return sum;
}

/* Nothing that the member started outlives this. */
static void end_group(struct member *member, siginfo_t *ret_info)
{
	pid_t group = member->pid;

	/* Not yet reaped, so that the number is still its own. */
	kill(group, SIGKILL);
	kill(-group, SIGKILL);
	if (waitid(P_PID, (id_t)group, ret_info, WEXITED) < 0)
		ret_info->si_code = 0;
	while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
		;
	member->pid = 0;
	member->pid_fd = fd_close(member->pid_fd);
	member->ended = true;
}

static int take_end(struct run *run, size_t index, struct failure *failure)
{
	struct member *member = &run->members[index];
	const struct shared *shared = &run->shared[index];
	siginfo_t info = { 0 };

	end_group(member, &info);
	run->running--;
	if (info.si_code == 0)
		return failure_set(failure, ECHILD, "a layer is lost");
	if (info.si_code != CLD_EXITED)
		return failure_set(
			failure, EIO,
			"%s: fetching it was ended by signal %d%s",
			run->crew->jobs[index].stream.source.name,
			info.si_status,
			info.si_status == SIGKILL ? ": out of memory?" : "");
	if (info.si_status != 0) {
		*failure = shared->failure;
		return failure->err > 0
			       ? -failure->err
			       : failure_set(failure, EIO, "a layer failed");
	}
	run->crew->jobs[index].result = shared->result;
	while (run->turn < run->next && run->members[run->turn].ended) {
		run->turn++;
		give_turn(run);
	}
	return 0;
}

/* Waits for the next thing to happen, a tick at most. */
static int wait_for_one(struct run *run, struct failure *failure)
{
	struct pollfd waits[MEMBERS_MAX];
	size_t indices[MEMBERS_MAX], count = 0;
	int r = 0;

	for (size_t i = 0; i < run->next; i++) {
		if (run->members[i].pid_fd < 0)
			continue;
		indices[count] = i;
		waits[count++] = (struct pollfd){ .fd = run->members[i].pid_fd,
						  .events = POLLIN };
	}
	if (poll(waits, count, TICK_MS) < 0)
		return 0; /* a signal; the tick knows */
	for (size_t i = 0; r == 0 && i < count; i++)
		if (waits[i].revents)
			r = take_end(run, indices[i], failure);
	return r;
}

static int tell(struct run *run, struct failure *failure)
{
	struct progress progress = sum_up(run);

	if (run->crew->tick &&
	    run->crew->tick(run->crew->context, &progress) < 0)
		return failure_set(failure, ECANCELED, "cancelled");
	return 0;
}

static int run_all(struct run *run, struct failure *failure)
{
	int r = 0;

	while (r == 0 && (run->running > 0 || run->next < run->crew->count)) {
		if (run->next < run->crew->count &&
		    run->running < MEMBERS_MAX) {
			r = start_next(run, failure);
			continue;
		}
		r = wait_for_one(run, failure);
		if (run->crew->make_room)
			answer_for_room(run);
		if (r == 0)
			r = tell(run, failure);
	}
	return r;
}

static void end_all(struct run *run)
{
	siginfo_t ignored;

	for (size_t i = 0; i < run->crew->count; i++) {
		struct member *member = &run->members[i];

		if (member->pid > 0)
			end_group(member, &ignored);
		fd_close(member->turn_fd);
	}
}

static int open_run(struct run *run, struct failure *failure)
{
	size_t count = run->crew->count;

	run->members = calloc(count, sizeof(*run->members));
	run->shared =
		mmap(NULL, count * sizeof(*run->shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run->shared == MAP_FAILED)
		run->shared = NULL;
	if (!run->members || !run->shared)
		return failure_errno(failure, ENOMEM, "cannot fetch layers");
	for (size_t i = 0; i < count; i++)
		run->members[i] = (struct member){ .pid_fd = FD_NONE,
						   .turn_fd = FD_NONE };
	return 0;
}

static void close_run(struct run *run)
{
	if (run->shared)
		munmap(run->shared, run->crew->count * sizeof(*run->shared));
	free(run->members);
}

int crew_run(const struct crew *crew, struct progress *ret_progress,
	     struct failure *failure)
{
	struct run run = { .crew = crew };
	int adopts = 0, r;

	if (crew->count == 0) {
		*ret_progress = (struct progress){ 0 };
		return 0;
	}
	r = open_run(&run, failure);
	if (r == 0) {
		(void)prctl(PR_GET_CHILD_SUBREAPER, &adopts);
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
		r = run_all(&run, failure);
		end_all(&run);
		(void)prctl(PR_SET_CHILD_SUBREAPER, adopts);
	}
	if (r == 0)
		*ret_progress = sum_up(&run);
	close_run(&run);
	return r;
}
