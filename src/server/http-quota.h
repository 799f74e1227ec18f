/* SPDX-License-Identifier: MIT */
/*
 * A number of places of which no one host can hold more than its share, so
 * that what one does, or has been made to do, leaves some to the others. From
 * any thread.
 */
#pragma once

#include <pthread.h>

#include "base/util.h"

#define HTTP_QUOTA_MAX 256

struct http_quota {
	pthread_mutex_t lock;
	size_t all, share; /* at most HTTP_QUOTA_MAX */
	size_t count;
	uint32_t holders[HTTP_QUOTA_MAX]; /* addresses, host order */
};

void http_quota_init(struct http_quota *quota, size_t all, size_t share);
void http_quota_done(struct http_quota *quota);

/* A place for this address. false: there is none, now. */
bool http_quota_take(struct http_quota *quota, uint32_t address) _must_check;
/* Gives one back that it has. */
void http_quota_give(struct http_quota *quota, uint32_t address);
