/* SPDX-License-Identifier: MIT */
#include "server/tftp-note.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "wire/ipv4.h"

static const enum stage stages[] = {
	[ROLE_OTHER] = STAGE_LOADER,
	[ROLE_LOADER] = STAGE_LOADER,
	[ROLE_SCRIPT] = STAGE_LOADER,
	[ROLE_KERNEL] = STAGE_KERNEL,
};

static uint32_t address(const struct tftp_session *session)
{
	return ntohl(session->peer.sin_addr.s_addr);
}

/* Names in loader directories say whose they are; others are those of the
 * machine that has this address. */
static void find_machine(struct tftp_session *session)
{
	struct timeline *timeline = session->context->timeline;

	if (session->has_mac)
		timeline_address(timeline, &session->mac, address(session));
	else
		session->has_mac =
			timeline_find_address(timeline, address(session),
					      &session->mac) == 0;
}

void tftp_note_asks(const struct tftp_session *session, enum name_kind kind)
{
	timeline_note(session->context->timeline, &session->mac, STAGE_LOADER,
		      "%s asks what to boot",
		      kind == NAME_GRUB_SCRIPT ? "GRUB" : "iPXE");
}

void tftp_note_begun(struct tftp_session *session)
{
	find_machine(session);
	if (session->has_mac && session->file->fd != FD_NONE)
		timeline_note(session->context->timeline, &session->mac,
			      stages[session->role], "fetching %s by TFTP",
			      session->label);
}

void tftp_note_whole(const struct tftp_session *session)
{
	const struct serve_context *context = session->context;
	char size[SIZE_TEXT_MAX], ip[IPV4_TEXT_MAX];

	if (session->role == ROLE_SCRIPT)
		return;
	size_text(session->file->size, size);
	if (!session->has_mac) {
		journal_line(context->journal, JOURNAL_INFO, "tftp",
			     "%s fetched %s (%s)",
			     ipv4_text(address(session), ip), session->label,
			     size);
		return;
	}
	timeline_note(context->timeline, &session->mac, stages[session->role],
		      "fetched %s (%s) by TFTP", session->label, size);
	if (session->role == ROLE_LOADER)
		machines_loader_fetched(context->machines, &session->mac);
}

void tftp_note_failed(const struct tftp_session *session, const char *how)
{
	const struct serve_context *context = session->context;
	uint64_t arrived = session->window.arrived * session->window.blksize;
	uint64_t size = MAX(session->window.size, 1);
	unsigned int percent = (unsigned int)(MIN(arrived, size) * 100 / size);
	char ip[IPV4_TEXT_MAX];

	if (session->has_mac)
		timeline_warn(context->timeline, &session->mac,
			      stages[session->role],
			      "%s by TFTP ended at %u %%: %s", session->label,
			      percent, how);
	else
		journal_line(context->journal, JOURNAL_WARNING, "tftp",
			     "%s to %s ended at %u %%: %s", session->label,
			     ipv4_text(address(session), ip), percent, how);
}
