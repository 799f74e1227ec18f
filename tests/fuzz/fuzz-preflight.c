/* SPDX-License-Identifier: MIT */
/* What /proc says of other processes is theirs to write: names, environments,
 * mount points. */
#include <stdlib.h>
#include <string.h>

#include "takeover/preflight-internal.h"
#include "takeover/services-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	if (strnlen(text, size) == size || strchr(text, '\n') ||
	    strchr(text, '\033'))
		abort();
}

static void judge(const char *text)
{
	static const enum swap_method methods[] = { SWAP_AUTO, SWAP_EXITRD,
						    SWAP_SOFT_REBOOT };
	struct preflight_facts facts = { .same_pid_namespace = true,
					 .same_mount_namespace = true,
					 .same_root = true };
	struct preflight_wanted wanted = { .image_known = true };
	struct check checks[PREFLIGHT_CHECKS_MAX];
	struct process_status status;

	process_status_parse(text, &status);
	facts.tracer = status.tracer;
	facts.pid1_seccomp = status.seccomp;
	facts.pid1_bounding = status.bounding;
	facts.swap_used = swap_used_parse(text);
	facts.systemd_version = systemd_version_parse(text);
	facts.init = init_kind_of(text, false);
	facts.root_is_network = is_network_device(text);
	root_mount_parse(view_over(text, strlen(text)), &facts);
	remote_describe(text, facts.remote, sizeof(facts.remote));
	strncpy(facts.tracer_name, text, sizeof(facts.tracer_name) - 1);
	strncpy(wanted.init, text, sizeof(wanted.init) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		size_t count;

		wanted.method = methods[i];
		count = preflight_judge(&facts, &wanted, checks);
		for (size_t j = 0; j < count; j++)
			check_text(checks[j].text, PREFLIGHT_TEXT_MAX);
	}
}

static void choose(char *text)
{
	static struct services services;
	struct unit units[16];
	size_t count;

	services.count = 0;
	units_list_parse(text, &services);
	(void)runlevel_parse(text);
	(void)rc_link_service(text, 'K');
	count = units_parse(text, units, ARRAY_SIZE(units));
	units_choose(units, count, "0::/system.slice/ssh.service\n");
	for (size_t i = 0; i < count; i++)
		if (units[i].chosen && !units[i].active)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[64];
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (environment_value(view_over(data, size), "SSH_CONNECTION", value,
			      sizeof(value)))
		check_text(value, sizeof(value));
	judge(text);
	choose(text);
	free(text);
	return 0;
}
