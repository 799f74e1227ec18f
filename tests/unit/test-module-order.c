/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/text.h"
#include "kernel/module-order.h"
#include "tap.h"

/* In the form of depmod: what is needed, the deepest last. */
static const char dep[] =
	"kernel/drivers/nvdimm/libnvdimm.ko.xz:\n"
	"kernel/drivers/nvdimm/nd_btt.ko.xz: "
	"kernel/drivers/nvdimm/libnvdimm.ko.xz\n"
	"kernel/drivers/nvdimm/nd_e820.ko.xz: "
	"kernel/drivers/nvdimm/libnvdimm.ko.xz\n"
	"kernel/drivers/nvdimm/nd_pmem.ko.xz: "
	"kernel/drivers/nvdimm/nd_btt.ko.xz "
	"kernel/drivers/nvdimm/libnvdimm.ko.xz\n"
	"kernel/fs/isofs/isofs.ko.xz: kernel/drivers/cdrom/cdrom.ko.xz\n"
	"kernel/drivers/cdrom/cdrom.ko.xz:\n"
	"kernel/a/with-dash.ko:\n"
	"kernel/a/not_nd_e820.ko:\n";
static const char builtin[] = "kernel/drivers/block/loop.ko\n"
			      "kernel/fs/squashfs/squash-fs.ko";

static int find(const char *text, const char *const *names, char *ret,
		size_t size, const char **ret_missing)
{
	struct module_order order;
	struct text out = text_over(ret, size);
	int r = module_order_find(view_over(text, strlen(text)),
				  view_over(builtin, sizeof(builtin) - 1),
				  names, &order, ret_missing);

	for (size_t i = 0; r == 0 && i < order.count; i++)
		text_add(&out, "%s ", order.list[i].name);
	return r;
}

#define NAMES(...)                              \
	(const char *const[])                   \
	{                                       \
		__VA_ARGS__ __VA_OPT__(, ) NULL \
	}

static void test_found(void)
{
	struct module_order order;
	char text[1024];

	ok_int(find(dep, NAMES("nd_e820", "nd_pmem", "isofs"), text,
		    sizeof(text), NULL),
	       0, "what pmem needs");
	ok_str(text, "libnvdimm nd_e820 nd_btt nd_pmem cdrom isofs ",
	       "each once, behind what it needs");
	ok_int(find(dep, NAMES("loop", "squash_fs"), text, sizeof(text), NULL),
	       0, "what is built in");
	ok_str(text, "", "needs nothing");
	ok_int(find(dep, NAMES(), text, sizeof(text), NULL), 0, "nothing");
	ok_int(find(dep, NAMES("with_dash"), text, sizeof(text), NULL), 0,
	       "a dash is an underscore");
	ok_int(module_order_find(view_over(dep, sizeof(dep) - 1),
				 view_over(NULL, 0), NAMES("nd_e820"), &order,
				 NULL),
	       0, "found");
	ok(order.list[1].path.left == 35 &&
		   memcmp(order.list[1].path.at,
			  "kernel/drivers/nvdimm/nd_e820.ko.xz", 35) == 0,
	   "with its path");
}

static void test_missing(void)
{
	const char *missing = NULL;
	char text[1024];

	ok_int(find(dep, NAMES("nd_pmem", "e820"), text, sizeof(text),
		    &missing),
	       -ENOENT, "one that is not there");
	ok_str(missing, "e820", "is named");
	ok_int(find("", NAMES("nd_e820"), text, sizeof(text), NULL), -ENOENT,
	       "an empty modules.dep");
	ok_int(find("\n\n:\n: \n/:\n", NAMES("nd_e820"), text, sizeof(text),
		    NULL),
	       -ENOENT, "lines of nothing");
}

/* A hostile one. */
static void test_too_many(void)
{
	char many[4096] = "a.ko:", text[1024];
	size_t len = strlen(many);

	for (int i = 0; i < MODULE_ORDER_MAX; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len,
					" m%d.ko", i);
	ok_int(find(many, NAMES("a"), text, sizeof(text), NULL), -ENOBUFS,
	       "a module that needs too many others");
	many[len - strlen(" m15.ko")] = '\0';
	ok_int(find(many, NAMES("a"), text, sizeof(text), NULL), 0,
	       "one fewer is fine");
	memset(many, 'x', sizeof(many));
	memcpy(many, "a.ko: ", 6);
	many[sizeof(many) - 1] = '\0';
	ok_int(find(many, NAMES("a"), text, sizeof(text), NULL), -ENOBUFS,
	       "a name that is too long");
}

int main(void)
{
	test_found();
	test_missing();
	test_too_many();
	return tap_done();
}
