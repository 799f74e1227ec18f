/* SPDX-License-Identifier: MIT */
/*
 * The eventfd is written when the first letter comes and read before any is
 * taken, so a letter that is posted meanwhile wakes the loop once more. Letters
 * are taken one by one: opening one may end what another is about. Who posts as
 * fast as letters are opened must not keep the loop from all else, so only some
 * are opened in one turn of it.
 */
#include "loop/mailbox.h"

#include <sys/eventfd.h>

#include "base/cleanup.h"

#define LETTERS_TURN 64

static struct letter *take(struct mailbox *mailbox)
{
	struct letter *letter;

	pthread_mutex_lock(&mailbox->lock);
	letter = mailbox->first;
	if (letter) {
		mailbox->first = letter->next;
		if (!mailbox->first)
			mailbox->end = &mailbox->first;
		letter->posted = false;
	}
	pthread_mutex_unlock(&mailbox->lock);
	return letter;
}

/* Whether there was one. */
static bool open_next(struct mailbox *mailbox)
{
	struct letter *letter = take(mailbox);

	if (letter)
		letter->open(letter);
	return letter;
}

static void ready(struct source *source, _unused uint32_t events)
{
	struct mailbox *mailbox = container_of(source, struct mailbox, source);
	eventfd_t count;

	(void)eventfd_read(source->fd, &count);
	for (int i = 0; i < LETTERS_TURN; i++)
		if (!open_next(mailbox))
			return;
	/* Whoever posts behind what is left does not write it. */
	(void)eventfd_write(source->fd, 1);
}

int mailbox_init(struct mailbox *mailbox, struct loop *loop)
{
	int r;

	*mailbox = (struct mailbox){
		.loop = loop,
		.source = { .ready = ready },
		.end = &mailbox->first,
	};
	mailbox->source.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->source.fd < 0)
		return -errno;
	r = loop_add(loop, &mailbox->source, EPOLLIN);
	if (r < 0) {
		mailbox->source.fd = fd_close(mailbox->source.fd);
		return r;
	}
	pthread_mutex_init(&mailbox->lock, NULL);
	return 0;
}

void mailbox_done(struct mailbox *mailbox)
{
	while (open_next(mailbox))
		;
	loop_remove(mailbox->loop, &mailbox->source);
	mailbox->source.fd = fd_close(mailbox->source.fd);
	pthread_mutex_destroy(&mailbox->lock);
}

void mailbox_post(struct mailbox *mailbox, struct letter *letter)
{
	bool first = false;

	pthread_mutex_lock(&mailbox->lock);
	if (!letter->posted) {
		first = !mailbox->first;
		letter->posted = true;
		letter->next = NULL;
		*mailbox->end = letter;
		mailbox->end = &letter->next;
	}
	pthread_mutex_unlock(&mailbox->lock);
	/* Full is impossible: it is written twice at most before it is read. */
	if (first)
		(void)eventfd_write(mailbox->source.fd, 1);
}
