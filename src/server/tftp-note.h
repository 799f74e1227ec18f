/* SPDX-License-Identifier: MIT */
/* What the operator and the rest of the server learn of a transfer. */
#pragma once

#include "server/tftp-session.h"

/* It asks for its script; that it got it says nothing more. */
void tftp_note_asks(const struct tftp_session *session, enum name_kind kind);
/* The first of the file arrived. */
void tftp_note_begun(struct tftp_session *session);
void tftp_note_whole(const struct tftp_session *session);
void tftp_note_failed(const struct tftp_session *session, const char *how);
