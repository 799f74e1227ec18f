/* SPDX-License-Identifier: MIT */
/* Letters of many threads are opened once each, in order, on the loop. */
#include "loop/mailbox.h"

#include "tap.h"

#define THREADS 4
#define LETTERS 20000

struct parcel {
	struct letter letter;
	int thread, number;
};

static struct loop loop;
static struct mailbox mailbox;
static struct parcel parcels[THREADS][LETTERS];
static int opened, expected[THREADS], out_of_order, on_other_thread;
static pthread_t loop_thread;

static void open_parcel(struct letter *letter)
{
	struct parcel *parcel = container_of(letter, struct parcel, letter);

	out_of_order += parcel->number != expected[parcel->thread]++;
	on_other_thread += !pthread_equal(pthread_self(), loop_thread);
	if (++opened == THREADS * LETTERS)
		loop.stop = true;
}

static void *post_all(void *context)
{
	struct parcel *mine = context;

	for (int i = 0; i < LETTERS; i++)
		mailbox_post(&mailbox, &mine[i].letter);
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[THREADS];

	loop_thread = pthread_self();
	for (int t = 0; t < THREADS; t++) {
		for (int i = 0; i < LETTERS; i++)
			parcels[t][i] = (struct parcel){
				.letter = { .open = open_parcel },
				.thread = t,
				.number = i,
			};
		pthread_create(&threads[t], NULL, post_all, parcels[t]);
	}
	ok_int(loop_run(&loop), 0, "all are opened");
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	ok_int(out_of_order, 0, "each thread's in its order");
	ok_int(on_other_thread, 0, "on the loop's thread");
}

static int count;

static void open_again(struct letter *letter)
{
	if (++count < 3)
		mailbox_post(&mailbox, letter);
}

static void test_again(void)
{
	struct letter letter = { .open = open_again };

	mailbox_post(&mailbox, &letter);
	mailbox_post(&mailbox, &letter);
	ok_int(loop_turn(&loop, 1000), 0, "a turn");
	ok_int(count, 3, "a letter posts itself again, and only when open");
}

static void open_for_ever(struct letter *letter)
{
	if (++count < 10000)
		mailbox_post(&mailbox, letter);
}

static void test_others(void)
{
	struct letter letter = { .open = open_for_ever };
	int turns = 0;

	count = 0;
	mailbox_post(&mailbox, &letter);
	ok_int(loop_turn(&loop, 1000), 0, "a turn");
	ok(count < 10000, "letters without end leave others their turn");
	while (count < 10000 && turns++ < 10000)
		if (loop_turn(&loop, 1000) < 0)
			break;
	ok_int(count, 10000, "and are all opened in further ones");
}

static void test_done(void)
{
	struct letter letter = { .open = open_again };

	count = 2;
	mailbox_post(&mailbox, &letter);
	mailbox_done(&mailbox);
	ok_int(count, 3, "what is left at the end is opened");
}

int main(void)
{
	if (!ok(loop_init(&loop, NULL, NULL) == 0, "a loop without signals") ||
	    !ok(mailbox_init(&mailbox, &loop) == 0, "a mailbox"))
		return tap_done();
	test_threads();
	test_again();
	test_others();
	test_done();
	loop_done(&loop);
	return tap_done();
}
