/* SPDX-License-Identifier: MIT */
#include "cli/image-arguments.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress-line.h"

static int set_sha256(struct image_arguments *a, const char *value,
		      const char *verb)
{
	if (!control_sha256_valid(value))
		return command_misuse(verb,
				      "--sha256 wants 64 hexadecimal digits, "
				      "not \"%s\"",
				      value);
	for (size_t i = 0; i < SHA256_HEX_MAX; i++)
		a->sha256[i] = (char)tolower((unsigned char)value[i]);
	return STATUS_OK;
}

static int add_key(struct image_arguments *a, const char *path,
		   const char *verb)
{
	if (a->key_count == TRUST_KEYS_MAX)
		return command_misuse(verb, "more than %d keys",
				      TRUST_KEYS_MAX);
	a->keys[a->key_count++] = path;
	return STATUS_OK;
}

int image_argument_next(struct image_arguments *a, int argc, char **argv,
			const struct option *options)
{
	static const struct option common[] = { IMAGE_OPTIONS, { 0 } };
	int option, status = STATUS_OK;

	while (status == STATUS_OK) {
		option = getopt_long(argc, argv, a->in_order ? "+:" : ":",
				     options ? options : common, NULL);
		switch (option) {
		case 'H':
			status = set_sha256(a, optarg, argv[0]);
			break;
		case 'R':
			a->require_signature = true;
			break;
		case 'T':
			status = add_key(a, optarg, argv[0]);
			break;
		case '?':
		case ':':
			status = command_bad_option(option, argv);
			break;
		default:
			return option;
		}
	}
	return IMAGE_ARGUMENT_WRONG;
}

int image_arguments_ready(struct image_arguments *a, struct failure *failure)
{
	int r = trust_read(&a->trust, failure);

	for (size_t i = 0; r == 0 && i < a->key_count; i++)
		r = trust_add_file(&a->trust, a->keys[i], failure);
	a->trust.required |= a->require_signature;
	a->request.sha256 = a->sha256;
	a->request.trust = &a->trust;
	return r;
}

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number _unused)
{
	interrupted = 1;
}

void image_interrupts_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction note = { .sa_handler = note_interrupt };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &note, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool image_interrupted(void)
{
	return interrupted;
}

int image_show_progress(void *context, const struct progress *progress)
{
	struct progress_meter *meter = context;
	char line[PROGRESS_LINE_MAX];

	if (interrupted)
		return -ECANCELED;
	if (!isatty(STDERR_FILENO))
		return 0;
	fprintf(stderr, "\r%-*s", PROGRESS_LINE_MAX - 1,
		progress_line(&meter->before, progress, line));
	progress_meter_add(meter, progress);
	return 0;
}

void image_hide_progress(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%*s\r", PROGRESS_LINE_MAX - 1, "");
}
