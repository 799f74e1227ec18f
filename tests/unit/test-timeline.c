/* SPDX-License-Identifier: MIT */
/* Whole boots noted as the servers would, and what can be read of them. */
#include "server/timeline.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tap.h"

static const struct mac one = { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } };
static const struct mac two = { { 0x52, 0x54, 0, 0x12, 0x34, 0x57 } };

static struct timeline *make(void)
{
	struct timeline *timeline = NULL;

	if (timeline_new(NULL, &timeline) < 0)
		abort();
	return timeline;
}

static json_t *machines(struct timeline *timeline)
{
	char *text = timeline_machines_json(timeline);
	json_t *root = json_loads(text ? text : "", 0, NULL);
	json_t *list = json_incref(json_object_get(root, "machines"));

	json_decref(root);
	free(text);
	return list;
}

/* A field of the first machine, as text ("null" too). */
static const char *field(struct timeline *timeline, const char *name)
{
	static char buf[1024];
	json_t *list = machines(timeline);
	json_t *value = json_object_get(json_array_get(list, 0), name);

	if (json_is_string(value))
		(void)snprintf(buf, sizeof(buf), "%s",
			       json_string_value(value));
	else if (json_is_integer(value))
		(void)snprintf(buf, sizeof(buf), "%lld",
			       json_integer_value(value));
	else
		(void)snprintf(buf, sizeof(buf), "%s",
			       json_is_null(value) ? "null" : "absent");
	json_decref(list);
	return buf;
}

/* The number-th event from the end (0: the last), a field of it. */
static const char *event(struct timeline *timeline, const struct mac *mac,
			 size_t number, const char *name)
{
	static char buf[512];
	uint64_t last;
	char *text = timeline_events_json(timeline, mac, 0, &last);
	json_t *root = json_loads(text ? text : "", 0, NULL);
	json_t *list = json_object_get(root, "events");
	size_t size = json_array_size(list);
	json_t *value = NULL;

	if (number < size)
		value = json_object_get(json_array_get(list, size - 1 - number),
					name);
	if (json_is_integer(value))
		(void)snprintf(buf, sizeof(buf), "%lld",
			       json_integer_value(value));
	else
		(void)snprintf(buf, sizeof(buf), "%s",
			       value ? json_string_value(value) : "none");
	json_decref(root);
	free(text);
	return buf;
}

static struct client firmware(const struct mac *mac)
{
	return (struct client){ .mac = *mac,
				.arch = ARCH_EFI_X64,
				.has_uuid = true,
				.uuid = { 1, 2, 3, 4 } };
}

static void ask(struct timeline *timeline, const struct mac *mac, bool ipxe)
{
	struct client client = firmware(mac);

	client.ipxe = ipxe;
	timeline_client(timeline, &client);
	timeline_note(timeline, mac, STAGE_DHCP, "offered %s",
		      ipxe ? "its script" : "snponly.efi");
}

static void boot_to_kernel(struct timeline *timeline, const struct mac *mac)
{
	ask(timeline, mac, false);
	timeline_note(timeline, mac, STAGE_LOADER, "fetched snponly.efi");
	ask(timeline, mac, true);
	timeline_note(timeline, mac, STAGE_LOADER, "asked for its script");
	timeline_expect(timeline, mac, EXPECT_OUR_KERNEL);
	timeline_note(timeline, mac, STAGE_KERNEL, "fetched vmlinuz");
	timeline_note(timeline, mac, STAGE_KERNEL, "fetched bootstrap.img");
}

static int post(struct timeline *timeline, const struct mac *mac,
		const char *json)
{
	return timeline_post(timeline, mac, json, strlen(json));
}

static void names(void)
{
	bool good = true;

	for (int s = 0; s < STAGES; s++)
		good &= stage_of_name(stage_name((enum stage)s)) ==
			(enum stage)s;
	ok(good, "every stage has a name that leads back to it");
	ok(stage_of_name("diesel") == STAGES, "other names are no stage");
}

static void facts(void)
{
	struct timeline *t = make();

	ask(t, &one, false);
	timeline_address(t, &one, 0xc0000209);
	ok_str(field(t, "mac"), "52:54:00:12:34:56", "machine: mac");
	ok_str(field(t, "address"), "192.0.2.9", "machine: address");
	ok_str(field(t, "arch"), "x86_64", "machine: arch");
	ok_str(field(t, "firmware"), "uefi", "machine: firmware");
	ok_str(field(t, "uuid"), "04030201-0000-0000-0000-000000000000",
	       "machine: uuid");
	ok_str(field(t, "stage"), "dhcp", "machine: stage");
	ok_str(field(t, "boots"), "1", "machine: boots");
	ok_str(field(t, "stalled"), "null", "machine: not stalled");
	ok(strlen(field(t, "since")) == strlen("2026-03-04T05:06:07.089Z"),
	   "machine: since");
	timeline_free(t);
}

static void whole_boot(void)
{
	struct timeline *t = make();

	boot_to_kernel(t, &one);
	ok_str(field(t, "stage"), "kernel", "a boot comes to its kernel");
	ok_str(field(t, "boots"), "1",
	       "iPXE asking by DHCP after firmware is the same boot");
	ok_int(post(t, &one, "{\"stage\":\"bootstrap\",\"text\":\"prompt\"}"),
	       0, "the bootstrap posts");
	ok_str(field(t, "stage"), "bootstrap", "and that is the stage");
	(void)post(t, &one, "{\"stage\":\"image\",\"text\":\"loading 1 %\"}");
	timeline_note(t, &one, STAGE_KERNEL, "fetched image.tar");
	ok_str(field(t, "stage"), "image", "a late file turns no stage back");
	(void)post(t, &one, "{\"stage\":\"target\",\"text\":\"runs\"}");
	(void)post(t, &one, "{\"stage\":\"return\",\"text\":\"back\"}");
	(void)post(t, &one, "{\"stage\":\"image\",\"text\":\"loading 2 %\"}");
	ok_str(field(t, "stage"), "image",
	       "after a return the next image comes");
	ok_str(field(t, "boots"), "1", "all in one boot");
	ask(t, &one, false);
	ok_str(field(t, "boots"), "2", "firmware asks: another boot");
	ok_str(field(t, "stage"), "dhcp", "which begins with DHCP");
	ok_str(event(t, &one, 1, "text"), "boot 2 begins", "and says so");
	ok_str(event(t, &one, 0, "boot"), "2", "events know their boot");
	timeline_free(t);
}

static void begins(void)
{
	struct timeline *t = make();

	ask(t, &one, false);
	ask(t, &one, false);
	ok_str(field(t, "boots"), "1", "asking again by DHCP is one boot");
	timeline_note(t, &one, STAGE_LOADER, "fetched");
	ask(t, &one, true);
	ask(t, &one, true);
	ok_str(field(t, "boots"), "1", "iPXE asking again, too");
	timeline_note(t, &one, STAGE_KERNEL, "fetched");
	ask(t, &one, true);
	ok_str(field(t, "boots"), "2", "iPXE after a kernel begins again");
	(void)post(t, &one, "{\"stage\":\"bootstrap\",\"text\":\"prompt\"}");
	timeline_note(t, &one, STAGE_LOADER, "asked for its script");
	ok_str(field(t, "boots"), "3",
	       "a loader after a bootstrap, without DHCP");
	timeline_free(t);
}

static void repeated(void)
{
	struct timeline *t = make();
	uint64_t last;
	char *text;

	for (int i = 0; i < 1000; i++) {
		timeline_note(t, &one, STAGE_DHCP, "offered");
		timeline_warn(t, &one, STAGE_DHCP, "left alone");
	}
	ok_str(event(t, &one, 0, "count"), "1000", "repeated ones are counted");
	ok_str(event(t, &one, 0, "level"), "warning", "by level");
	ok_str(event(t, &one, 2, "text"), "none", "and not stored");
	timeline_note(t, &one, STAGE_DHCP, "hostile \x1b[2J\xff\n%s", "é");
	ok_str(event(t, &one, 0, "text"), "hostile ?[2J??é",
	       "texts are printable");
	for (int i = 0; i < 3 * TIMELINE_EVENTS; i++)
		timeline_note(t, &one, STAGE_LOADER, "number %d", i);
	ok_str(event(t, &one, 0, "text"), "number 191", "the ring ends new");
	ok_str(event(t, &one, 63, "text"), "number 128", "and begins old");
	ok_str(event(t, &one, 64, "text"), "none", "bounded");
	text = timeline_events_lines(t, &one, 3 + 190, &last);
	ok_int((int64_t)last, 3 + 192, "the last number is told");
	ok(text && strchr(text, '\n') && strstr(text, "number 190") &&
		   !strstr(text, "number 189"),
	   "lines above a number");
	free(text);
	text = timeline_events_lines(t, &one, last, &last);
	ok_str(text, "", "none above the last");
	free(text);
	errno = 0;
	ok(!timeline_events_json(t, &two, 0, &last) && errno == ENOENT,
	   "never seen: ENOENT");
	timeline_free(t);
}

static void posts(void)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"stage\":\"image\"}",
		"{\"text\":\"x\"}",
		"{\"stage\":7,\"text\":\"x\"}",
		"{\"stage\":\"image\",\"text\":null}",
		"{\"stage\":\"dhcp\",\"text\":\"x\"}",
		"{\"stage\":\"kernel\",\"text\":\"x\"}",
		"{\"stage\":\"x\",\"text\":\"x\"}",
		"{\"stage\":\"image\",\"text\":\"x\",\"text\":\"y\"}",
		"{\"stage\":\"image\",\"text\":\"x\",\"level\":\"loud\"}",
		"{\"stage\":\"image\",\"text\":\"x\",\"next\":\"kernel\"}",
		"{\"stage\":\"image\",\"text\":\"x\",\"age_ms\":-1}",
		"{\"stage\":\"image\",\"text\":\"x\"} y",
	};
	struct timeline *t = make();
	char big[TIMELINE_POST_MAX + 64];
	int n = 0;

	ok_int(post(t, &one, "{\"stage\":\"image\",\"text\":\"x\"}"), -ENOENT,
	       "nobody can make a machine by posting");
	ok_str(field(t, "mac"), "absent", "none was made");
	timeline_note(t, &one, STAGE_KERNEL, "fetched");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!ok_int(post(t, &one, bad[i]), -EBADMSG, "malformed post"))
			printf("# %s\n", bad[i]);
	memset(big, ' ', sizeof(big));
	memcpy(big, "{\"stage\":\"image\",\"text\":\"x\"}", 28);
	ok_int(timeline_post(t, &one, big, sizeof(big)), -EBADMSG, "too long");
	ok_int(timeline_post(t, &one, big, TIMELINE_POST_MAX), 0,
	       "long enough");
	ok_int(post(t, &one,
		    "{\"stage\":\"image\",\"text\":\"f\",\"level\":\"error\","
		    "\"next\":\"nothing\",\"age_ms\":3600000}"),
	       0, "all fields");
	ok_str(event(t, &one, 0, "level"), "error", "the level is taken");
	while (n < 1000 &&
	       post(t, &one, "{\"stage\":\"image\",\"text\":\"x\"}") == 0)
		n++;
	ok(n >= TIMELINE_POSTS - 2 && n < 10 * TIMELINE_POSTS,
	   "who posts too fast is told so");
	timeline_free(t);
}

static void addresses(void)
{
	struct timeline *t = make();
	struct mac mac = { 0 };

	timeline_note(t, &two, STAGE_DHCP, "offered");
	timeline_address(t, &one, 1);
	ok(timeline_find_address(t, 1, &mac) == 0 && mac_eq(&mac, &one),
	   "found by its address");
	timeline_address(t, &two, 1);
	ok(timeline_find_address(t, 1, &mac) == 0 && mac_eq(&mac, &two),
	   "the last one with it counts");
	timeline_address(t, &two, 2);
	ok_int(timeline_find_address(t, 1, &mac), -ENOENT, "it moved");
	for (uint32_t i = 0; i < 2 * TIMELINE_MACHINES; i++) {
		struct mac other = { { 2, 0, 0, (uint8_t)(i >> 16),
				       (uint8_t)(i >> 8), (uint8_t)i } };

		timeline_address(t, &other, 0x0a000000 + i);
	}
	ok_int(timeline_find_address(t, 0x0a000000, &mac), -ENOENT,
	       "who was pushed out is not found");
	ok(timeline_find_address(t, 0x0a000000 + 2 * TIMELINE_MACHINES - 1,
				 &mac) == 0 &&
		   mac.bytes[5] == 0xff,
	   "who is there is");
	timeline_free(t);
}

static void flood(void)
{
	struct timeline *t = make();
	json_t *list;
	uint64_t last;
	char *text;

	boot_to_kernel(t, &one);
	for (uint32_t i = 0; i < 3 * TIMELINE_MACHINES; i++) {
		struct mac other = { { 2, 0, 0, (uint8_t)(i >> 16),
				       (uint8_t)(i >> 8), (uint8_t)i } };

		timeline_note(t, &other, STAGE_DHCP, "offered");
	}
	list = machines(t);
	ok_int((int64_t)json_array_size(list), TIMELINE_MACHINES,
	       "a flood of invented machines is bounded");
	json_decref(list);
	text = timeline_events_json(t, &one, 0, &last);
	ok(text && strstr(text, "bootstrap.img"),
	   "and does not push out one that boots");
	free(text);
	timeline_free(t);
}

static void stalls(void)
{
	struct timeline *t = make();
	int64_t now = clock_ms();

	ask(t, &one, false);
	timeline_check(t, now + 30000);
	ok_str(field(t, "stalled"), "null", "nobody stalls in half a minute");
	timeline_check(t, now + 100000);
	ok(strstr(field(t, "stalled"), "stopped after DHCP"),
	   "an offer that is not taken");
	ok(strstr(event(t, &one, 0, "text"), "UDP port 69"),
	   "is an event, too");
	timeline_check(t, now + 200000);
	ok_str(event(t, &one, 1, "text"), "offered snponly.efi", "once");
	timeline_note(t, &one, STAGE_LOADER, "fetched");
	ok_str(field(t, "stalled"), "null", "it goes on");
	timeline_expect(t, &one, EXPECT_KERNEL);
	timeline_note(t, &one, STAGE_KERNEL, "fetched");
	timeline_check(t, now + 1000000);
	ok_str(field(t, "stalled"), "null", "a foreign kernel is the end");
	timeline_warn(t, &two, STAGE_DHCP, "left alone");
	timeline_check(t, now + 1000000);
	ok_str(event(t, &two, 0, "text"), "left alone",
	       "who is left alone does not stall");
	boot_to_kernel(t, &two);
	timeline_check(t, now + 1000000);
	ok(strstr(event(t, &two, 0, "text"), "did not report"),
	   "our kernel without its bootstrap");
	timeline_free(t);
}

static void count_change(void *context, const struct mac *mac)
{
	struct timeline *timeline = context;
	uint64_t last;

	/* Would hang if a lock were held. */
	free(timeline_events_json(timeline, mac, 0, &last));
	timeline_note(timeline, &two, STAGE_DHCP, "the same");
}

static void listener(void)
{
	struct timeline *t = make();

	timeline_note(t, &two, STAGE_DHCP, "the same");
	timeline_listen(t, count_change, t);
	timeline_note(t, &one, STAGE_DHCP, "offered");
	ok_str(event(t, &two, 0, "count"), "2", "a listener may use it");
	timeline_free(t);
}

static void *hammer(void *context)
{
	struct timeline *timeline = context;
	uint64_t last;

	for (int i = 0; i < 2000; i++) {
		struct mac mac = { { 2, 0, 0, 0, 0, (uint8_t)i } };

		timeline_note(timeline, &mac, STAGE_LOADER, "number %d", i);
		timeline_address(timeline, &mac, (uint32_t)i);
		(void)!timeline_find_address(timeline, (uint32_t)i, &mac);
		free(timeline_events_lines(timeline, &mac, 0, &last));
		if (i % 100 == 0)
			free(timeline_machines_json(timeline));
		if (i % 100 == 50)
			timeline_check(timeline, clock_ms() + i * 100);
	}
	return NULL;
}

static void threads(void)
{
	struct timeline *t = make();
	pthread_t thread[4];
	json_t *list;

	for (size_t i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_create(&thread[i], NULL, hammer, t);
	for (size_t i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_join(thread[i], NULL);
	list = machines(t);
	ok_int((int64_t)json_array_size(list), 256, "four threads at once");
	json_decref(list);
	timeline_free(t);
}

int main(void)
{
	names();
	facts();
	whole_boot();
	begins();
	repeated();
	posts();
	addresses();
	flood();
	stalls();
	listener();
	threads();
	return tap_done();
}
