/* SPDX-License-Identifier: MIT */
/* Between fetch.c and the transport for URLs. */
#pragma once

#include "image/fetch.h"

int fetch_http_run(struct fetch *fetch, struct failure *failure) _must_check;
size_t fetch_http_tail(struct fetch *fetch, void *buf, size_t len);
