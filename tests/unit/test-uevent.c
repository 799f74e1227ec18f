/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/uevent.h"

/* With the NUL at the end of the literal, and without. */
#define MESSAGE(text)                                               \
	{                                                           \
		.at = (const uint8_t *)(text), .left = sizeof(text) \
	}
#define CUT(text)                                                       \
	{                                                               \
		.at = (const uint8_t *)(text), .left = sizeof(text) - 1 \
	}

static const struct view added = MESSAGE(
	"add@/devices/pci0/0000:00:03.0\0ACTION=add\0"
	"DEVPATH=/devices/pci0/0000:00:03.0\0SUBSYSTEM=pci\0"
	"PCI_CLASS=20000\0MODALIAS=pci:v00001AF4d00001000\0SEQNUM=1234");

static const struct view removed = MESSAGE(
	"remove@/devices/virtual/tty/tty9\0ACTION=remove\0DEVNAME=tty9");

static void test_good(void)
{
	struct uevent u;
	int r = uevent_parse(added, &u);

	ok_int(r, 0, "a device that was added");
	ok_str(u.action, "add", "action");
	ok_str(u.devpath, "/devices/pci0/0000:00:03.0", "devpath");
	ok_str(u.subsystem, "pci", "subsystem");
	ok_str(u.modalias, "pci:v00001AF4d00001000", "modalias");
	ok_str(u.devname, "", "no devname");
	r = uevent_parse(removed, &u);
	ok_int(r, 0, "a message without subsystem");
	ok_str(u.subsystem, "", "has none");
	ok_str(u.devname, "tty9", "devname");
}

static const struct {
	const char *what;
	struct view message;
} bad[] = {
	{ "nothing", { 0 } },
	{ "no NUL", CUT("add@/devices/x") },
	{ "no @", MESSAGE("add\0ACTION=add") },
	{ "no action in the head", MESSAGE("@/devices/x\0ACTION=add") },
	{ "a path that is not absolute", MESSAGE("add@x\0ACTION=add") },
	{ "no ACTION", MESSAGE("add@/x\0SUBSYSTEM=tty") },
	{ "another ACTION", MESSAGE("add@/x\0ACTION=remove") },
	{ "another DEVPATH", MESSAGE("add@/x\0ACTION=add\0DEVPATH=/y") },
	{ "the last string without NUL",
	  CUT("add@/x\0ACTION=add\0MODALIAS=a") },
	{ "a message of udev", MESSAGE("libudev\0\xfe\xed\xca\xfe") },
};

int main(void)
{
	struct uevent u;

	test_good();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_int(uevent_parse(bad[i].message, &u), -EBADMSG, bad[i].what);
	return tap_done();
}
