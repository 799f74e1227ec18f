/* SPDX-License-Identifier: MIT */
#include "takeover/carry.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "takeover/carry-file.h"
#include "takeover/carry-internal.h"

#define HOSTS "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"

/* hostname(7): letters, digits, hyphens, and dots between the labels. */
static bool is_hostname(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.' &&
		    *c != '_')
			return false;
	return *name && *name != '-' && *name != '.';
}

static int find_hostname(const char *wanted, char *name, size_t size,
			 struct failure *failure)
{
	if (*wanted) {
		if (!str_copy(name, size, wanted) || !is_hostname(name))
			return failure_set(failure, EINVAL,
					   "--hostname %s: not a host name",
					   wanted);
		return 0;
	}
	if (gethostname(name, size) < 0)
		return failure_errno(failure, errno, "the host name");
	name[size - 1] = '\0';
	/* The kernel takes anything; a file of one line does not. */
	if (!is_hostname(name))
		name[0] = '\0';
	return 0;
}

/* Whether a line of hosts(5) has this name. */
static bool hosts_has(const char *hosts, const char *name)
{
	size_t name_len = strlen(name);
	bool first = true, comment = false;

	while (*hosts) {
		size_t len = strcspn(hosts, " \t\n");

		if (hosts[0] == '#')
			comment = true;
		if (!comment && !first && len == name_len &&
		    memcmp(hosts, name, len) == 0)
			return true;
		if (len > 0)
			first = false;
		hosts += len;
		if (*hosts == '\n')
			first = true, comment = false;
		hosts += *hosts != '\0';
	}
	return false;
}

/* So that programs that ask for their own name need no network: sudo waits
 * for that. */
static int carry_hosts(int root_fd, const char *name, struct failure *failure)
{
	static const struct carry_file file = { "/etc", "hosts", 0755, 0644 };
	_cleanup_free char *hosts = NULL, *room = NULL;
	struct text text;
	size_t size;

	if (carry_file_read(root_fd, "/etc/hosts", &hosts) < 0 ||
	    (hosts && hosts_has(hosts, name)))
		return 0;
	size = (hosts ? strlen(hosts) : sizeof(HOSTS)) + strlen(name) + 32;
	room = malloc(size);
	if (!room)
		return failure_errno(failure, ENOMEM, "/etc/hosts");
	text = text_over(room, size);
	text_put(&text, hosts && *hosts ? hosts : HOSTS);
	if (text.buf[text.len - 1] != '\n')
		text_put(&text, "\n");
	text_add(&text, "127.0.1.1\t%s\n", name);
	return carry_file_write(root_fd, &file, room, text.len, failure);
}

static int carry_hostname(int root_fd, const char *name,
			  struct failure *failure)
{
	static const struct carry_file file = { "/etc", "hostname", 0755,
						0644 };
	char line[80];
	int len = snprintf(line, sizeof(line), "%s\n", name);
	int r = carry_file_write(root_fd, &file, line, (size_t)len, failure);

	return r < 0 ? r : carry_hosts(root_fd, name, failure);
}

int carry_over(int root_fd, const struct carry *what,
	       struct carried *ret_carried, struct failure *failure)
{
	struct carried carried = { 0 };
	int r = find_hostname(what->hostname, carried.hostname,
			      sizeof(carried.hostname), failure);

	if (r == 0 && *carried.hostname)
		r = carry_hostname(root_fd, carried.hostname, failure);
	if (r == 0 && what->network && !what->bootstrap)
		r = carry_network(root_fd, failure);
	if (r == 0)
		r = carry_ssh(root_fd, what, &carried, failure);
	if (r == 0)
		*ret_carried = carried;
	return r;
}
