/* SPDX-License-Identifier: MIT */
/*
 * Option 43 as PXE uses it (Preboot Execution Environment 2.1, section 2.2):
 * how a client finds its boot server, and the menu it shows. Addresses and
 * numbers are in host order.
 */
#pragma once

#include "wire/build.h"
#include "wire/view.h"

enum pxe43_code {
	PXE43_DISCOVERY = 6,
	PXE43_BOOT_SERVERS = 8,
	PXE43_BOOT_MENU = 9,
	PXE43_MENU_PROMPT = 10,
	PXE43_BOOT_ITEM = 71,
	PXE43_END = 255,
};

/* Bits of PXE43_DISCOVERY. */
enum pxe43_discovery {
	PXE43_NO_BROADCAST = 1,
	PXE43_NO_MULTICAST = 2,
	PXE43_LISTED_ONLY = 4,
	PXE43_USE_FILE = 8, /* this very reply names the boot file */
};

/* Types of boot servers, which are those of menu items, too. */
#define PXE43_TYPE_LOCAL  0	 /* as an item: boot from the disk */
#define PXE43_TYPE_VENDOR 0x8000 /* from here on free for anybody */

#define PXE43_TEXT_MAX 200

/* What was chosen, and which file of it, from 0 on. */
struct pxe43_item {
	uint16_t type;
	uint16_t layer;
};

/* The item that a client asks for, of the value of its option 43. -ENODATA:
 * none; -EBADMSG: malformed. */
int pxe43_get_item(struct view option, struct pxe43_item *ret_item) _must_check;

/* Writing the value of option 43, in any order, pxe43_end() last. */
void pxe43_add_discovery(struct build *b, uint8_t bits);
/* One boot server with one address. */
void pxe43_add_server(struct build *b, uint16_t type, uint32_t address);
/* A menu of one item; of text at most PXE43_TEXT_MAX bytes are taken. */
void pxe43_add_menu(struct build *b, uint16_t type, const char *text);
/* After timeout_s (0: at once, unseen; 255: never) the first item is taken. */
void pxe43_add_prompt(struct build *b, uint8_t timeout_s, const char *text);
void pxe43_add_item(struct build *b, struct pxe43_item item);
void pxe43_end(struct build *b);
