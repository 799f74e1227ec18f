/* SPDX-License-Identifier: MIT */
/*
 * The uevent socket is opened before sysfs is walked, so that no device can
 * slip in between. One modprobe takes many aliases: its start costs more than
 * its work.
 */
#include "bootstrap/modules.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/text.h"
#include "root/module-load.h"
#include "wire/module-files.h"
#include "wire/uevent.h"

#define BATCH	      48
#define ALIAS_MAX     512
#define UEVENT_BUFFER (4 * (int)MIB)

/* What no device asks for: file systems of images, the hotkey's event
 * devices, what reading an image needs. */
static const char *const wanted[] = {
	"loop",	 "squashfs",	"overlay", "erofs",
	"evdev", "hid-generic", "usbhid",  "af_packet",
};

/* modprobe, with the names behind its options. Its own words say what it could
 * not find; most aliases have no module. */
static void run_modprobe(const char *const *argv)
{
	struct failure failure;

	if (spawn_wait(&(struct spawn){ .argv = argv,
					.fd = { FD_NONE, FD_NONE, FD_NONE },
					.extra_fd = FD_NONE },
		       &failure) < 0)
		log_error("no kernel modules: %s", failure.text);
}

struct batch {
	char aliases[BATCH][ALIAS_MAX];
	size_t count;
};

static void load_batch(struct batch *batch)
{
	const char *argv[BATCH + 3] = { "modprobe", "-abq" };

	if (batch->count == 0)
		return;
	for (size_t i = 0; i < batch->count; i++)
		argv[i + 2] = batch->aliases[i];
	argv[batch->count + 2] = NULL;
	run_modprobe(argv);
	batch->count = 0;
}

static void want_alias(struct batch *batch, const char *alias)
{
	for (size_t i = 0; i < batch->count; i++)
		if (str_eq(batch->aliases[i], alias))
			return;
	if (batch->count == BATCH)
		load_batch(batch);
	if (str_copy(batch->aliases[batch->count], ALIAS_MAX, alias))
		batch->count++;
}

/* Every device of every bus: /sys/bus/BUS/devices/DEVICE/modalias. */
static void want_bus(struct batch *batch, int buses, const char *bus)
{
	char path[512], alias[ALIAS_MAX];
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	int fd;

	snprintf(path, sizeof(path), "%s/devices", bus);
	fd = openat(buses, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/modalias", entry->d_name);
		if (file_read_line(fd, path, alias, sizeof(alias)) > 0)
			want_alias(batch, alias);
	}
}

static void coldplug(struct batch *batch)
{
	int fd = open("/sys/bus", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			want_bus(batch, fd, entry->d_name);
	load_batch(batch);
}

static int open_uevents(void)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int size = UEVENT_BUFFER;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	return fd;
}

/* One message: 0 when it was the kernel's and was taken, -EAGAIN when there
 * is none now. */
static int take_uevent(int fd, int flags, struct batch *batch)
{
	static char bytes[16 * KIB];
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	struct uevent event;
	ssize_t n = recvfrom(fd, bytes, sizeof(bytes), flags,
			     (struct sockaddr *)&from, &from_len);

	if (n < 0)
		return -errno;
	if (from.nl_pid != 0 ||
	    uevent_parse(view_over(bytes, (size_t)n), &event) < 0)
		return 0;
	if (str_eq(event.action, "add") && *event.modalias)
		want_alias(batch, event.modalias);
	return 0;
}

/* Of another kernel's, as after a swap, none can be used. */
void modules_load_early(void)
{
	char dir[sizeof(MODULES_EARLY) + sizeof(struct utsname)], path[512];
	struct utsname name;

	uname(&name);
	snprintf(dir, sizeof(dir), MODULES_EARLY "/%s", name.release);
	for (unsigned int i = 0; i < MODULE_NUMBERS; i++) {
		int r;

		module_path(dir, i, path, sizeof(path));
		r = module_load(path);
		if (r == -ENOENT)
			return;
		if (r < 0)
			log_error("the kernel does not take %s: %s", path,
				  strerrordesc_np(-r));
	}
}

int modules_run(_unused void *unused, _unused int link)
{
	static struct batch batch;
	_cleanup_fd int fd = open_uevents();
	int r = fd < 0 ? fd : 0;

	if (r < 0)
		log_error("cannot listen for devices: %s", strerrordesc_np(-r));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		want_alias(&batch, wanted[i]);
	coldplug(&batch);
	while (fd >= 0) {
		/* Wait for one, then take all that there are. */
		r = take_uevent(fd, 0, &batch);
		while (r == 0 || r == -EINTR)
			r = take_uevent(fd, MSG_DONTWAIT, &batch);
		/* Messages were lost: look at everything again. */
		if (r == -ENOBUFS)
			coldplug(&batch);
		load_batch(&batch);
	}
	return 1;
}
