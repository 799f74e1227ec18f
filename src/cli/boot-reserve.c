/* SPDX-License-Identifier: MIT */
/*
 * Into the bootstrap once more, which is told to leave memory alone and what
 * to fetch into it. A kernel gives memory away at its start alone, so this
 * costs a boot of some seconds without firmware.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/boot.h"
#include "kernel/payload.h"

static_assert(BOOT_KEYS_MAX >= TRUST_KEYS_MAX, "all that are trusted fit");

static void add_keys(const struct trust *trust, struct boot_plan *plan)
{
	for (size_t i = 0; i < trust->count; i++) {
		const struct minisign_key *from = &trust->keys[i];
		struct boot_key *to = &plan->keys[plan->key_count++];

		memcpy(to->id, from->id, sizeof(to->id));
		memcpy(to->key, from->key, sizeof(to->key));
	}
}

static void make_plan(const struct boot *boot, struct boot_plan *plan)
{
	const struct boot_arguments *a = boot->arguments;
	const char *wanted = a->image.request.sha256;

	*plan = (struct boot_plan){
		.magic = BOOT_PLAN_MAGIC,
		.method = BOOT_PMEM,
		.flags = (a->insecure ? BOOT_INSECURE : 0) |
			 (a->crash ? BOOT_CRASH : 0) |
			 (a->image.require_signature ? BOOT_REQUIRE_SIGNATURE
						     : 0),
	};
	/* A name is looked up again, with all that the table says of it. */
	str_copy(plan->reference, sizeof(plan->reference),
		 boot->source.distro ? boot->source.distro->name
				     : boot->source.reference.target);
	if (wanted && *wanted)
		str_copy(plan->sha256, sizeof(plan->sha256), wanted);
	else
		str_copy(plan->sha256, sizeof(plan->sha256),
			 boot->source.reference.sha256);
	if (boot->chosen)
		str_copy(plan->entry, sizeof(plan->entry),
			 boot->choice.menu.entries[boot->choice.index].title);
	else if (a->entry)
		str_copy(plan->entry, sizeof(plan->entry), a->entry);
	add_keys(&a->image.trust, plan);
}

static int add_append(const struct boot *boot, struct boot_plan *plan,
		      struct failure *failure)
{
	const char *append = boot->arguments->append;

	if (append && !str_copy(plan->append, sizeof(plan->append), append))
		return failure_set(failure, ENOBUFS,
				   "--append has more than %zu bytes",
				   sizeof(plan->append) - 1);
	return 0;
}

/* What was packed in memory is not copied there once more. */
static int begin(const struct boot *boot, const struct self *self,
		 struct payload *payload, struct failure *failure)
{
	int r;

	if (boot->in_bootstrap)
		return payload_open_behind(payload, self->archive_fd,
					   "the bootstrap", failure);
	r = payload_open(payload, "the bootstrap", failure);
	return r < 0 ? r
		     : payload_add_archive(payload, self->archive_fd,
					   "the bootstrap", failure);
}

static int assemble(const struct boot *boot, const struct self *self,
		    const struct boot_plan *plan, struct payload *payload,
		    struct failure *failure)
{
	int r = begin(boot, self, payload, failure);

	if (r == 0)
		r = payload_add_bytes(payload, BOOT_PLAN, 0600, plan,
				      sizeof(*plan), failure);
	return r < 0 ? r : payload_finish(payload, failure);
}

int boot_reserve(struct boot *boot, struct failure *failure)
{
	_cleanup_self struct self self = { FD_NONE, FD_NONE };
	_cleanup_payload struct payload payload = { .fd = FD_NONE };
	char cmdline[KERNEL_CMDLINE_MAX];
	struct boot_plan plan;
	int r;

	make_plan(boot, &plan);
	r = add_append(boot, &plan, failure);
	if (r == 0)
		r = boot_confirm(boot, boot->source.title, failure);
	if (r < 0)
		return r;
	printf("memory       the bootstrap starts again, to leave some alone "
	       "for it\n");
	fflush(stdout);
	r = boot_self_open(boot, &self, failure);
	if (r < 0)
		return r;
	boot->return_size = boot_return_size(boot, &self);
	r = boot_plan_range(boot, failure);
	if (r == 0)
		r = boot_self_cmdline(boot, true, cmdline, sizeof(cmdline),
				      failure);
	if (r == 0)
		r = assemble(boot, &self, &plan, &payload, failure);
	if (r == 0)
		r = kexec_load_files(KEXEC_NEXT, self.kernel_fd, payload.fd,
				     cmdline, "the bootstrap", failure);
	return r < 0 ? r : boot_jump(boot, "the bootstrap", failure);
}
