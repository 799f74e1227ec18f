/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/text.h"
#include "cli/swap.h"
#include "takeover/network.h"
#include "takeover/storage.h"

static const char *const verdict_names[] = {
	[CHECK_FINE] = "ok",
	[CHECK_WARNING] = "warning",
	[CHECK_REFUSED] = "REFUSED",
};

static void print_row(enum check_verdict verdict, const char *name,
		      const char *text)
{
	printf("%-8s %-16s %s\n", verdict_names[verdict], name, text);
}

size_t swap_print_checks(const struct swap *swap, enum check_verdict from)
{
	static struct check checks[PREFLIGHT_CHECKS_MAX];
	size_t count = preflight_judge(&swap->facts, &swap->wanted, checks);
	size_t refused = 0;

	for (size_t i = 0; i < count; i++) {
		const struct check *check = &checks[i];

		refused += check->verdict == CHECK_REFUSED;
		if (check->verdict >= from)
			print_row(check->verdict, check->name, check->text);
	}
	if (*swap->carried.ssh_note)
		print_row(CHECK_WARNING, "SSH", swap->carried.ssh_note);
	fflush(stdout);
	return refused;
}

static void print_disk(const struct storage_disk *disk, void *context _unused)
{
	char size[SIZE_TEXT_MAX];

	printf("  release %s (%s): %s\n", disk->name,
	       size_text(disk->bytes, size),
	       *disk->holder ? disk->holder : "not in use");
}

static void print_services(const struct services *services)
{
	if (services->count == 0)
		return;
	printf("  stop");
	for (size_t i = 0; i < services->count; i++)
		printf(" %s", services->names[i]);
	printf("\n");
}

/* Words that are more than one to a shell, in quotes. The image may have
 * named them, so nothing of them reaches the terminal that it interprets. */
static void print_program(const struct image_start *start)
{
	char args[sizeof(start->args)];

	memcpy(args, start->args, sizeof(args));
	printf("  start");
	for (uint32_t at = 0; at < start->args_len;) {
		char *word = &args[at];
		bool quoted = !*word || strpbrk(word, " \t\n'\"\\$`;&|<>()*?");

		at += (uint32_t)strlen(word) + 1;
		str_make_printable(word);
		printf(quoted ? " '%s'" : " %s", word);
	}
	printf("\n");
}

static void print_network(const struct swap *swap)
{
	char network[256];

	network_describe(network, sizeof(network));
	if (!*network)
		str_copy(network, sizeof(network), "no address");
	printf(swap->arguments->drop_network
		       ? "  drop the addresses of the network: %s\n"
		       : "  keep the network: %s\n",
	       network);
}

/* What of this system goes along. */
static void print_carried(const struct swap *swap)
{
	const struct swap_arguments *a = swap->arguments;

	if (*a->hostname)
		printf("  call the new system %s\n", a->hostname);
	if (a->keep_ssh && swap->carried.has_ssh)
		printf("  keep SSH's host keys, and who may log in as root\n");
	if (a->ssh_key_count > 0 && swap->carried.has_ssh)
		printf("  let the keys of --ssh-key log in as root\n");
}

void swap_print_plan(const struct swap *swap)
{
	const struct swap_plan *plan = &swap->plan;

	printf("\nThe plan, of which nothing was done:\n");
	print_services(&swap->services);
	printf("  take over PID 1 (%s, by %s)\n",
	       init_kind_name(swap->facts.init),
	       swap_method_name(plan->method));
	if (plan->flags & SWAP_KEEP_STORAGE)
		printf("  leave all disks as they are\n");
	else if (storage_survey(print_disk, NULL) < 0)
		printf("  release all disks\n");
	print_network(swap);
	print_carried(swap);
	print_program(&plan->start);
	if (plan->watchdog_s > 0)
		printf("  reboot into the disk after %u s, unless `boomerang "
		       "swap --confirm` comes before\n",
		       plan->watchdog_s);
}
