/* SPDX-License-Identifier: MIT */
#include "root/user.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define FIELDS_MAX    7	  /* passwd(5) */
#define USER_NAME_MAX 256 /* of a user or group; more than any system allows */

/* One line, its fields terminated where the colons were. */
struct entry {
	char line[1024];
	const char *field[FIELDS_MAX];
	size_t count;
};

/* The next line of *text that is not empty; one that is too long is passed
 * over. */
static bool next_entry(const char **text, struct entry *entry)
{
	while (**text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n");
		char *at = entry->line;

		*text += len + (line[len] == '\n');
		if (len == 0 || len >= sizeof(entry->line))
			continue;
		memcpy(entry->line, line, len);
		entry->line[len] = '\0';
		entry->count = 0;
		while (at && entry->count < FIELDS_MAX)
			entry->field[entry->count++] = strsep(&at, ":");
		return true;
	}
	return false;
}

/* (uid_t)-1 means "as it is" to setresuid(2). */
static bool is_number(const char *text, uint32_t *ret_number)
{
	uint64_t value;

	if (str_to_u64(text, UINT32_MAX - 1, &value) < 0)
		return false;
	*ret_number = (uint32_t)value;
	return true;
}

/* passwd: name, password, uid, gid, full name, home, shell. Returns whether
 * there is an entry; ret_name is that user's. */
static bool find_entry(const char *passwd, const char *wanted,
		       struct user *user, char ret_name[static USER_NAME_MAX])
{
	bool numeric = is_number(wanted, &user->uid);
	struct entry entry;

	while (next_entry(&passwd, &entry)) {
		uint32_t uid, gid;

		if (entry.count < 6 || !is_number(entry.field[2], &uid) ||
		    !is_number(entry.field[3], &gid))
			continue;
		if (!str_eq(entry.field[0], wanted) &&
		    !(numeric && uid == user->uid))
			continue;
		user->uid = uid;
		user->gid = gid;
		(void)str_copy(user->home, sizeof(user->home), entry.field[5]);
		return str_copy(ret_name, USER_NAME_MAX, entry.field[0]);
	}
	return false;
}

/* group: name, password, gid, members. */
static bool find_group(const char *group, const char *wanted, gid_t *ret_gid)
{
	struct entry entry;
	uint32_t gid;

	while (next_entry(&group, &entry))
		if (entry.count >= 3 && str_eq(entry.field[0], wanted) &&
		    is_number(entry.field[2], &gid)) {
			*ret_gid = gid;
			return true;
		}
	return is_number(wanted, ret_gid);
}

static bool is_member(const char *members, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = members; *at;) {
		size_t member = strcspn(at, ",");

		if (member == len && memcmp(at, name, len) == 0)
			return true;
		at += member + (at[member] == ',');
	}
	return false;
}

static void add_groups(const char *group, const char *name, struct user *user)
{
	struct entry entry;
	uint32_t gid;

	while (user->group_count < USER_GROUPS_MAX &&
	       next_entry(&group, &entry))
		if (entry.count >= 4 && is_member(entry.field[3], name) &&
		    is_number(entry.field[2], &gid))
			user->groups[user->group_count++] = gid;
}

int user_find(const char *spec, const char *passwd, const char *group,
	      struct user *ret_user, struct failure *failure)
{
	const char *colon = strchr(spec, ':');
	struct user user = { 0 };
	char wanted[USER_NAME_MAX], name[USER_NAME_MAX] = "";
	struct text text = text_over(wanted, sizeof(wanted));

	text_add(&text, "%.*s", (int)strcspn(spec, ":"), spec);
	if (text.cut || (colon && !colon[1]))
		return failure_set(failure, EINVAL,
				   "the image's user \"%s\" is none", spec);
	if (!find_entry(passwd, *wanted ? wanted : "0", &user, name) &&
	    *wanted && !is_number(wanted, &user.uid))
		return failure_set(failure, ENOENT,
				   "the image's user \"%s\" is not in its "
				   "/etc/passwd",
				   wanted);
	if (!colon && *name)
		add_groups(group, name, &user);
	if (colon && !find_group(group, colon + 1, &user.gid))
		return failure_set(failure, ENOENT,
				   "the image's group \"%s\" is not in its "
				   "/etc/group",
				   colon + 1);
	*ret_user = user;
	return 0;
}
