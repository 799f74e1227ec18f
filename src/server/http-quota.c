/* SPDX-License-Identifier: MIT */
#include "server/http-quota.h"

void http_quota_init(struct http_quota *quota, size_t all, size_t share)
{
	pthread_mutex_init(&quota->lock, NULL);
	quota->all = all;
	quota->share = share;
	quota->count = 0;
}

void http_quota_done(struct http_quota *quota)
{
	pthread_mutex_destroy(&quota->lock);
}

bool http_quota_take(struct http_quota *quota, uint32_t address)
{
	size_t held = 0;
	bool may;

	pthread_mutex_lock(&quota->lock);
	for (size_t i = 0; i < quota->count; i++)
		held += quota->holders[i] == address;
	may = quota->count < quota->all && held < quota->share;
	if (may)
		quota->holders[quota->count++] = address;
	pthread_mutex_unlock(&quota->lock);
	return may;
}

void http_quota_give(struct http_quota *quota, uint32_t address)
{
	pthread_mutex_lock(&quota->lock);
	for (size_t i = 0; i < quota->count; i++) {
		if (quota->holders[i] != address)
			continue;
		quota->holders[i] = quota->holders[--quota->count];
		break;
	}
	pthread_mutex_unlock(&quota->lock);
}
