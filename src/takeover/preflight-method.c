/* SPDX-License-Identifier: MIT */
/*
 * Which way out of the old system. ptrace comes first: it works with every
 * init, takes seconds, and leaves the network alone. What systemd offers is for
 * where PID 1 cannot be traced, or for who asks for it.
 */
#include <errno.h>

#include "base/text.h"
#include "takeover/preflight-internal.h"

/* ptrace_scope: nobody may attach, and this cannot be lowered. */
#define YAMA_NO_ATTACH 3
/* The first systemd with soft-reboot. */
#define SOFT_REBOOT_SINCE 254

const char *init_kind_name(enum init_kind kind)
{
	switch (kind) {
	case INIT_UNKNOWN:
		break;
	case INIT_SYSTEMD:
		return "systemd";
	case INIT_SYSVINIT:
		return "sysvinit";
	case INIT_BUSYBOX:
		return "busybox";
	case INIT_OPENRC:
		return "OpenRC";
	case INIT_RUNIT:
		return "runit";
	}
	return "unknown";
}

bool preflight_untraceable(const struct preflight_facts *facts, char *buf,
			   size_t size)
{
	struct text text = text_over(buf, size);

	if (facts->yama >= YAMA_NO_ATTACH)
		text_put(&text, "Yama's ptrace_scope is 3, which only a reboot "
				"lowers");
	else if (facts->tracer)
		text_add(&text, "%s (PID %d) traces PID 1 already",
			 facts->tracer_name[0] ? facts->tracer_name
					       : "a process",
			 (int)facts->tracer);
	else if (facts->pid1_is_32_bit)
		text_put(&text, "PID 1 is a 32-bit program");
	else if (facts->raid[0])
		/* It would be ended with all others, and nothing could be
		 * written to the array, as unmounting does. */
		text_add(&text, "%s needs its mdmon until it is unmounted",
			 facts->raid);
	str_make_printable(buf);
	return text.len > 0;
}

static int no_ptrace(const struct preflight_facts *facts, const char *why,
		     struct failure *failure)
{
	return failure_set(failure, EOPNOTSUPP,
			   "ptrace is not possible: %s; %s", why,
			   facts->tracer ? "end that process"
			   : facts->init == INIT_SYSTEMD
				   ? "use --method exitrd"
				   : "boot the image from the network instead");
}

static int check_exitrd(const struct preflight_facts *facts,
			struct failure *failure)
{
	if (facts->init == INIT_SYSTEMD)
		return 0;
	return failure_set(failure, EOPNOTSUPP,
			   "an exitrd needs systemd as PID 1, here it is %s: "
			   "use --method ptrace",
			   init_kind_name(facts->init));
}

static int check_soft_reboot(const struct preflight_facts *facts,
			     const struct preflight_wanted *wanted,
			     struct failure *failure)
{
	if (facts->init != INIT_SYSTEMD)
		return failure_set(failure, EOPNOTSUPP,
				   "a soft-reboot needs systemd as PID 1, here "
				   "it is %s: use --method ptrace",
				   init_kind_name(facts->init));
	if (facts->systemd_version < SOFT_REBOOT_SINCE)
		return failure_set(failure, EOPNOTSUPP,
				   "a soft-reboot needs systemd %d, this is "
				   "%u: use --method ptrace or exitrd",
				   SOFT_REBOOT_SINCE, facts->systemd_version);
	if (wanted->image_known && !str_eq(wanted->init_kind, "systemd"))
		return failure_set(failure, EOPNOTSUPP,
				   "a soft-reboot starts only an image with "
				   "systemd, this one has %s: use --method "
				   "ptrace or exitrd",
				   wanted->init_kind[0] ? wanted->init_kind
							: "none");
	return 0;
}

int preflight_method(const struct preflight_facts *facts,
		     const struct preflight_wanted *wanted,
		     enum swap_method *ret_method, struct failure *failure)
{
	char why[PREFLIGHT_TEXT_MAX / 2];
	bool untraceable = preflight_untraceable(facts, why, sizeof(why));
	enum swap_method method = wanted->method;
	int r = 0;

	switch (method) {
	case SWAP_AUTO:
		method = !untraceable || facts->init != INIT_SYSTEMD
				 ? SWAP_PTRACE
				 : SWAP_EXITRD;
		r = method == SWAP_PTRACE && untraceable
			    ? no_ptrace(facts, why, failure)
			    : 0;
		break;
	case SWAP_PTRACE:
		r = untraceable ? no_ptrace(facts, why, failure) : 0;
		break;
	case SWAP_EXITRD:
		r = check_exitrd(facts, failure);
		break;
	case SWAP_SOFT_REBOOT:
		r = check_soft_reboot(facts, wanted, failure);
		break;
	}
	if (r == 0)
		*ret_method = method;
	return r;
}
