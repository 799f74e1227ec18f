/* SPDX-License-Identifier: MIT */
/*
 * The kernel lists sockets with their inode number (proc(5), /proc/net/udp),
 * and processes with links to the inodes they have open.
 */
#include "server/port-owner.h"

#include <fcntl.h>
#include <inttypes.h>

#include "base/fd.h"
#include "base/text.h"

#define TCP_LISTEN 10 /* include/net/tcp_states.h */

/* The inode of the socket bound to port in one of the lists, 0: none. */
static uint64_t find_inode(const char *list, bool tcp, uint16_t port)
{
	_cleanup_file FILE *file = fopen(list, "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned int local, state;
		uint64_t inode;

		/* sl local:port remote:port state queues timer retransmits uid
		 * timeout inode */
		if (sscanf(line,
			   " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s "
			   "%*u %*u %" SCNu64,
			   &local, &state, &inode) == 3 &&
		    local == port && (!tcp || state == TCP_LISTEN))
			return inode;
	}
	return 0;
}

static bool has_open(int proc_fd, const char *pid, const char *link)
{
	char path[32], target[64];
	_cleanup_dir DIR *dir = NULL;
	int fd;

	(void)snprintf(path, sizeof(path), "%.10s/fd", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return false;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target,
				       sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = '\0';
		if (str_eq(target, link))
			return true;
	}
	return false;
}

static int find_process(uint64_t inode, char ret_owner[static PORT_OWNER_MAX])
{
	_cleanup_dir DIR *proc = opendir("/proc");
	struct text text = text_over(ret_owner, PORT_OWNER_MAX);
	char link[64], path[32], name[32];

	(void)snprintf(link, sizeof(link), "socket:[%" PRIu64 "]", inode);
	for (struct dirent *entry; proc && (entry = readdir(proc));) {
		const char *pid = entry->d_name;

		if (pid[0] < '1' || pid[0] > '9' ||
		    !has_open(dirfd(proc), pid, link))
			continue;
		(void)snprintf(path, sizeof(path), "%.10s/comm", pid);
		if (file_read_line(dirfd(proc), path, name, sizeof(name)) <= 0)
			(void)str_copy(name, sizeof(name), "a program");
		text_add(&text, "%s (PID %s)", name, pid);
		return 0;
	}
	return -ENOENT;
}

int port_owner_find(bool tcp, uint16_t port,
		    char ret_owner[static PORT_OWNER_MAX])
{
	static const char *const lists[2][2] = {
		{ "/proc/net/udp", "/proc/net/udp6" },
		{ "/proc/net/tcp", "/proc/net/tcp6" },
	};

	for (size_t i = 0; i < 2; i++) {
		uint64_t inode = find_inode(lists[tcp][i], tcp, port);

		if (inode)
			return find_process(inode, ret_owner);
	}
	return -ENOENT;
}
