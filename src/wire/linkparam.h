/* SPDX-License-Identifier: MIT */
/*
 * Links of the kernel command line that are made of others, in the syntax of
 * dracut.cmdline(7):
 *
 *   vlan=NAME:DEVICE
 *   bond=NAME[:DEVICE,DEVICE…[:OPTION=VALUE,…[:MTU]]]
 */
#pragma once

#include "base/failure.h"
#include "wire/ipparam.h"

#define LINKPARAM_VLANS	      8
#define LINKPARAM_BONDS	      4
#define LINKPARAM_MEMBERS     8
#define LINKPARAM_OPTIONS     16
#define LINKPARAM_ARP_TARGETS 4

struct vlanparam {
	char name[IPPARAM_DEVICE_MAX];
	char device[IPPARAM_DEVICE_MAX];
	uint16_t id; /* 1 .. 4094 */
};

/* An option of the bonding driver that is a number. */
struct bondparam_option {
	uint16_t attr; /* IFLA_BOND_* of linux/if_link.h */
	uint8_t bytes; /* 1 or 4 */
	uint32_t value;
};

struct bondparam {
	char name[IPPARAM_DEVICE_MAX];
	size_t member_count;
	char members[LINKPARAM_MEMBERS][IPPARAM_DEVICE_MAX];
	size_t option_count;
	struct bondparam_option options[LINKPARAM_OPTIONS];
	size_t arp_target_count;
	uint32_t arp_targets[LINKPARAM_ARP_TARGETS]; /* host order */
	char primary[IPPARAM_DEVICE_MAX];	     /* "": none */
	uint32_t mtu;				     /* 0: not given */
};

struct linkparams {
	size_t vlan_count;
	struct vlanparam vlans[LINKPARAM_VLANS];
	size_t bond_count;
	struct bondparam bonds[LINKPARAM_BONDS];
};

/*
 * Reads the value of one vlan=. The number is what the name ends with (eth0.7,
 * eth0.0007, vlan7, vlan0007). -EINVAL with *failure for a person.
 */
int linkparam_parse_vlan(const char *value, struct vlanparam *ret_vlan,
			 struct failure *failure) _must_check;

/*
 * Reads the value of one bond=. Without devices these are eth0 and eth1;
 * without options the mode is balance-rr, and where none of them says how
 * links are watched, it is by carrier every 100 ms. -EINVAL with *failure:
 * also for an option or a value that is not known.
 */
int linkparam_parse_bond(const char *value, struct bondparam *ret_bond,
			 struct failure *failure) _must_check;

/* Reads all vlan= and bond= of a command line, as ipparam_from_cmdline()
 * does. */
int linkparam_from_cmdline(const char *cmdline, struct linkparams *ret_params,
			   struct failure *failure) _must_check;
