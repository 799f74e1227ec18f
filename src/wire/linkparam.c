/* SPDX-License-Identifier: MIT */
#include "wire/linkparam.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>

#include "base/text.h"
#include "wire/cmdline.h"

#define VLAN_ID_MAX  4094
#define MTU_MIN	     68 /* ETH_MIN_MTU of the kernel */
#define MTU_MAX	     65535
#define MIIMON_MS    100
#define BOND_DEVICES "eth0,eth1"

/* The driver's own words, in the order of its numbers. */
static const char *const modes[] = { "balance-rr",  "active-backup",
				     "balance-xor", "broadcast",
				     "802.3ad",	    "balance-tlb",
				     "balance-alb", NULL };
static const char *const policies[] = { "layer2",   "layer3+4", "layer2+3",
					"encap2+3", "encap3+4", "vlan+srcmac",
					NULL };
static const char *const rates[] = { "slow", "fast", NULL };
static const char *const selects[] = { "stable", "bandwidth", "count", NULL };
static const char *const macs[] = { "none", "active", "follow", NULL };
static const char *const reselects[] = { "always", "better", "failure", NULL };
static const char *const validates[] = { "none",	  "active",
					 "backup",	  "all",
					 "filter",	  "filter_active",
					 "filter_backup", NULL };

static const struct bond_word {
	const char *name;
	uint16_t attr;
	uint8_t bytes;
	const char *const *words; /* NULL: a number only */
} bond_words[] = {
	{ "mode", IFLA_BOND_MODE, 1, modes },
	{ "miimon", IFLA_BOND_MIIMON, 4, NULL },
	{ "updelay", IFLA_BOND_UPDELAY, 4, NULL },
	{ "downdelay", IFLA_BOND_DOWNDELAY, 4, NULL },
	{ "use_carrier", IFLA_BOND_USE_CARRIER, 1, NULL },
	{ "arp_interval", IFLA_BOND_ARP_INTERVAL, 4, NULL },
	{ "arp_validate", IFLA_BOND_ARP_VALIDATE, 4, validates },
	{ "primary_reselect", IFLA_BOND_PRIMARY_RESELECT, 1, reselects },
	{ "fail_over_mac", IFLA_BOND_FAIL_OVER_MAC, 1, macs },
	{ "xmit_hash_policy", IFLA_BOND_XMIT_HASH_POLICY, 1, policies },
	{ "min_links", IFLA_BOND_MIN_LINKS, 4, NULL },
	{ "lacp_rate", IFLA_BOND_AD_LACP_RATE, 1, rates },
	{ "ad_select", IFLA_BOND_AD_SELECT, 1, selects },
};

/* The next part of *text up to a separator, which is cut off; NULL: there is
 * no more. */
static char *next_part(char **text, char separator)
{
	char *part = *text, *end;

	if (!part)
		return NULL;
	end = strchr(part, separator);
	if (end)
		*end++ = '\0';
	*text = end;
	return part;
}

static int bad(struct failure *failure, const char *key, const char *text,
	       const char *why)
{
	return failure_set(failure, EINVAL, "%s: \"%s\" %s", key, text, why);
}

/* As dev_valid_name() of the kernel. */
static int copy_name(char name[static IPPARAM_DEVICE_MAX], const char *text,
		     const char *key, struct failure *failure)
{
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c == '/' || *c == ':' || *c == 0x7f)
			return bad(failure, key, text, "is no device");
	if (!*text || str_eq(text, ".") || str_eq(text, "..") ||
	    !str_copy(name, IPPARAM_DEVICE_MAX, text))
		return bad(failure, key, text, "is no device");
	return 0;
}

static int read_vlan_id(struct vlanparam *vlan, struct failure *failure)
{
	const char *digits = vlan->name + strlen(vlan->name);
	uint64_t id;

	while (digits > vlan->name && digits[-1] >= '0' && digits[-1] <= '9')
		digits--;
	if (str_to_u64(digits, VLAN_ID_MAX, &id) < 0 || id == 0)
		return bad(failure, "vlan=", vlan->name,
			   "does not end with the number of a VLAN, 1 to 4094, "
			   "as eth0.7 and vlan7 do");
	vlan->id = (uint16_t)id;
	return 0;
}

int linkparam_parse_vlan(const char *value, struct vlanparam *ret_vlan,
			 struct failure *failure)
{
	struct vlanparam vlan = { 0 };
	char copy[CMDLINE_VALUE_MAX], *rest = copy, *name;
	int r;

	if (!str_copy(copy, sizeof(copy), value))
		return failure_set(failure, EINVAL, "vlan=: too long");
	name = next_part(&rest, ':');
	if (!rest)
		return bad(failure, "vlan=", value, "is not NAME:DEVICE");
	r = copy_name(vlan.name, name, "vlan=", failure);
	if (r == 0)
		r = copy_name(vlan.device, rest, "vlan=", failure);
	if (r == 0)
		r = read_vlan_id(&vlan, failure);
	if (r == 0)
		*ret_vlan = vlan;
	return r;
}

static int read_members(struct bondparam *bond, char *list,
			struct failure *failure)
{
	char *name;
	int r = 0;

	while (r == 0 && (name = next_part(&list, ','))) {
		if (bond->member_count == LINKPARAM_MEMBERS)
			return bad(failure, "bond=", bond->name,
				   "has too many devices");
		r = copy_name(bond->members[bond->member_count], name,
			      "bond=", failure);
		if (r == 0)
			bond->member_count++;
	}
	return r;
}

static int read_arp_targets(struct bondparam *bond, char *list,
			    struct failure *failure)
{
	struct in_addr in;
	char *address;

	while ((address = next_part(&list, ';'))) {
		if (bond->arp_target_count == LINKPARAM_ARP_TARGETS ||
		    inet_pton(AF_INET, address, &in) != 1)
			return bad(failure, "bond=", address,
				   "is no IPv4 address, or one too many");
		bond->arp_targets[bond->arp_target_count++] = ntohl(in.s_addr);
	}
	return 0;
}

static bool find_value(const struct bond_word *word, const char *text,
		       uint32_t *ret_value)
{
	uint64_t number;

	for (uint32_t i = 0; word->words && word->words[i]; i++) {
		if (str_eq(word->words[i], text)) {
			*ret_value = i;
			return true;
		}
	}
	if (str_to_u64(text, word->bytes == 1 ? UINT8_MAX : INT32_MAX,
		       &number) < 0)
		return false;
	*ret_value = (uint32_t)number;
	return true;
}

static int add_number(struct bondparam *bond, uint16_t attr, uint8_t bytes,
		      uint32_t value)
{
	if (bond->option_count == LINKPARAM_OPTIONS)
		return -E2BIG;
	bond->options[bond->option_count++] = (struct bondparam_option){
		.attr = attr, .bytes = bytes, .value = value
	};
	return 0;
}

static int read_number(struct bondparam *bond, const char *name,
		       const char *text, struct failure *failure)
{
	uint32_t value;

	for (size_t i = 0; i < ARRAY_SIZE(bond_words); i++) {
		const struct bond_word *word = &bond_words[i];

		if (!str_eq(word->name, name))
			continue;
		if (!find_value(word, text, &value))
			return bad(failure, "bond=", text,
				   "is no value of this option");
		if (add_number(bond, word->attr, word->bytes, value) < 0)
			return bad(failure, "bond=", name,
				   "is one option too many");
		return 0;
	}
	return bad(failure, "bond=", name, "is no option that is supported");
}

static int read_options(struct bondparam *bond, char *list,
			struct failure *failure)
{
	char *name;
	int r = 0;

	while (r == 0 && (name = next_part(&list, ','))) {
		char *value = strchr(name, '=');

		if (!*name)
			continue;
		if (!value)
			return bad(failure, "bond=", name,
				   "is not OPTION=VALUE");
		*value++ = '\0';
		if (str_eq(name, "arp_ip_target"))
			r = read_arp_targets(bond, value, failure);
		else if (str_eq(name, "primary"))
			r = copy_name(bond->primary, value, "bond=", failure);
		else
			r = read_number(bond, name, value, failure);
	}
	return r;
}

static bool has_option(const struct bondparam *bond, uint16_t attr)
{
	for (size_t i = 0; i < bond->option_count; i++)
		if (bond->options[i].attr == attr)
			return true;
	return false;
}

static int read_mtu(struct bondparam *bond, const char *text,
		    struct failure *failure)
{
	uint64_t mtu;

	if (str_to_u64(text, MTU_MAX, &mtu) < 0 || mtu < MTU_MIN)
		return bad(failure, "bond=", text, "is no MTU");
	bond->mtu = (uint32_t)mtu;
	return 0;
}

int linkparam_parse_bond(const char *value, struct bondparam *ret_bond,
			 struct failure *failure)
{
	struct bondparam bond = { 0 };
	char copy[CMDLINE_VALUE_MAX], *rest = copy, *name, *members, *options;
	char usual[] = BOND_DEVICES;
	int r;

	if (!str_copy(copy, sizeof(copy), value))
		return failure_set(failure, EINVAL, "bond=: too long");
	name = next_part(&rest, ':');
	members = next_part(&rest, ':');
	options = next_part(&rest, ':');
	r = copy_name(bond.name, *name ? name : "bond0", "bond=", failure);
	if (r == 0)
		r = read_members(&bond, members && *members ? members : usual,
				 failure);
	if (r == 0)
		r = read_options(&bond, options, failure);
	if (r == 0 && rest && *rest)
		r = read_mtu(&bond, rest, failure);
	if (r < 0)
		return r;
	/* Else a link that goes down would be used on. */
	if (!has_option(&bond, IFLA_BOND_MIIMON) &&
	    !has_option(&bond, IFLA_BOND_ARP_INTERVAL))
		(void)!add_number(&bond, IFLA_BOND_MIIMON, 4, MIIMON_MS);
	*ret_bond = bond;
	return 0;
}

static int add_vlan(void *context, const char *value, struct failure *failure)
{
	struct linkparams *params = context;
	int r;

	if (params->vlan_count == LINKPARAM_VLANS)
		return failure_set(failure, E2BIG, "vlan=%s: more than %d",
				   value, LINKPARAM_VLANS);
	r = linkparam_parse_vlan(value, &params->vlans[params->vlan_count],
				 failure);
	if (r == 0)
		params->vlan_count++;
	return r;
}

static int add_bond(void *context, const char *value, struct failure *failure)
{
	struct linkparams *params = context;
	int r;

	if (params->bond_count == LINKPARAM_BONDS)
		return failure_set(failure, E2BIG, "bond=%s: more than %d",
				   value, LINKPARAM_BONDS);
	r = linkparam_parse_bond(value, &params->bonds[params->bond_count],
				 failure);
	if (r == 0)
		params->bond_count++;
	return r;
}

int linkparam_from_cmdline(const char *cmdline, struct linkparams *ret_params,
			   struct failure *failure)
{
	static const struct cmdline_key keys[] = {
		{ "vlan", add_vlan },
		{ "bond", add_bond },
	};

	*ret_params = (struct linkparams){ 0 };
	return cmdline_read(cmdline, keys, ARRAY_SIZE(keys), ret_params,
			    failure);
}
