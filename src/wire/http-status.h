/* SPDX-License-Identifier: MIT */
#pragma once

/* The words for a status of HTTP that servers commonly refuse with (RFC 9110
 * section 15): "Not Found"; "" for others. */
const char *http_status_words(long status);
