/* SPDX-License-Identifier: MIT */
/*
 * Name servers. Those that run on this machine are gone with it, so what is
 * carried are the ones behind them. An image with systemd-resolved is told in
 * that one's own configuration, and keeps its link to what that will write;
 * every other gets a file, for a link that hangs or leads to no name server
 * would leave it without.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "takeover/carry-file.h"
#include "takeover/carry-internal.h"
#include "takeover/network-cmdline.h"

#define SERVER_MAX 64
#define RESOLV_MAX 4096

/* The lines of resolv.conf that have a meaning elsewhere, too. Returns how
 * many name servers are among them. */
static int keep_lines(const char *from, struct text *text)
{
	static const char *const words[] = { "search ", "domain ", "options " };
	char server[SERVER_MAX];
	int servers = 0;

	while (*from) {
		size_t len = strcspn(from, "\n");
		bool keep = false;

		if (name_server_in(from, len, server, sizeof(server))) {
			keep = name_server_is_elsewhere(server);
			servers += keep;
		}
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			keep = keep || str_after(from, words[i]);
		if (keep)
			text_add(text, "%.*s\n", (int)len, from);
		from += len + (from[len] == '\n');
	}
	return servers;
}

void carry_resolv_conf(char *buf, size_t size)
{
	static const char *const files[] = {
		"/etc/resolv.conf",
		"/run/systemd/resolve/resolv.conf",
		"/run/NetworkManager/no-stub-resolv.conf",
		"/run/NetworkManager/resolv.conf",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free char *text = NULL;
		struct text kept = text_over(buf, size);

		if (carry_host_read(files[i], &text) == 0 && text &&
		    keep_lines(text, &kept) > 0)
			return;
	}
	buf[0] = '\0';
}

static bool has_resolved(int root_fd)
{
	return carry_file_exists(root_fd,
				 "/usr/lib/systemd/systemd-resolved") ||
	       carry_file_exists(root_fd, "/lib/systemd/systemd-resolved");
}

static bool is_link(int root_fd, const char *name)
{
	_cleanup_fd int etc =
		path_open_in_root(root_fd, "/etc", O_PATH | O_DIRECTORY, 0);
	struct stat st;

	return etc >= 0 && fstatat(etc, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISLNK(st.st_mode);
}

/* resolved.conf(5) */
static int tell_resolved(int root_fd, const char *resolv_conf,
			 struct failure *failure)
{
	static const struct carry_file file = { "/etc/systemd/resolved.conf.d",
						"boomerang.conf", 0755, 0644 };
	char room[RESOLV_MAX], server[SERVER_MAX];
	struct text text = text_over(room, sizeof(room));

	text_put(&text, "# The name servers of the system before this one.\n"
			"[Resolve]\n");
	while (*resolv_conf) {
		size_t len = strcspn(resolv_conf, "\n");
		const char *domains = str_after(resolv_conf, "search ");

		if (name_server_in(resolv_conf, len, server, sizeof(server)))
			text_add(&text, "DNS=%s\n", server);
		else if (domains)
			text_add(&text, "Domains=%.*s\n",
				 (int)(resolv_conf + len - domains), domains);
		resolv_conf += len + (resolv_conf[len] == '\n');
	}
	return carry_file_write(root_fd, &file, room, text.len, failure);
}

/* Whether the image's own leads to a name server. */
static bool has_name_server(int root_fd)
{
	_cleanup_free char *text = NULL;
	char room[RESOLV_MAX];
	struct text kept = text_over(room, sizeof(room));

	return carry_file_read(root_fd, "/etc/resolv.conf", &text) == 0 &&
	       text && keep_lines(text, &kept) > 0;
}

int carry_network(int root_fd, struct failure *failure)
{
	static const struct carry_file file = { "/etc", "resolv.conf", 0755,
						0644 };
	char resolv_conf[RESOLV_MAX];

	carry_resolv_conf(resolv_conf, sizeof(resolv_conf));
	if (!*resolv_conf)
		return 0;
	if (is_link(root_fd, "resolv.conf")) {
		if (has_resolved(root_fd))
			return tell_resolved(root_fd, resolv_conf, failure);
		if (has_name_server(root_fd))
			return 0;
	}
	return carry_file_write(root_fd, &file, resolv_conf,
				strlen(resolv_conf), failure);
}
