/* SPDX-License-Identifier: MIT */
/*
 * A name from the network is first brought into one form (fold()), then its
 * first word chooses a row of the table below, and the row's function says
 * what stands behind the rest. Only names_open() opens what is handed out, and
 * confined: no name and no symlink leads out of a directory that was given to
 * be served.
 */
#include "server/names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/text.h"

/* The longest name that can be one: a token and what stands around it. */
#define NAME_MAX_LEN (SIGNER_TOKEN_MAX + 512)

/* One slash between words, none at the ends. -EINVAL: "." or "..". */
static int fold(const char *path, char *buf, size_t size)
{
	struct text text = text_over(buf, size);

	for (;;) {
		size_t len;

		path += strspn(path, "/\\");
		len = strcspn(path, "/\\");
		if (len == 0)
			return text.cut ? -ENAMETOOLONG : 0;
		if ((len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return -EINVAL;
		text_add(&text, "%s%.*s", text.len > 0 ? "/" : "", (int)len,
			 path);
		path += len;
	}
}

/* An address as the first len bytes of text. */
static bool mac_of(const char *text, size_t len, struct name *name)
{
	char buf[MAC_TEXT_MAX];

	if (len != MAC_TEXT_MAX - 1)
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	name->has_mac = mac_parse(buf, &name->mac) == 0;
	return name->has_mac;
}

static const char *last_word(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void set_file(struct name *name, int dir_fd, bool confined,
		     const char *place)
{
	name->dir_fd = dir_fd;
	name->confined = confined;
	if (str_copy(name->place, sizeof(name->place), place))
		name->kind = NAME_FILE;
}

static bool is_in(int root_fd, const char *path)
{
	_cleanup_fd int fd = FD_NONE;

	if (root_fd < 0)
		return false;
	fd = path_open_in_root(root_fd, path, O_PATH, 0);
	return fd >= 0;
}

/* A configuration of GRUB, under whatever prefix it was built with. */
static bool resolve_grub(const char *path, struct name *name)
{
	const char *word = last_word(path);
	const char *mac = str_after(word, "grub.cfg-01-");

	name->role = ROLE_SCRIPT;
	if (str_eq(word, "grub.cfg")) {
		name->kind = name->has_mac ? NAME_GRUB_SCRIPT : NAME_GRUB_START;
		return true;
	}
	if (mac && mac_of(mac, strlen(mac), name)) {
		name->kind = NAME_GRUB_SCRIPT;
		return true;
	}
	name->role = ROLE_OTHER;
	return false;
}

/* Any name that no row of the table knows. */
static void resolve_other(const struct names *names, const char *path,
			  struct name *name)
{
	int dir;

	if (*path == '\0' || str_eq(last_word(path), "autoexec.ipxe") ||
	    resolve_grub(path, name))
		return;
	dir = strchr(path, '/') ? -ENOENT : loaders_find(names->loaders, path);
	if (dir >= 0) {
		name->role = ROLE_LOADER;
		set_file(name, names->loaders->dirs[dir].fd,
			 names->loaders->dirs[dir].confined, path);
	} else if (is_in(names->tftp_root_fd, path)) {
		set_file(name, names->tftp_root_fd, true, path);
	} else if (names->dir_fd >= 0) {
		set_file(name, names->dir_fd, true, path);
	}
}

/* MAC/FILE */
static void resolve_loader(const struct names *names, const char *path,
			   struct name *name)
{
	size_t len = strcspn(path, "/");

	if (path[len] == '/' && mac_of(path, len, name))
		resolve_other(names, path + len + 1, name);
}

/* MAC.ipxe, MAC.cfg */
static bool resolve_text(const char *path, const char *ending,
			 enum name_kind kind, struct name *name)
{
	size_t len = strlen(path), end = strlen(ending);

	if (len < end || !str_eq(path + len - end, ending) ||
	    !mac_of(path, len - end, name))
		return false;
	name->kind = kind;
	name->role = ROLE_SCRIPT;
	return true;
}

static void resolve_script(_unused const struct names *names, const char *path,
			   struct name *name)
{
	(void)resolve_text(path, ".ipxe", NAME_IPXE_SCRIPT, name);
}

static void resolve_grub_dir(const struct names *names, const char *path,
			     struct name *name)
{
	if (!resolve_text(path, ".cfg", NAME_GRUB_SCRIPT, name))
		resolve_other(names, path - strlen("grub/"), name);
}

/* TOKEN/NAME */
static void resolve_sealed(const struct names *names, const char *path,
			   struct name *name)
{
	char sealed[SIGNER_PLACE_MAX];
	const char *place = sealed, *rest;

	if (signer_open(names->signer, path, strcspn(path, "/"), &name->mac,
			sealed) < 0)
		return;
	name->has_mac = true;
	name->role = ROLE_KERNEL;
	rest = str_after(place, "file://");
	if (rest)
		place = rest;
	if (*place == '/') {
		set_file(name, AT_FDCWD, false, place);
	} else if (str_after(place, "./") && names->dir_fd >= 0) {
		set_file(name, names->dir_fd, true, place + 2);
	} else if (str_after(place, "http://") ||
		   str_after(place, "https://")) {
		name->kind = NAME_UPSTREAM;
		(void)str_copy(name->place, sizeof(name->place), place);
	}
}

static const struct {
	const char *first; /* with its slash */
	void (*resolve)(const struct names *names, const char *path,
			struct name *name);
} rows[] = {
	{ "file/", resolve_sealed },   { "loader/", resolve_loader },
	{ "script/", resolve_script }, { "grub/", resolve_grub_dir },
	{ "", resolve_other },
};

void names_resolve(const struct names *names, const char *path,
		   struct name *ret_name)
{
	char folded[NAME_MAX_LEN];
	const char *rest = NULL;
	size_t i = 0;

	ret_name->kind = NAME_ABSENT;
	ret_name->role = ROLE_OTHER;
	ret_name->has_mac = false;
	ret_name->dir_fd = FD_NONE;
	ret_name->confined = true;
	ret_name->place[0] = '\0';
	if (fold(path, folded, sizeof(folded)) < 0)
		return;
	while (!(rest = str_after(folded, rows[i].first)))
		i++;
	rows[i].resolve(names, rest, ret_name);
}

int names_open(const struct name *name, uint64_t *ret_size, int64_t *ret_mtime)
{
	/* Not blocking, as it could be a FIFO; regular files do not care. */
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	_cleanup_fd int fd = FD_NONE;
	struct stat st;

	if (name->confined)
		fd = path_open_in_root(name->dir_fd, name->place, flags, 0);
	else
		fd = openat(name->dir_fd, name->place, flags | O_CLOEXEC);
	if (fd < 0)
		return name->confined ? fd : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	/* What a directory holds beside what is to be served, such as the
	 * bootstrap's SSH host key, is not for everybody. */
	if (name->confined && name->role != ROLE_KERNEL &&
	    !(st.st_mode & S_IROTH))
		return -EACCES;
	*ret_size = (uint64_t)st.st_size;
	*ret_mtime = st.st_mtim.tv_sec;
	return TAKE_FD(fd);
}
