/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/if_link.h>

#include "tap.h"
#include "wire/linkparam.h"

static const struct {
	const char *value, *name, *device;
	uint16_t id;
} vlans[] = {
	{ "eth0.7:eth0", "eth0.7", "eth0", 7 },
	{ "eth0.0007:eth0", "eth0.0007", "eth0", 7 },
	{ "vlan4094:bond0", "vlan4094", "bond0", 4094 },
	{ "vlan0005:eth1", "vlan0005", "eth1", 5 },
};

static const char *const bad_vlans[] = {
	"",
	"vlan7",
	"vlan:eth0",
	"vlan0:eth0",
	"v4095:eth0",
	"vlan7:",
	":eth0",
	"vlan7:a b",
	"vlan7:a:b",
	"sixteen-letters7:eth0",
	"v99999999999999999999:eth0",
};

static void test_vlans(void)
{
	struct failure failure;
	struct vlanparam vlan;

	for (size_t i = 0; i < ARRAY_SIZE(vlans); i++)
		ok(linkparam_parse_vlan(vlans[i].value, &vlan, &failure) == 0 &&
			   !strcmp(vlan.name, vlans[i].name) &&
			   !strcmp(vlan.device, vlans[i].device) &&
			   vlan.id == vlans[i].id,
		   vlans[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(bad_vlans); i++)
		ok(linkparam_parse_vlan(bad_vlans[i], &vlan, &failure) ==
			   -EINVAL,
		   bad_vlans[i]);
}

/* The value of an option; UINT32_MAX: it is not there. */
static uint32_t option(const struct bondparam *bond, uint16_t attr)
{
	for (size_t i = 0; i < bond->option_count; i++)
		if (bond->options[i].attr == attr)
			return bond->options[i].value;
	return UINT32_MAX;
}

static void test_usual_bond(void)
{
	struct failure failure;
	struct bondparam bond;

	ok_int(linkparam_parse_bond("bond0", &bond, &failure), 0,
	       "a name alone");
	ok_int((int64_t)bond.member_count, 2, "has two devices");
	ok_str(bond.members[1], "eth1", "which are eth0 and eth1");
	ok_int(option(&bond, IFLA_BOND_MIIMON), 100, "watches their carrier");
	ok_int(option(&bond, IFLA_BOND_MODE), UINT32_MAX,
	       "and has the driver's mode");
	ok_int(linkparam_parse_bond("", &bond, &failure), 0, "nothing at all");
	ok_str(bond.name, "bond0", "is bond0");
}

static void test_bond(void)
{
	struct failure failure;
	struct bondparam bond;

	ok_int(linkparam_parse_bond(
		       "team:ens1,ens2,ens3:mode=active-backup,miimon=50,"
		       "primary=ens2,xmit_hash_policy=layer3+4,lacp_rate=1:9000",
		       &bond, &failure),
	       0, "a bond with options");
	ok_str(bond.name, "team", "its name");
	ok_int((int64_t)bond.member_count, 3, "its devices");
	ok_str(bond.members[2], "ens3", "in their order");
	ok_int(option(&bond, IFLA_BOND_MODE), 1, "a mode by name");
	ok_int(option(&bond, IFLA_BOND_MIIMON), 50, "a number");
	ok_int(option(&bond, IFLA_BOND_XMIT_HASH_POLICY), 1, "a policy");
	ok_int(option(&bond, IFLA_BOND_AD_LACP_RATE), 1, "a word as a number");
	ok_str(bond.primary, "ens2", "a device");
	ok_int(bond.mtu, 9000, "its MTU");
	ok_int(linkparam_parse_bond("b:e:mode=1,arp_interval=100,"
				    "arp_ip_target=192.0.2.1;192.0.2.2",
				    &bond, &failure),
	       0, "one that asks by ARP");
	ok_int((int64_t)bond.arp_target_count, 2, "has addresses to ask");
	ok_int(bond.arp_targets[1], 0xc0000202, "in their order");
	ok_int(option(&bond, IFLA_BOND_MIIMON), UINT32_MAX,
	       "and watches no carrier");
}

static const char *const bad_bonds[] = {
	"bond0:eth0,",
	"bond0:a b",
	"bond0:1,2,3,4,5,6,7,8,9",
	"bond0:eth0:mode",
	"bond0:eth0:mode=fast",
	"bond0:eth0:mode=256",
	"bond0:eth0:miimon=-1",
	"bond0:eth0:no_such_thing=1",
	"bond0:eth0:arp_ip_target=x",
	"bond0:eth0:arp_ip_target=1.1.1.1;1.1.1.2;1.1.1.3;1.1.1.4;1.1.1.5",
	"bond0:eth0:mode=1:12",
	"bond0:eth0:mode=1:1500:x",
	"a-name-too-long-for-a-link",
	"..",
};

static void test_bad_bonds(void)
{
	struct failure failure;
	struct bondparam bond;

	for (size_t i = 0; i < ARRAY_SIZE(bad_bonds); i++)
		ok(linkparam_parse_bond(bad_bonds[i], &bond, &failure) ==
			   -EINVAL,
		   bad_bonds[i]);
}

static void test_cmdline(void)
{
	struct failure failure = { 0 };
	struct linkparams params;

	ok_int(linkparam_from_cmdline("quiet vlan=bond0.7:bond0 bond=bond0 "
				      "ip=dhcp vlan=v8:eth1",
				      &params, &failure),
	       0, "several of a command line");
	ok(params.vlan_count == 2 && params.bond_count == 1, "all of them");
	ok_int(linkparam_from_cmdline("vlan=x bond=b::x vlan=v8:eth1", &params,
				      &failure),
	       -EINVAL, "wrong ones are refused");
	ok_int((int64_t)params.vlan_count, 1, "and the others kept");
	ok(strstr(failure.text, "vlan=") != NULL, "the first one is named");
	ok_int(linkparam_from_cmdline("bond=a bond=b bond=c bond=d bond=e",
				      &params, &failure),
	       -E2BIG, "more than fit are refused");
}

int main(void)
{
	test_vlans();
	test_usual_bond();
	test_bond();
	test_bad_bonds();
	test_cmdline();
	return tap_done();
}
