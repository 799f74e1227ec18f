/* SPDX-License-Identifier: MIT */
/* Attributes and macros that every file may use. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define _must_check    __attribute__((warn_unused_result))
#define _printf(f, a)  __attribute__((format(printf, f, a)))
#define _unused	       __attribute__((unused))
#define _cleanup(func) __attribute__((cleanup(func)))

#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	   ((a) < (b) ? (a) : (b))
#define MAX(a, b)	   ((a) > (b) ? (a) : (b))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

/* The object of type that contains member at ptr. */
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define NS_PER_MS ((int64_t)1000000)
#define MS_PER_S  ((int64_t)1000)
