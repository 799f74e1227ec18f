/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's table, cell by cell: what follows is written down here a
 * second time, by state, so that a change of one cell must be meant.
 */
#include "bootstrap/supervise.h"

#include "tap.h"

#define ACC ACTION_ACCEPT
#define REF ACTION_REFUSE
#define AWA ACTION_AWAIT
#define LOA ACTION_LOAD
#define HAN ACTION_HANDOVER
#define KIL ACTION_KILL
#define CLE ACTION_CLEAN
#define WEL ACTION_WELCOME
#define REB (ACTION_ACCEPT | ACTION_REBOOT)
#define OFF (ACTION_ACCEPT | ACTION_POWEROFF)
#define KEX (ACTION_ACCEPT | ACTION_KEXEC)

static const struct step want[STATE_COUNT][EVENT_COUNT] = {
	/* load, ready, entered, failed, cancel, return, ended, stuck,
	   cleaned, reboot, poweroff, kexec */
	{ { 1, AWA },
	  { 0, 0 },
	  { 0, 0 },
	  { 0, 0 },
	  { 0, 0 },
	  { 0, REF },
	  { 0, 0 },
	  { 0, 0 },
	  { 0, 0 },
	  { 0, REB },
	  { 0, OFF },
	  { 0, KEX } },
	{ { 1, REF },
	  { 2, LOA },
	  { 1, 0 },
	  { 1, 0 },
	  { 0, WEL },
	  { 0, ACC | WEL },
	  { 1, 0 },
	  { 1, 0 },
	  { 1, 0 },
	  { 1, REB },
	  { 1, OFF },
	  { 1, REF } },
	{ { 2, REF },
	  { 2, 0 },
	  { 3, HAN },
	  { 5, KIL | CLE },
	  { 4, KIL },
	  { 4, ACC | KIL },
	  { 2, 0 },
	  { 2, 0 },
	  { 2, 0 },
	  { 2, REB },
	  { 2, OFF },
	  { 2, REF } },
	{ { 3, REF },
	  { 3, 0 },
	  { 3, 0 },
	  { 3, 0 },
	  { 3, 0 },
	  { 4, ACC | KIL },
	  { 5, KIL | CLE },
	  { 3, 0 },
	  { 3, 0 },
	  { 3, REB },
	  { 3, OFF },
	  { 3, REF } },
	{ { 4, REF },
	  { 4, 0 },
	  { 4, KIL },
	  { 5, CLE },
	  { 4, 0 },
	  { 4, ACC },
	  { 5, CLE },
	  { 5, CLE },
	  { 4, 0 },
	  { 4, REB },
	  { 4, OFF },
	  { 4, REF } },
	{ { 5, REF },
	  { 5, 0 },
	  { 5, KIL },
	  { 5, 0 },
	  { 5, 0 },
	  { 5, ACC },
	  { 5, 0 },
	  { 5, 0 },
	  { 0, WEL },
	  { 5, REB },
	  { 5, OFF },
	  { 5, REF } },
};

static void test_cells(void)
{
	for (int state = 0; state < STATE_COUNT; state++) {
		for (int event = 0; event < EVENT_COUNT; event++) {
			struct step is = supervise(state, event);
			char what[64];

			snprintf(what, sizeof(what), "%s, event %d",
				 state_name(state), event);
			ok(is.next == want[state][event].next &&
				   is.actions == want[state][event].actions,
			   what);
		}
	}
}

/* Whatever happens, in whatever order, the prompt can be reached again. */
static void test_way_home(void)
{
	static const enum event home[] = { EVENT_RETURN, EVENT_STUCK,
					   EVENT_CLEANED };

	for (int state = 0; state < STATE_COUNT; state++) {
		enum state now = state;

		for (size_t i = 0; i < ARRAY_SIZE(home); i++)
			now = supervise(now, home[i]).next;
		ok(now == STATE_IDLE, state_name(state));
	}
}

/* A client that asks is always answered, now or at the end of its load. */
static void test_answers(void)
{
	static const enum event asking[] = { EVENT_LOAD, EVENT_RETURN,
					     EVENT_REBOOT, EVENT_POWEROFF,
					     EVENT_KEXEC };

	for (int state = 0; state < STATE_COUNT; state++)
		for (size_t i = 0; i < ARRAY_SIZE(asking); i++)
			ok(supervise(state, asking[i]).actions &
				   (ACC | REF | AWA),
			   state_name(state));
}

int main(void)
{
	test_cells();
	test_way_home();
	test_answers();
	return tap_done();
}
