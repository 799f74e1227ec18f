/* SPDX-License-Identifier: MIT */
/*
 * Where the ISO is that was asked for: in the memory that outlived the last
 * kexec, on a server, in a file. Nothing of it is fetched here but what a
 * server says about it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/boot.h"
#include "cli/control-client.h"
#include "image/digest.h"

/* DHCP, and a switch that thinks about a new link. */
#define NETWORK_WAIT_MS 45000
#define NETWORK_POLL_US 250000

/* --- memory --- */

static void open_memory(struct boot_memory *memory)
{
	struct failure none;

	memory->fd = FD_NONE;
	if (pmem_find(&memory->device, &none) < 0)
		return;
	memory->fd = open(memory->device.path, O_RDWR | O_CLOEXEC);
	memory->has_kept = memory->fd >= 0 &&
			   pmem_read_kept(memory->fd, &memory->kept) == 0 &&
			   memory->kept.size <= pmem_room(memory->device.size);
}

/* Whether a demanded digest, if there is one, is that of what is kept. */
static bool agrees(const char *sha256, const struct kept_iso *kept)
{
	return !sha256 || !*sha256 || str_eq(sha256, kept->sha256);
}

static bool has_its_name(const struct boot *boot, const struct kept_iso *kept)
{
	const struct distro *distro = boot->source.distro;

	if (str_eq(boot->source.reference.target, kept->reference))
		return true;
	for (size_t i = 0; distro && i < distro->url_count; i++)
		if (str_eq(distro->urls[i], kept->reference))
			return true;
	return false;
}

bool boot_is_kept(const struct boot *boot)
{
	const struct boot_memory *memory = &boot->memory;

	return memory->has_kept && has_its_name(boot, &memory->kept) &&
	       agrees(boot->arguments->image.request.sha256, &memory->kept) &&
	       agrees(boot->source.reference.sha256, &memory->kept) &&
	       (!boot->source.distro ||
		agrees(boot->source.distro->sha256, &memory->kept));
}

bool boot_is_in_memory(const struct boot *boot)
{
	return boot->memory.fd >= 0 && boot->source.fd == boot->memory.fd;
}

/* Anything may have written there since: the record alone proves nothing. */
static bool is_unchanged(const struct boot_memory *memory)
{
	char hex[DIGEST_TEXT_MAX];
	struct failure failure;
	struct reader reader;
	struct digest digest;
	int r = reader_over_fd(&reader, memory->fd, memory->device.path,
			       &failure);

	reader.size = memory->kept.size;
	if (r == 0)
		r = digest_of_reader(DIGEST_SHA256, &reader, &digest, &failure);
	if (r < 0)
		log_warning("%s", failure.text);
	else if (str_eq(digest_hex(&digest, hex), memory->kept.sha256))
		return true;
	else
		log_warning("%s: what is kept in memory has changed, and is "
			    "not used",
			    memory->kept.title);
	return false;
}

static int use_memory(struct boot *boot, struct failure *failure)
{
	struct boot_source *source = &boot->source;
	int r = reader_over_fd(&source->at_fd, boot->memory.fd, source->title,
			       failure);

	if (r < 0)
		return r;
	source->fd = boot->memory.fd;
	source->size = source->at_fd.size = boot->memory.kept.size;
	source->reader = &source->at_fd;
	str_copy(source->title, sizeof(source->title), boot->memory.kept.title);
	return 0;
}

/* --- elsewhere --- */

static int open_file(struct boot_source *source, struct failure *failure)
{
	int r;

	source->fd = open(source->reference.target, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0)
		return failure_errno(failure, errno, "%s",
				     source->reference.name);
	r = reader_over_fd(&source->at_fd, source->fd, source->reference.name,
			   failure);
	if (r < 0)
		return r;
	source->reader = &source->at_fd;
	source->size = source->at_fd.size;
	return 0;
}

/* A server without ranges is read when all of it was fetched. */
static int open_url(struct boot_source *source, struct failure *failure)
{
	int r = ranged_open(source->reference.target, source->reference.name,
			    &source->ranged, &source->size, failure);

	if (r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return r;
	source->reader = ranged_reader(source->ranged);
	return 0;
}

static int open_reference(struct boot *boot, const char *text,
			  struct failure *failure)
{
	struct boot_source *source = &boot->source;
	int r = reference_parse(text, &source->reference, failure);

	if (r < 0)
		return r;
	if (!source->distro)
		str_copy(source->title, sizeof(source->title),
			 source->reference.name);
	if (boot_is_kept(boot) && is_unchanged(&boot->memory))
		return use_memory(boot, failure);
	switch (source->reference.kind) {
	case REFERENCE_HTTP:
		boot_await_network(boot);
		return open_url(source, failure);
	case REFERENCE_FILE:
		return open_file(source, failure);
	case REFERENCE_STDIN:
	case REFERENCE_DOCKER:
	case REFERENCE_OCI:
	case REFERENCE_OCI_ARCHIVE:
	case REFERENCE_DOCKER_ARCHIVE:
		break;
	}
	return failure_set(failure, EINVAL,
			   "%s: an ISO comes from http://, https:// or a file; "
			   "`boomerang load` runs images",
			   source->reference.name);
}

/* The first of its addresses that answers. */
static int open_distro(struct boot *boot, struct failure *failure)
{
	const struct distro *distro = boot->source.distro;
	struct failure first = { 0 };
	int r = -ENOENT;

	str_copy(boot->source.title, sizeof(boot->source.title), distro->title);
	for (size_t i = 0; r < 0 && i < distro->url_count; i++) {
		struct failure why = { 0 };

		r = open_reference(boot, distro->urls[i], &why);
		if (r < 0 && i + 1 < distro->url_count)
			log_warning("%s; trying the next mirror", why.text);
		if (r < 0 && first.err == 0)
			first = why;
	}
	if (r < 0)
		*failure = first;
	return r;
}

/* A name of the table has neither of what addresses and paths have, and is not
 * the name of a file here; what is unpacked beside is no ISO. */
static bool is_name(const char *text)
{
	struct stat st;

	return !strpbrk(text, "/:") &&
	       (stat(text, &st) < 0 || S_ISDIR(st.st_mode));
}

int boot_find(struct boot *boot, struct failure *failure)
{
	const char *typed = boot->arguments->image.request.reference;
	int r;

	if (!is_name(typed))
		return open_reference(boot, typed, failure);
	r = distros_load(&boot->distros, failure);
	if (r == 0)
		r = distros_find(&boot->distros, typed, &boot->source.distro,
				 failure);
	return r < 0 ? r : open_distro(boot, failure);
}

/* --- all of it --- */

void boot_await_network(const struct boot *boot)
{
	int64_t deadline_ms = clock_ms() + NETWORK_WAIT_MS;
	struct failure none;
	struct status status;
	bool told = false;

	if (!boot->in_bootstrap)
		return;
	while (control_client_status(&status, &none) == 0 &&
	       !status.network_up && clock_ms() < deadline_ms &&
	       !image_interrupted()) {
		if (!told)
			printf("network      %s\n", status.network);
		told = true;
		fflush(stdout);
		usleep(NETWORK_POLL_US);
	}
}

static int read_own_cmdline(struct boot *boot, struct failure *failure)
{
	ssize_t n = file_read_line(AT_FDCWD, "/proc/cmdline", boot->own_cmdline,
				   sizeof(boot->own_cmdline));

	return n < 0 ? failure_errno(failure, (int)-n, "/proc/cmdline") : 0;
}

int boot_open(struct boot *boot, struct failure *failure)
{
	int r;

	boot->source.fd = boot->memory.fd = FD_NONE;
	boot->in_bootstrap = access(CONTROL_PATH, F_OK) == 0;
	kexec_look(&boot->policy);
	r = read_own_cmdline(boot, failure);
	if (r < 0 || boot->arguments->kernel)
		return r;
	/* A device appears when its driver is loaded: root's alone. */
	if (geteuid() == 0)
		open_memory(&boot->memory);
	return 0;
}

void boot_close(struct boot *boot)
{
	boot_menu_clear(&boot->choice.menu);
	boot->source.ranged = ranged_close(boot->source.ranged);
	if (!boot_is_in_memory(boot))
		fd_close(boot->source.fd);
	fd_close(boot->memory.fd);
	distros_clear(&boot->distros);
}
