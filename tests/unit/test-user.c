/* SPDX-License-Identifier: MIT */
#include "root/user.h"

#include <errno.h>

#include "tap.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "damaged\n"
			     "bad:x:minus:1::/:\n"
			     "\n"
			     "web:x:33:34:web:/var/www:/bin/sh\n"
			     "1000:x:44:45:a name of digits:/n:/bin/sh\n"
			     "last:x:50:51:last:/l:";
static const char group[] = "root:x:0:\n"
			    "web:x:34:\n"
			    "disk:x:6:root,web\n"
			    "near:x:7:webs,we,eb\n"
			    "tty:x:5:web\n"
			    "damaged:x:many:web\n";

static struct user user;

static int find(const char *spec)
{
	struct failure failure;

	user = (struct user){ .uid = 77 };
	return user_find(spec, passwd, group, &user, &failure);
}

static void test_user(const char *spec, unsigned int uid, unsigned int gid,
		      size_t groups, const char *home)
{
	ok_int(find(spec), 0, spec);
	ok_int(user.uid, uid, "its uid");
	ok_int(user.gid, gid, "its gid");
	ok_int((int64_t)user.group_count, (int64_t)groups, "its groups");
	ok_str(user.home, home, "its home");
}

static void test_found(void)
{
	test_user("", 0, 0, 1, "/root");
	test_user("root", 0, 0, 1, "/root");
	test_user("web", 33, 34, 2, "/var/www");
	ok_int(user.groups[0], 6, "the first of its groups");
	ok_int(user.groups[1], 5, "the second");
	test_user("33", 33, 34, 2, "/var/www");
	test_user("1000", 44, 45, 0, "/n");
	test_user("1001", 1001, 0, 0, "");
	test_user("web:tty", 33, 5, 0, "/var/www");
	test_user("web:9", 33, 9, 0, "/var/www");
	test_user("12:34", 12, 34, 0, "");
	test_user(":tty", 0, 5, 0, "/root");
	test_user("last", 50, 51, 0, "/l");
}

static void test_refused(void)
{
	static const char *const unknown[] = {
		"nobody",     "bad",	"web:nobody",	  "-1",	 "4294967295",
		"4294967296", "web:-1", "web:4294967295", "33x", "web:damaged",
	};

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		ok_int(find(unknown[i]), -ENOENT, unknown[i]);
	ok_int(find("web:"), -EINVAL, "an empty group");
	ok_int(user.uid, 77, "and nothing is written");
}

static void test_nothing_to_look_in(void)
{
	struct failure failure;

	ok_int(user_find("", "", "", &user, &failure), 0, "no passwd");
	ok_int(user.uid, 0, "root");
	ok_int(user_find("web", "", "", &user, &failure), -ENOENT, "a name");
}

int main(void)
{
	test_found();
	test_refused();
	test_nothing_to_look_in();
	return tap_done();
}
