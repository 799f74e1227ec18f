/* SPDX-License-Identifier: MIT */
#include "image/crew.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "image/stream-file.h"
#include "tap.h"

#define COUNT 6 /* more than run at once */

static char top[] = "/tmp/boomerang-test-XXXXXX";
static struct crew_job jobs[COUNT];
static struct room room;
static struct failure failure;
static int dir_fd, ticks;

/* --- helpers --- */

/* One file in ustar's form (POSIX pax, "ustar Interchange Format"). */
static void add(int fd, const char *name, const char *content)
{
	char block[512] = { 0 };
	unsigned int sum = 0;

	snprintf(block, 100, "%s", name);
	snprintf(block + 100, 8, "%07o", 0644);
	snprintf(block + 108, 8, "%07o", 0);
	snprintf(block + 116, 8, "%07o", 0);
	snprintf(block + 124, 12, "%011o",
		 (unsigned int)strlen(content) & 0777);
	snprintf(block + 136, 12, "%011o", 0);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(block); i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
	if (fd_write_all(fd, block, sizeof(block)) < 0)
		abort();
	memset(block, 0, sizeof(block));
	memcpy(block, content, strlen(content));
	if (fd_write_all(fd, block, sizeof(block)) < 0)
		abort();
}

/* A tar whose file "last" says its number; a descriptor of it. */
static int make_tar(size_t number)
{
	static const char blocks[1024];
	int fd = memfd_create("tar", MFD_CLOEXEC);
	char name[16], content[16];

	snprintf(name, sizeof(name), "file-%zu", number);
	snprintf(content, sizeof(content), "%zu", number);
	add(fd, name, content);
	add(fd, "last", content);
	if (fd_write_all(fd, blocks, sizeof(blocks)) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static void begin(void)
{
	if (path_remove_tree(dir_fd, STREAM_TREE) < 0)
		abort();
	ticks = 0;
	failure = (struct failure){ 0 };
	for (size_t i = 0; i < COUNT; i++)
		jobs[i].stream = (struct stream){
			.source = { .kind = FETCH_FD,
				    .name = "layer",
				    .fd = make_tar(i) },
			.dir_fd = dir_fd,
			.mode = UNPACK_APPLY,
			.lowest = i == 0,
			.room = &room,
		};
}

static void end(void)
{
	for (size_t i = 0; i < COUNT; i++)
		fd_close(jobs[i].stream.source.fd);
	/* Whatever a member left behind was adopted. */
	ok(waitpid(-1, NULL, 0) < 0 && errno == ECHILD,
	   "no process is left of it");
}

/* One that never says anything: the other end stays here. */
static int never(size_t index)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	dup3(ends[0], jobs[index].stream.source.fd, O_CLOEXEC);
	close(ends[0]);
	return ends[1];
}

static int run(struct crew crew)
{
	struct progress progress;

	crew.jobs = jobs;
	crew.count = COUNT;
	crew.in_turn = true;
	return crew_run(&crew, &progress, &failure);
}

/* --- tests --- */

static void test_order(void)
{
	char content[16] = "";

	begin();
	ok_int(run((struct crew){ 0 }), 0, "all of them");
	if (failure.err)
		printf("# %s\n", failure.text);
	ok(file_read_line(dir_fd, STREAM_TREE "/last", content,
			  sizeof(content)) > 0,
	   "there is what they all made");
	ok_str(content, "5", "the last one counts");
	ok(faccessat(dir_fd, STREAM_TREE "/file-0", F_OK, 0) == 0 &&
		   faccessat(dir_fd, STREAM_TREE "/file-4", F_OK, 0) == 0,
	   "of the others, too");
	ok_int((int64_t)jobs[5].result.entries, 2, "each has its result");
	end();
}

static void test_failure(void)
{
	int writer;

	begin();
	writer = never(0);
	if (ftruncate(jobs[2].stream.source.fd, 0) < 0 ||
	    pwrite(jobs[2].stream.source.fd, "nonsense", 8, 0) < 0)
		abort();
	ok_int(run((struct crew){ 0 }), -EBADMSG,
	       "one that fails ends one that waits");
	ok(strstr(failure.text, "layer: "), "and is told");
	close(writer);
	end();
}

static int cancel(void *context _unused,
		  const struct progress *progress _unused)
{
	return ++ticks < 3 ? 0 : -ECANCELED;
}

static void test_cancelled(void)
{
	int writer;

	begin();
	writer = never(0);
	ok_int(run((struct crew){ .tick = cancel }), -ECANCELED,
	       "cancelled while the first waits");
	close(writer);
	end();
}

/* The first of them. */
static pid_t child_of(pid_t pid)
{
	char path[64], line[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	if (file_read_line(AT_FDCWD, path, line, sizeof(line)) <= 0)
		return 0;
	return (pid_t)strtol(line, NULL, 10);
}

static int kill_first(void *context _unused,
		      const struct progress *progress _unused)
{
	pid_t pid = child_of(getpid());

	if (ticks++ == 0 && pid > 0)
		kill(pid, SIGKILL);
	return ticks < 40 ? 0 : -ETIMEDOUT;
}

static void test_killed(void)
{
	int writer;

	begin();
	writer = never(0);
	ok_int(run((struct crew){ .tick = kill_first }), -EIO,
	       "a member is killed");
	ok(strstr(failure.text, "signal 9"), "which is told");
	close(writer);
	end();
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(top) ||
	    (dir_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    room_open(&room, dir_fd, &failure) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return 1;
	test_order();
	test_failure();
	test_cancelled();
	test_killed();
	room_close(&room);
	ok_int(path_remove_tree(AT_FDCWD, top), 0, "cleans up");
	return tap_done();
}
