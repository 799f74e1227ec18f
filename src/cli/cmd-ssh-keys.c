/* SPDX-License-Identifier: MIT */
/*
 * boomerang ssh-keys WORD...: for PID 1, which gives what ssh_key= says on the
 * kernel command line. Writes the keys to SSH_TOLD_KEYS, those that stand there
 * at once, those at URLs as soon as they were fetched, and ends when it has
 * all. Nobody sees it, so it does not give up: the network may be late, and a
 * server too.
 */
#include <poll.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/newfile.h"
#include "base/ssh-keys.h"
#include "base/text.h"
#include "cli/commands.h"
#include "image/http.h"
#include "wire/ssh.h"

#define ANSWER_MAX     (64 * KIB)
#define WAIT_MS	       500 /* doubled from time to time, up to this: */
#define WAIT_MAX_MS    5000
#define UNSAID_MS      20000 /* as long the network may take without a word */
#define WORD_SHOWN_MAX 80

struct wanted {
	const char *url; /* NULL: done */
	bool complained;
};

static bool is_url(const char *word)
{
	return str_after(word, "http://") || str_after(word, "https://");
}

static int write_keys(const struct text *keys)
{
	struct failure failure;

	if (keys->cut)
		failure_set(&failure, E2BIG, "too many keys");
	else if (newfile_write(SSH_TOLD_KEYS, 0600, keys->buf, keys->len,
			       &failure) == 0)
		return 0;
	log_error(SSH_WORD "=: %s", failure.text);
	return -1;
}

static int fetch(const char *url, struct text *keys, struct failure *failure)
{
	const struct http_question question = {
		.url = url,
		.name = url,
		.size_max = ANSWER_MAX,
	};
	struct http_answer answer;
	int r = http_ask(&question, &answer, failure);

	if (r < 0)
		return r;
	if (answer.status != 200)
		r = failure_set(failure, EIO, "%s: the server says %ld", url,
				answer.status);
	else if (strlen(answer.body) != answer.size ||
		 ssh_keys_add(keys, answer.body) < 0)
		r = failure_set(failure, EBADMSG,
				"%s: what is there are not public keys", url);
	http_answer_free(&answer);
	return r;
}

/* True: there is nothing more to try. */
static bool fetch_one(struct wanted *wanted, struct text *keys)
{
	const size_t len = keys->len;
	struct failure failure;

	if (fetch(wanted->url, keys, &failure) == 0) {
		log_info(SSH_WORD "=%s: fetched", wanted->url);
		return write_keys(keys) == 0;
	}
	/* A few may have been good: all of a file, or nothing. */
	keys->len = len;
	keys->buf[len] = '\0';
	if (!wanted->complained && clock_ms() > UNSAID_MS) {
		log_warning(SSH_WORD "=%s (tried again)", failure.text);
		wanted->complained = true;
	}
	return false;
}

static int fetch_all(struct wanted *wanted, size_t count, struct text *keys)
{
	size_t left = count;
	struct failure failure;

	if (http_start(&failure) < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	for (int wait_ms = WAIT_MS;; wait_ms = MIN(2 * wait_ms, WAIT_MAX_MS)) {
		for (size_t i = 0; i < count; i++)
			if (wanted[i].url && fetch_one(&wanted[i], keys)) {
				wanted[i].url = NULL;
				left--;
			}
		if (left == 0)
			return STATUS_OK;
		(void)poll(NULL, 0, wait_ms);
	}
}

int cmd_ssh_keys(int argc, char **argv)
{
	_cleanup_free char *room = malloc(SSH_KEYS_MAX);
	_cleanup_free struct wanted *wanted =
		calloc((size_t)argc, sizeof(*wanted));
	struct text keys;
	size_t count = 0;

	if (!room || !wanted) {
		log_error(SSH_WORD "=: no memory");
		return STATUS_FAILED;
	}
	keys = text_over(room, SSH_KEYS_MAX);
	for (int i = 1; i < argc; i++) {
		if (is_url(argv[i]))
			wanted[count++].url = argv[i];
		else if (ssh_keys_add(&keys, argv[i]) < 0)
			log_error(SSH_WORD "=%.*s: neither a public key nor a "
					   "URL of some",
				  WORD_SHOWN_MAX, argv[i]);
	}
	if (keys.len > 0 && write_keys(&keys) < 0)
		return STATUS_FAILED;
	return count > 0 ? fetch_all(wanted, count, &keys) : STATUS_OK;
}
