/* SPDX-License-Identifier: MIT */
#include "bootstrap/hotkey.h"

#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/text.h"

/* Each key of the chord by itself and with its twin on the right side. */
static const struct chord_key {
	uint16_t code;
	uint8_t part;
} chord[] = {
	{ KEY_LEFTCTRL, 0 }, { KEY_RIGHTCTRL, 0 }, { KEY_LEFTALT, 1 },
	{ KEY_RIGHTALT, 1 }, { KEY_F12, 2 },
};

#define CHORD_PARTS    3
#define HOTKEY_PRESENT 256 /* of the kernel's input devices, at most */

static bool chord_complete(uint32_t held)
{
	uint32_t parts = 0;

	for (size_t i = 0; i < ARRAY_SIZE(chord); i++)
		if (held & 1u << i)
			parts |= 1u << chord[i].part;
	return parts == (1u << CHORD_PARTS) - 1;
}

/* All keyboards together: some devices show as two, and a person may hold
 * Ctrl on one and press F12 on the other. */
static uint32_t held_anywhere(const struct hotkey *hotkey)
{
	uint32_t held = 0;

	for (size_t i = 0; i < HOTKEY_KEYBOARDS; i++)
		held |= hotkey->keyboards[i].held;
	return held;
}

static void take_event(struct keyboard *keyboard,
		       const struct input_event *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(chord); i++) {
		if (chord[i].code != event->code)
			continue;
		if (event->value == 0)
			keyboard->held &= ~(1u << i);
		else
			keyboard->held |= 1u << i;
		/* Value 2 is the repetition of a key that is held. */
		if (event->value == 1 &&
		    chord_complete(held_anywhere(keyboard->hotkey)))
			keyboard->hotkey->pressed(keyboard->hotkey);
	}
}

static void drop(struct keyboard *keyboard)
{
	loop_remove(keyboard->hotkey->loop, &keyboard->source);
	keyboard->source.fd = fd_close(keyboard->source.fd);
	keyboard->name[0] = '\0';
	keyboard->held = 0;
}

static void keyboard_ready(struct source *source, _unused uint32_t events)
{
	struct keyboard *keyboard =
		container_of(source, struct keyboard, source);
	struct input_event batch[16];
	ssize_t n = read(source->fd, batch, sizeof(batch));

	/* ENODEV: unplugged. */
	if (n <= 0) {
		if (errno != EAGAIN && errno != EINTR)
			drop(keyboard);
		return;
	}
	for (size_t i = 0; i < (size_t)n / sizeof(batch[0]); i++) {
		/* Events were lost: what is held is not known any more. */
		if (batch[i].type == EV_SYN && batch[i].code == SYN_DROPPED)
			keyboard->held = 0;
		if (batch[i].type == EV_KEY)
			take_event(keyboard, &batch[i]);
	}
}

static bool has_chord(int fd)
{
	unsigned long keys[KEY_CNT / (8 * sizeof(long)) + 1] = { 0 };
	uint32_t has = 0;

	if (ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(chord); i++) {
		size_t bits = 8 * sizeof(keys[0]), code = chord[i].code;

		if (keys[code / bits] >> code % bits & 1)
			has |= 1u << i;
	}
	return has != 0;
}

static struct keyboard *find(struct hotkey *hotkey, const char *name)
{
	for (size_t i = 0; i < HOTKEY_KEYBOARDS; i++)
		if (str_eq(hotkey->keyboards[i].name, name))
			return &hotkey->keyboards[i];
	return NULL;
}

/* A node may not be openable yet, or be gone again: then IN_ATTRIB comes
 * later, or nothing is to be had. */
static void consider(struct hotkey *hotkey, const char *name)
{
	struct keyboard *keyboard = find(hotkey, "");
	_cleanup_fd int fd = FD_NONE;
	char path[64];

	if (!str_after(name, "event") || find(hotkey, name) || !keyboard ||
	    strlen(name) >= sizeof(keyboard->name))
		return;
	snprintf(path, sizeof(path), HOTKEY_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !has_chord(fd))
		return;
	keyboard->hotkey = hotkey;
	keyboard->source = (struct source){ .fd = fd, .ready = keyboard_ready };
	if (loop_add(hotkey->loop, &keyboard->source, EPOLLIN) < 0)
		return;
	(void)str_copy(keyboard->name, sizeof(keyboard->name), name);
	TAKE_FD(fd);
	log_debug("keyboard %s is watched for the hotkey", path);
}

/*
 * Watches the directory and takes what is there, by number, as reading a
 * directory would allocate. Again whenever the directory was removed, which
 * the kernel does with its last device, or events were lost.
 */
static int watch_anew(struct hotkey *hotkey)
{
	int r = path_mkdirs(HOTKEY_DIR, 0755);

	if (r < 0)
		return r;
	if (inotify_add_watch(hotkey->watch.fd, HOTKEY_DIR,
			      IN_CREATE | IN_ATTRIB) < 0)
		return -errno;
	for (int i = 0; i < HOTKEY_PRESENT; i++) {
		char name[16];

		snprintf(name, sizeof(name), "event%d", i);
		consider(hotkey, name);
	}
	return 0;
}

static void watch_ready(struct source *source, _unused uint32_t events)
{
	struct hotkey *hotkey = container_of(source, struct hotkey, watch);
	_Alignas(struct inotify_event) char batch[4096];
	ssize_t n = read(source->fd, batch, sizeof(batch));
	bool lost = false;
	ssize_t at = 0;

	while (at < n) {
		const struct inotify_event *event = (void *)(batch + at);

		lost |= event->mask & (IN_IGNORED | IN_Q_OVERFLOW);
		if (event->len > 0)
			consider(hotkey, event->name);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (lost && watch_anew(hotkey) < 0)
		log_error("no hotkey on keyboards that come: %m");
}

int hotkey_start(struct hotkey *hotkey, struct loop *loop)
{
	int fd, r;

	hotkey->loop = loop;
	for (size_t i = 0; i < HOTKEY_KEYBOARDS; i++)
		hotkey->keyboards[i] =
			(struct keyboard){ .source.fd = FD_NONE };
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return -errno;
	hotkey->watch = (struct source){ .fd = fd, .ready = watch_ready };
	r = loop_add(loop, &hotkey->watch, EPOLLIN);
	return r < 0 ? r : watch_anew(hotkey);
}
