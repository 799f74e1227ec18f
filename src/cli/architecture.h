/* SPDX-License-Identifier: MIT */
/* Names of architectures: ours (root/examine.h), and those of Go, which
 * container images use. Pure. */
#pragma once

/* Ours: "x86-64". */
const char *architecture_here(void);
/* "amd64" to "x86-64"; what is not known stays. */
const char *architecture_from_go(const char *name);
/* "x86-64" to "amd64"; what is not known stays. */
const char *architecture_to_go(const char *name);
