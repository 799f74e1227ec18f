/* SPDX-License-Identifier: MIT */
/* What was found and what follows from it, for a person. */
#include <stdio.h>

#include "base/text.h"
#include "cli/boot.h"

void boot_print_source(const struct boot *boot)
{
	const struct boot_source *source = &boot->source;
	char size[SIZE_TEXT_MAX];

	printf("ISO          %s, %s%s\n", source->title,
	       source->size > 0 ? size_text(source->size, size)
				: "of unknown size",
	       boot_is_in_memory(boot) ? ", in memory already" : "");
	if (boot_is_in_memory(boot) && *boot->memory.kept.checked)
		printf("checked by   %s, when it was fetched\n",
		       boot->memory.kept.checked);
	fflush(stdout);
}

static void print_menu(const struct boot_choice *choice)
{
	for (size_t i = 0; i < choice->menu.count; i++) {
		const struct boot_entry *entry = &choice->menu.entries[i];

		printf("%-12s %c %2zu  %s%s\n", i == 0 ? "entries" : "",
		       i == choice->index ? '*' : ' ', i + 1, entry->title,
		       entry->other_system ? " (no Linux)" : "");
	}
}

void boot_print_choice(const struct boot *boot)
{
	const struct boot_choice *choice = &boot->choice;
	const struct boot_entry *entry = &choice->menu.entries[choice->index];
	char size[SIZE_TEXT_MAX];

	if (boot->arguments->dry_run)
		print_menu(choice);
	printf("entry        %s\n", entry->title);
	printf("kernel       %s, %s%s\n", entry->kernel,
	       *choice->kernel.release ? choice->kernel.release
				       : "of unknown release",
	       choice->kernel.is_signed ? ", signed" : "");
	for (size_t i = 0; i < entry->initrd_count; i++)
		printf("%-12s %s\n", i == 0 ? "initrd" : "", entry->initrds[i]);
	printf("%-12s %s in all\n", "", size_text(choice->initrd_size, size));
	printf("medium       %s\n", medium_name(choice->medium));
	fflush(stdout);
}

void boot_print_demand(const struct boot *boot)
{
	if (*boot->demand.who)
		printf("checks       %s\n", boot->demand.who);
	fflush(stdout);
}

void boot_print_method(const struct boot *boot)
{
	char word[64];

	printf("method       %s", boot_method_name(boot->method));
	if ((boot->method == BOOT_PMEM || boot->moves) &&
	    pmem_word(&boot->range, word, sizeof(word)) == 0)
		printf(", %s%s", word,
		       boot->reserves ? ", for which the bootstrap starts again"
		       : boot->moves  ? ", where it goes from the initrd"
				      : "");
	printf("\n");
	fflush(stdout);
}
