/* SPDX-License-Identifier: MIT */
/*
 * Real leaks, really undone: in a network, mount, PID and UTS namespace of
 * its own, each scenario takes the audit, leaves something behind and settles.
 * Needs root; what this kernel cannot do is skipped with its reason.
 *
 * Block devices, swap and zram belong to the whole machine. The scope ignores
 * every change that does not name what a scenario made, so that nothing of
 * anybody else's is touched.
 */
#include <endian.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "../unit/tap.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/netlink.h"
#include "base/path.h"
#include "base/spawn.h"
#include "root/audit-internal.h"
#include "root/loopdev.h"

#define BIT(probe) (UINT32_C(1) << (probe))

#define NETWORK                                                        \
	(BIT(AUDIT_LINKS) | BIT(AUDIT_SYSCTL) | BIT(AUDIT_ADDRESSES) | \
	 BIT(AUDIT_ROUTES) | BIT(AUDIT_RULES) | BIT(AUDIT_NFTABLES))
#define DEVICES                                                  \
	(BIT(AUDIT_SWAP) | BIT(AUDIT_MOUNTS) | BIT(AUDIT_LOOP) | \
	 BIT(AUDIT_DM) | BIT(AUDIT_ZRAM))

static char scratch[64];     /* a directory, a tmpfs in our namespace */
static char cgroup_dir[128]; /* a cgroup of our own, "": none */
static char cgroup_path[64]; /* its name within cgroup2 */
static char mine[4][64];     /* what a scenario made of the machine's */
static pid_t left_process;
static struct arena *arena;

/* -- scope -- */

static bool is_not_mine(enum audit_probe probe, const struct change *change)
{
	const struct fact *fact = change_fact(change);
	char value[256];

	if (!(BIT(probe) & (BIT(AUDIT_SWAP) | BIT(AUDIT_LOOP) | BIT(AUDIT_DM) |
			    BIT(AUDIT_ZRAM))))
		return false;
	(void)fact_text(fact, value, sizeof(value));
	for (size_t i = 0; i < ARRAY_SIZE(mine); i++)
		if (mine[i][0] &&
		    (strstr(fact->key, mine[i]) || strstr(value, mine[i])))
			return false;
	return true;
}

static char dev_root[96];

static struct audit_scope scope = {
	.cgroup_root = cgroup_dir,
	.cgroup_ours = cgroup_path,
	.sysctl_dir = "net",
	.dev_root = dev_root,
	.ignore = is_not_mine,
};

/* -- tools -- */

/* Runs a command of words separated by spaces; its exit status. */
static int run(const char *command)
{
	char copy[256], *at = copy;
	const char *argv[24] = { 0 };
	const struct spawn what = {
		.argv = argv,
		.fd = { FD_NONE, FD_NONE, STDERR_FILENO },
		.extra_fd = FD_NONE,
	};
	struct failure failure = { 0 };
	size_t n = 0;
	int r;

	(void)str_copy(copy, sizeof(copy), command);
	while (at && n < ARRAY_SIZE(argv) - 1)
		argv[n++] = strsep(&at, " ");
	r = spawn_wait(&what, &failure);
	if (r != 0)
		printf("# %s: %d %s\n", command, r, failure.text);
	return r;
}

static bool all(const char *const *commands)
{
	for (; *commands; commands++)
		if (run(*commands) != 0)
			return false;
	return true;
}

#define run_all(...) all((const char *const[]){ __VA_ARGS__, NULL })

static const char *in_scratch(const char *name)
{
	static char path[4][160];
	static unsigned next;
	char *buf = path[next++ % ARRAY_SIZE(path)];

	snprintf(buf, sizeof(path[0]), "%s/%s", scratch, name);
	return buf;
}

static bool write_to(const char *path, const char *text)
{
	int r = file_write(AT_FDCWD, path, text);

	if (r < 0)
		printf("# %s: %s\n", path, strerror(-r));
	return r == 0;
}

static bool make_file(const char *name, off_t size)
{
	_cleanup_fd int fd = open(in_scratch(name),
				  O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd >= 0 && ftruncate(fd, size) == 0;
}

/* As a target would: not to be cleared by itself. */
static bool keep_attached(int fd)
{
	struct loop_info64 info;

	if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
		return false;
	info.lo_flags &= ~(uint32_t)LO_FLAGS_AUTOCLEAR;
	return ioctl(fd, LOOP_SET_STATUS64, &info) == 0;
}

static bool attach(const char *path, size_t slot,
		   char ret_path[static LOOPDEV_PATH_MAX])
{
	_cleanup_fd int file_fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_fd int fd = FD_NONE;
	struct failure failure;

	if (file_fd < 0)
		return false;
	fd = loopdev_attach(file_fd, 0, 0, ret_path, &failure);
	if (fd < 0) {
		printf("# %s\n", failure.text);
		return false;
	}
	(void)str_copy(mine[slot], sizeof(mine[slot]),
		       ret_path + strlen("/dev/"));
	return keep_attached(fd);
}

/* -- network -- */

static bool leak_links(void)
{
	return run_all("ip link add brleak type bridge",
		       "ip link add vleak0 type veth peer name vleak1",
		       "ip link set vleak0 master brleak",
		       "ip link set brleak up",
		       "ip address add 10.50.0.1/24 dev brleak");
}

static bool leak_rename(void)
{
	return run_all("ip link set eth0 down", "ip link set eth0 name ens3",
		       "ip link set ens3 mtu 1400",
		       "ip link set ens3 address 02:00:00:00:00:99",
		       "ip link set ens3 promisc on", "ip link set ens3 up");
}

static bool leak_swapped_names(void)
{
	return run_all("ip link set eth0 down", "ip link set eth1 down",
		       "ip link set eth0 name ethx",
		       "ip link set eth1 name eth0",
		       "ip link set ethx name eth1");
}

static bool leak_down(void)
{
	return run("ip link set eth0 down") == 0;
}

static bool leak_enslaved(void)
{
	return run_all("ip link add brleak type bridge",
		       "ip link set eth0 master brleak");
}

static bool leak_lost_link(void)
{
	return run("ip link delete eth0") == 0;
}

static bool leak_addresses(void)
{
	return run_all("ip address add 10.9.9.9/24 dev eth0",
		       "ip address add fd99::1/64 dev eth0",
		       "ip address delete 10.9.0.1/24 dev eth0",
		       "ip address delete fd09::1/64 dev eth0");
}

static bool leak_lifetime(void)
{
	return run("ip address change 10.9.0.1/24 dev eth0 valid_lft 60 "
		   "preferred_lft 60") == 0;
}

static bool leak_routes(void)
{
	return run_all("ip route delete default",
		       "ip route add 10.77.0.0/16 via 10.9.0.3 table 100",
		       "ip route change 10.66.0.0/16 via 10.9.0.2 mtu 1300",
		       "ip route add unreachable 10.55.0.0/16",
		       "ip -6 route delete default",
		       "ip -6 route add fd77::/64 via fd09::3");
}

static bool leak_rules(void)
{
	return run_all("ip rule add from 10.9.9.0/24 lookup 100",
		       "ip rule add fwmark 7 iif eth0 lookup 101 priority 50",
		       "ip rule delete lookup 200",
		       "ip -6 rule add to fd99::/64 lookup 102");
}

static bool leak_net_sysctl(void)
{
	return write_to("/proc/sys/net/ipv4/ip_forward", "1") &&
	       write_to("/proc/sys/net/ipv4/conf/eth0/rp_filter", "2") &&
	       write_to("/proc/sys/net/core/somaxconn", "77");
}

static bool leak_no_ipv6(void)
{
	return write_to("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
}

static bool leak_everything(void)
{
	return leak_no_ipv6() && leak_net_sysctl() && leak_links() &&
	       leak_rename();
}

static const char *no_nft(void)
{
	_cleanup_fd int fd = netlink_open(NETLINK_NETFILTER);
	struct nfgenmsg header = { .version = NFNETLINK_V0 };
	struct netlink_request request;

	if (fd < 0)
		return "no nfnetlink in this kernel";
	netlink_begin(&request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0,
		      &header, sizeof(header));
	return netlink_talk(fd, &request) < 0 ? "no nf_tables in this kernel"
					      : NULL;
}

static bool nft_add_table(uint8_t family, const char *name)
{
	const struct nfgenmsg batch = {
		.version = NFNETLINK_V0,
		.res_id = htobe16(NFNL_SUBSYS_NFTABLES),
	};
	const struct nfgenmsg header = {
		.nfgen_family = family,
		.version = NFNETLINK_V0,
	};
	struct netlink_request parts[3];
	struct iovec vec[3];
	const struct msghdr message = { .msg_iov = vec, .msg_iovlen = 3 };
	_cleanup_fd int fd = netlink_open(NETLINK_NETFILTER);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer = { 0 };

	netlink_begin(&parts[0], NFNL_MSG_BATCH_BEGIN, 0, &batch,
		      sizeof(batch));
	netlink_begin(&parts[1], NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE,
		      NLM_F_CREATE | NLM_F_ACK, &header, sizeof(header));
	netlink_attr(&parts[1], NFTA_TABLE_NAME, name, strlen(name) + 1);
	netlink_begin(&parts[2], NFNL_MSG_BATCH_END, 0, &batch, sizeof(batch));
	for (size_t i = 0; i < 3; i++)
		vec[i] = (struct iovec){
			.iov_base = parts[i].bytes,
			.iov_len = NLMSG_ALIGN(parts[i].header.nlmsg_len),
		};
	return fd >= 0 && sendmsg(fd, &message, 0) > 0 &&
	       recv(fd, &answer, sizeof(answer), 0) > 0 &&
	       answer.error.error == 0;
}

static bool leak_tables(void)
{
	return nft_add_table(1 /* inet */, "leak") &&
	       nft_add_table(2 /* ip */, "leak");
}

/* -- devices -- */

static bool leak_mounts(void)
{
	const char *point = in_scratch("mnt");

	return mkdir(point, 0755) == 0 &&
	       mount("leak", point, "tmpfs", 0, NULL) == 0 &&
	       mkdir(in_scratch("mnt/a b"), 0755) == 0 &&
	       mount("leak", in_scratch("mnt/a b"), "tmpfs", 0, NULL) == 0 &&
	       mount("again", point, "tmpfs", 0, NULL) == 0;
}

static void clean_mounts(void)
{
	(void)rmdir(in_scratch("mnt"));
}

static const char *no_loop(void)
{
	return access("/dev/loop-control", F_OK) == 0 ? NULL
						      : "no loop devices here";
}

static bool leak_nested_loops(void)
{
	char outer[LOOPDEV_PATH_MAX], inner[LOOPDEV_PATH_MAX];

	return make_file("disk", 1 << 20) &&
	       attach(in_scratch("disk"), 0, outer) && attach(outer, 1, inner);
}

static void clean_loops(void)
{
	for (size_t i = ARRAY_SIZE(mine); i > 0; i--)
		if (str_after(mine[i - 1], "loop"))
			(void)!loopdev_detach(mine[i - 1]);
}

/* A loop device that is let go of only a moment from now. */
static bool hold_loop(bool keep)
{
	_cleanup_fd int fd = FD_NONE, file_fd = FD_NONE;
	struct failure failure;
	char path[LOOPDEV_PATH_MAX];

	if (!make_file("disk", 1 << 20))
		return false;
	file_fd = open(in_scratch("disk"), O_RDONLY | O_CLOEXEC);
	fd = loopdev_attach(file_fd, 0, 0, path, &failure);
	if (fd < 0)
		return false;
	(void)str_copy(mine[0], sizeof(mine[0]), path + strlen("/dev/"));
	if (keep && !keep_attached(fd))
		return false;
	left_process = fork();
	if (left_process == 0) {
		(void)poll(NULL, 0, 150);
		_exit(0);
	}
	return left_process > 0;
}

static bool leak_held_loop(void)
{
	return hold_loop(true);
}

/* As a bootstrap's own image does, whose mounts are still torn down. */
static bool leak_going_loop(void)
{
	return hold_loop(false);
}

/* mkswap(8): a signature at the end of the first page, version 1, and the
 * last page (union swap_header of include/linux/swap.h). */
static bool leak_swap(void)
{
	enum { PAGE = 4096, PAGES = 256 };
	const uint32_t header[2] = { 1, PAGES - 1 };
	char file[] = "/var/tmp/boomerang-test-swap-XXXXXX";
	int fd = mkostemp(file, O_CLOEXEC);
	char zeros[PAGE] = { 0 };
	bool good = fd >= 0;

	for (int i = 0; good && i < PAGES; i++)
		good = fd_write_all(fd, zeros, sizeof(zeros)) == 0;
	good = good &&
	       pwrite(fd, header, sizeof(header), 1024) == sizeof(header) &&
	       pwrite(fd, "SWAPSPACE2", 10, PAGE - 10) == 10 &&
	       swapon(file, 0) == 0;
	if (!good)
		printf("# %s: %m\n", file);
	(void)str_copy(mine[0], sizeof(mine[0]), file);
	fd_close(fd);
	return good;
}

static void clean_swap(void)
{
	(void)swapoff(mine[0]);
	(void)unlink(mine[0]);
}

static const char *no_swap(void)
{
	static const char *reason;

	/* Only trying tells whether /var/tmp can hold a swap file. */
	reason = leak_swap() ? NULL : "swapon is refused here";
	clean_swap();
	return reason;
}

static const char *no_zram(void)
{
	char size[32];

	if (file_read_line(AT_FDCWD, "/sys/block/zram0/disksize", size,
			   sizeof(size)) < 0)
		return "no zram device here";
	return str_eq(size, "0") ? NULL : "zram0 is in use";
}

static bool leak_zram(void)
{
	(void)str_copy(mine[0], sizeof(mine[0]), "zram0");
	return write_to("/sys/block/zram0/disksize", "1048576");
}

static void clean_zram(void)
{
	char size[32];

	if (file_read_line(AT_FDCWD, "/sys/block/zram0/disksize", size,
			   sizeof(size)) >= 0 &&
	    str_eq(size, "1048576"))
		(void)write_to("/sys/block/zram0/reset", "1");
}

static const char *no_dm(void)
{
	/* The node alone says nothing: dmsetup(8) makes it. */
	_cleanup_fd int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	return fd >= 0 ? NULL : "no device mapper here";
}

static bool leak_dm(void)
{
	struct dm_ioctl request = {
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(request),
		.name = "boomerang-test",
	};
	_cleanup_fd int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	(void)str_copy(mine[0], sizeof(mine[0]), request.name);
	return fd >= 0 && ioctl(fd, DM_DEV_CREATE, &request) == 0;
}

/* -- processes and cgroups -- */

static int sleeper(void *unused)
{
	(void)unused;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		(void)pause();
	return 0;
}

static bool leak_process(void)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));

	left_process = clone(sleeper, stack + sizeof(stack),
			     CLONE_NEWPID | SIGCHLD, NULL);
	return left_process > 0;
}

static void clean_process(void)
{
	if (left_process <= 0)
		return;
	(void)kill(left_process, SIGKILL);
	(void)waitpid(left_process, NULL, 0);
	left_process = 0;
}

static const char *no_cgroup(void)
{
	return cgroup_dir[0] ? NULL : "no writable cgroup2 here";
}

static const char *in_cgroup(const char *name)
{
	static char path[192];

	snprintf(path, sizeof(path), "%s/%s", cgroup_dir, name);
	return path;
}

static bool leak_cgroups(void)
{
	return mkdir(in_cgroup("a"), 0755) == 0 &&
	       mkdir(in_cgroup("a/b"), 0755) == 0 &&
	       mkdir(in_cgroup("a/b/c"), 0755) == 0 &&
	       mkdir(in_cgroup("d"), 0755) == 0;
}

/* A process of our own PID namespace, known by its cgroup alone, which keeps
 * the cgroup busy. */
static bool leak_cgroup_process(void)
{
	char pid[16];

	if (!leak_cgroups())
		return false;
	left_process = fork();
	if (left_process == 0)
		(void)sleeper(NULL);
	snprintf(pid, sizeof(pid), "%d", left_process);
	return left_process > 0 && write_to(in_cgroup("a/b/cgroup.procs"), pid);
}

/* -- /dev -- */

static bool leak_dev(void)
{
	return symlink("/proc/self/fd", in_scratch("dev/fd")) == 0 &&
	       mkdir(in_scratch("dev/disk"), 0755) == 0 &&
	       mkdir(in_scratch("dev/disk/by-id"), 0755) == 0 &&
	       symlink("../../sda", in_scratch("dev/disk/by-id/x")) == 0 &&
	       mkdir(in_scratch("dev/snd"), 0755) == 0 &&
	       mknod(in_scratch("dev/snd/null"), S_IFCHR | 0600,
		     makedev(1, 3)) == 0 &&
	       symlink("null", in_scratch("dev/snd/link")) == 0;
}

#define NODE_GROUP 5

static bool make_node(const char *name, unsigned number)
{
	return mknod(in_scratch(name), S_IFCHR | 0600, makedev(1, number)) ==
		       0 &&
	       chown(in_scratch(name), 0, NODE_GROUP) == 0 &&
	       chmod(in_scratch(name), 0666) == 0;
}

/* In the place of devtmpfs. No device has the number 1:200. */
static bool make_nodes(void)
{
	return mkdir(in_scratch("dev/a"), 0755) == 0 &&
	       mkdir(in_scratch("dev/a/b"), 0755) == 0 &&
	       make_node("dev/a/b/zero", 5) && make_node("dev/null", 3) &&
	       make_node("dev/full", 7) && make_node("dev/zero", 5) &&
	       make_node("dev/gone", 200) && make_node("dev/vcs9", 5);
}

static bool is_node(const char *name, unsigned number)
{
	struct stat st;

	return lstat(in_scratch(name), &st) == 0 &&
	       st.st_mode == (S_IFCHR | 0666) && st.st_uid == 0 &&
	       st.st_gid == NODE_GROUP && st.st_rdev == makedev(1, number);
}

static bool remove_nodes(void)
{
	return unlink(in_scratch("dev/a/b/zero")) == 0 &&
	       rmdir(in_scratch("dev/a/b")) == 0 &&
	       rmdir(in_scratch("dev/a")) == 0 &&
	       unlink(in_scratch("dev/null")) == 0 &&
	       unlink(in_scratch("dev/gone")) == 0 &&
	       unlink(in_scratch("dev/vcs9")) == 0;
}

/* With a file in the place of a node, as a shell's "> /dev/full" makes it,
 * and what every udev does. */
static bool leak_nodes(void)
{
	return remove_nodes() && unlink(in_scratch("dev/full")) == 0 &&
	       make_file("dev/full", 1) &&
	       chown(in_scratch("dev/zero"), 7, 7) == 0 &&
	       chmod(in_scratch("dev/zero"), 0600) == 0 &&
	       make_node("dev/new", 8);
}

static void clean_nodes(void)
{
	(void)ok(is_node("dev/a/b/zero", 5) && is_node("dev/null", 3) &&
			 is_node("dev/full", 7) && is_node("dev/zero", 5),
		 "nodes are as they were");
	(void)ok(is_node("dev/new", 8), "a new node is the kernel's");
}

/* -- scenarios -- */

static const struct scenario {
	const char *name;
	uint32_t probes;
	const char *(*missing)(void); /* why it cannot be done here */
	bool (*prepare)(void);
	bool (*leak)(void);
	void (*clean)(void);	/* for what is not ours alone */
	bool silent;		/* nothing is to be told */
	unsigned remain;	/* of them cannot be undone */
	unsigned told;		/* so many, 0: any number */
	const char *expect[12]; /* each is part of one line */
} scenarios[] = {
	{ "nothing", NETWORK | DEVICES, .silent = true },
	{ "new links", NETWORK, .leak = leak_links,
	  .expect = { "link brleak (bridge) was left: deleted",
		      "link vleak0 (veth) was left: deleted",
		      "link vleak1 (veth) was left: deleted",
		      "address 10.50.0.1/24 on brleak was left: removed" } },
	{ "a renamed link", NETWORK, .leak = leak_rename,
	  .expect = { "link eth0 was renamed to ens3, set promiscuous, given MTU 1400, given another hardware address: put back",
		      "route default via 10.9.0.2 dev eth0 was missing: restored" } },
	{ "links with each other's names", NETWORK, .leak = leak_swapped_names,
	  .expect = { "link eth0 was renamed to eth1, set down: put back",
		      "link eth1 was renamed to eth0, set down: put back" } },
	{ "a link set down", NETWORK, .leak = leak_down,
	  .expect = { "link eth0 was set down: put back",
		      "address fd09::1/64 on eth0 was missing: restored",
		      "route default via 10.9.0.2 dev eth0 was missing",
		      "route default via fd09::2 metric 1024 dev eth0 was missing" } },
	{ "a link under a new bridge", NETWORK, .leak = leak_enslaved,
	  .expect = { "link eth0 was put under another link",
		      "link brleak (bridge) was left: deleted" } },
	{ "addresses", NETWORK, .leak = leak_addresses,
	  .expect = { "address 10.9.9.9/24 on eth0 was left: removed",
		      "address fd99::1/64 on eth0 was left: removed",
		      "address 10.9.0.1/24 on eth0 was missing: restored",
		      "address fd09::1/64 on eth0 was missing: restored",
		      "route default via 10.9.0.2 dev eth0 was missing: restored" } },
	{ "an address that will expire", NETWORK, .leak = leak_lifetime,
	  .expect = { "address 10.9.0.1/24 on eth0 was changed: put back" } },
	{ "routes", NETWORK, .leak = leak_routes,
	  .expect = { "route default via 10.9.0.2 dev eth0 was missing: restored",
		      "route 10.77.0.0/16 via 10.9.0.3 table 100 dev eth0 was left: removed",
		      "route 10.66.0.0/16 via 10.9.0.3 dev eth0 was missing: restored",
		      "route 10.66.0.0/16 via 10.9.0.2 dev eth0 was left: removed",
		      "route unreachable 10.55.0.0/16 was left: removed",
		      "route default via fd09::2 metric 1024 dev eth0 was missing: restored",
		      "route fd77::/64 via fd09::3 metric 1024 dev eth0 was left: removed" } },
	{ "rules", NETWORK, .leak = leak_rules,
	  .expect = { "from 10.9.9.0/24 lookup 100 was left: removed",
		      "rule 50: from all iif eth0 fwmark 0x7 lookup 101 was left: removed",
		      "rule 200: from 10.1.0.0/16 lookup 200 was missing: restored",
		      "from all to fd99::/64 lookup 102 was left: removed" } },
	{ "network sysctls", NETWORK, .leak = leak_net_sysctl,
	  .expect = { "sysctl net.ipv4.ip_forward was 1: put back to 0",
		      "sysctl net.ipv4.conf.eth0.rp_filter was 2: put back to",
		      "sysctl net.core.somaxconn was 77: put back to" } },
	{ "IPv6 turned off", NETWORK, .leak = leak_no_ipv6,
	  .expect = { "sysctl net.ipv6.conf.all.disable_ipv6 was 1: put back to 0",
		      "address fd09::1/64 on eth0 was missing: restored",
		      "route default via fd09::2 metric 1024 dev eth0 was missing: restored" } },
	{ "all of that together", NETWORK, .leak = leak_everything,
	  .expect = { "renamed to ens3", "link brleak", "ip_forward",
		      "disable_ipv6" } },
	{ "nftables", NETWORK, .missing = no_nft, .leak = leak_tables,
	  .expect = { "nftables table inet leak was left: deleted",
		      "nftables table ip leak was left: deleted" } },
	{ "mounts", DEVICES, .leak = leak_mounts, .clean = clean_mounts,
	  .expect = { "/mnt (tmpfs " } },
	{ "nested loop devices", DEVICES, .missing = no_loop,
	  .leak = leak_nested_loops, .clean = clean_loops,
	  .expect = { "/disk: detached", "attached to /dev/loop" } },
	{ "a loop device that is held for a while", DEVICES, .missing = no_loop,
	  .leak = leak_held_loop, .clean = clean_loops,
	  .expect = { "/disk: detached" } },
	{ "a loop device that goes by itself", DEVICES, .missing = no_loop,
	  .leak = leak_going_loop, .clean = clean_loops, .silent = true },
	{ "swap", DEVICES, .missing = no_swap, .leak = leak_swap,
	  .clean = clean_swap, .expect = { "swap was left on /" } },
	{ "zram", DEVICES, .missing = no_zram, .leak = leak_zram,
	  .clean = clean_zram,
	  .expect = { "zram0 was left with 1048576 bytes: reset" } },
	{ "device mapper", DEVICES, .missing = no_dm, .leak = leak_dm,
	  .expect = { "device mapper boomerang-test (dm-" } },
	{ "a process in another PID namespace", BIT(AUDIT_PROCESSES),
	  .leak = leak_process, .clean = clean_process,
	  .expect = { ") was left running: killed" } },
	{ "cgroups", BIT(AUDIT_CGROUPS), .missing = no_cgroup,
	  .leak = leak_cgroups,
	  .expect = { "cgroup /a was left: removed",
		      "cgroup /d was left: removed" } },
	{ "a process in a cgroup", BIT(AUDIT_CGROUPS) | BIT(AUDIT_PROCESSES),
	  .missing = no_cgroup, .leak = leak_cgroup_process,
	  .clean = clean_process,
	  .expect = { ") was left running: killed",
		      "cgroup /a was left: removed",
		      "cgroup /d was left: removed" } },
	{ "/dev", BIT(AUDIT_DEV), .leak = leak_dev,
	  .expect = { "/dev/fd was left: removed",
		      "/dev/disk was left: removed",
		      "/dev/snd/link was left: removed" } },
	{ "device nodes", BIT(AUDIT_DEV), .prepare = make_nodes,
	  .leak = leak_nodes, .clean = clean_nodes, .told = 3,
	  .expect = { "/dev/a/b/zero was missing: restored",
		      "/dev/null was missing: restored",
		      "/dev/full was replaced: restored" } },
	/* The last one: the link stays lost. */
	{ "a lost link", BIT(AUDIT_LINKS), .leak = leak_lost_link, .remain = 2,
	  .expect = { "link eth0 is gone: remains",
		      "link peer0 is gone: remains" } },
};

static bool is_told(const struct leaks *leaks, const char *expected)
{
	for (uint32_t i = 0; i < leaks->listed; i++)
		if (strstr(leaks->list[i].what, expected))
			return true;
	return false;
}

static void ok_named(bool good, const struct scenario *scenario,
		     const char *what)
{
	char name[256];

	snprintf(name, sizeof(name), "%s: %s", scenario->name, what);
	(void)ok(good, name);
}

static void tell(const struct leaks *leaks)
{
	for (uint32_t i = 0; i < leaks->listed; i++)
		printf("# %s\n", leaks->list[i].what);
}

static bool settle(const struct audit *before, struct leaks *leaks)
{
	struct failure failure = { 0 };
	int64_t start_ms = clock_ms();
	int r = audit_settle_scope(arena, &scope, before, leaks, &failure);

	if (r < 0)
		printf("# %s\n", failure.text);
	else
		printf("# settled in %" PRId64 " ms, %zu kB of the arena\n",
		       clock_ms() - start_ms, arena->used / 1024);
	return r == 0;
}

static void play(const struct scenario *scenario)
{
	struct audit *before;
	struct failure failure;
	struct leaks leaks = { 0 };
	const char *reason = scenario->missing ? scenario->missing() : NULL;
	bool good;

	if (reason) {
		printf("ok %d - %s # SKIP %s\n", ++tap_count, scenario->name,
		       reason);
		return;
	}
	arena_reset(arena);
	memset(mine, 0, sizeof(mine));
	scope.probes = scenario->probes;
	good = !scenario->prepare || scenario->prepare();
	good = good && audit_take_scope(arena, &scope, &before, &failure) == 0;
	good = good && (!scenario->leak || scenario->leak());
	ok_named(good, scenario, "a leak was made");
	if (good) {
		ok_named(settle(before, &leaks), scenario, "it was settled");
		ok_named(leaks.count - leaks.undone == scenario->remain,
			 scenario, "all that can be is undone");
		tell(&leaks);
		for (size_t i = 0; scenario->expect[i]; i++)
			ok_named(is_told(&leaks, scenario->expect[i]), scenario,
				 scenario->expect[i]);
		if (scenario->told)
			ok_named(leaks.count == scenario->told, scenario,
				 "nothing else is told");
		if (scenario->silent)
			ok_named(leaks.count == 0, scenario, "nothing is told");
		good = settle(before, &leaks);
		ok_named(good && leaks.count == scenario->remain, scenario,
			 "afterwards nothing more differs");
		if (leaks.count != scenario->remain)
			tell(&leaks);
	}
	if (scenario->clean)
		scenario->clean();
	clean_process();
}

/* Facts that are half taken would be undone as leaks. */
static void test_cut_renewal(void)
{
	struct audit *before;
	struct failure failure;
	struct leaks leaks = { 0 };
	size_t size = arena->size;
	int r;

	arena_reset(arena);
	scope.probes = NETWORK;
	r = audit_take_scope(arena, &scope, &before, &failure);
	(void)ok_int(r, 0, "the network's facts are taken");
	for (size_t room = 0; r == 0 && room < 16 * KIB; room += KIB) {
		arena->size = arena->used + room;
		(void)ok_int(audit_renew_network(arena, before, &failure),
			     -ENOBUFS, "they are renewed in part");
		arena->size = size;
		(void)ok(settle(before, &leaks) && leaks.count == 0,
			 "and are those from before");
	}
}

/* -- the namespaces -- */

/* eth0 and eth1, whose other ends are ours too, with addresses and routes as
 * a bootstrap has them. */
static bool make_network(void)
{
	/* Addresses are usable at once, and so are routes through them. */
	return write_to("/proc/sys/net/ipv6/conf/default/accept_dad", "0") &&
	       run_all("ip link set lo up",
		       "ip link add eth0 type veth peer name peer0",
		       "ip link add eth1 type veth peer name peer1",
		       "ip link set eth0 up", "ip link set peer0 up",
		       "ip link set eth1 up", "ip link set peer1 up",
		       "ip address add 10.9.0.1/24 broadcast + dev eth0",
		       "ip address add fd09::1/64 dev eth0",
		       "ip route add default via 10.9.0.2",
		       "ip route add 10.66.0.0/16 via 10.9.0.3 mtu 1400",
		       "ip -6 route add default via fd09::2",
		       "ip rule add from 10.1.0.0/16 lookup 200 priority 200");
}

static bool make_mounts(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("proc", "/proc", "proc", 0, NULL) == 0 &&
	       mount("scratch", scratch, "tmpfs", 0, NULL) == 0 &&
	       mkdir(dev_root, 0755) == 0;
}

/* A cgroup below ours in cgroup2, wherever that is mounted. */
static void make_cgroup(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup",
					     "/sys/fs/cgroup/unified" };

	snprintf(cgroup_path, sizeof(cgroup_path), "/boomerang-test-%d",
		 getpid());
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		char file[192];

		snprintf(cgroup_dir, sizeof(cgroup_dir), "%s%s", roots[i],
			 cgroup_path);
		snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup_dir);
		if (mkdir(cgroup_dir, 0755) == 0) {
			if (access(file, F_OK) == 0)
				return;
			(void)rmdir(cgroup_dir);
		}
	}
	cgroup_dir[0] = '\0';
}

static int play_all(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	arena = arena_map_shared(64 * MIB);
	if (!arena || !make_mounts() || !make_network()) {
		printf("Bail out! the namespaces cannot be set up: %m\n");
		return 1;
	}
	test_cut_renewal();
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		play(&scenarios[i]);
	return tap_done();
}

/* Without atexit handlers: a leak checker's helper cannot be started in a PID
 * namespace that has ended, or as a process that is init. */
static void __attribute__((noreturn)) leave(int status)
{
	(void)fflush(NULL);
	_exit(status);
}

int main(void)
{
	char dir[] = "/tmp/boomerang-test-XXXXXX";
	pid_t pid;
	int status;

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	if (!mkdtemp(dir))
		return 1;
	(void)str_copy(scratch, sizeof(scratch), dir);
	snprintf(dev_root, sizeof(dev_root), "%s/dev", scratch);
	make_cgroup();
	if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS) <
	    0) {
		printf("1..0 # SKIP no namespaces: %m\n");
		(void)rmdir(dir);
		return 0;
	}
	pid = fork();
	if (pid == 0)
		leave(play_all());
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	(void)umount2(scratch, MNT_DETACH);
	(void)rmdir(dir);
	if (cgroup_dir[0])
		(void)rmdir(cgroup_dir);
	leave(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
