/* SPDX-License-Identifier: Apache-2.0 */
/* user: the C library's name service is the oracle. */
#include "../../runtime/base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "tap.h"

static void users_are_found_by_name_and_by_id(void)
{
	const struct passwd *pw;
	char name[256];
	uint32_t id;
	int n = 0;

	setpwent();
	while ((pw = getpwent()) && n++ < 100) {
		is_int(user_find(pw->pw_name, &id), 0);
		is_int(id, (long long)pw->pw_uid);
		is_int(user_name(pw->pw_uid, name, sizeof(name)), 0);
		ok(getpwuid(pw->pw_uid) && !strcmp(name, getpwuid(pw->pw_uid)->pw_name));
	}
	endpwent();
	ok(n > 1);
}

static void groups_are_found_by_name(void)
{
	const struct group *gr;
	uint32_t id;
	int n = 0;

	setgrent();
	while ((gr = getgrent()) && n++ < 100) {
		is_int(user_find_group(gr->gr_name, &id), 0);
		is_int(id, (long long)gr->gr_gid);
	}
	endgrent();
	ok(n > 1);
}

static void who_is_not_there_is_not_found(void)
{
	static const char *const names[] = {
		"", "no-such-user", "-x", "--help", "0", "root:x", "+", "#", "roo", "rootx"};
	char name[256], small[4];
	uint32_t id = 77;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		is_int(user_find(names[i], &id), -ENOENT);
		is_int(user_find_group(names[i], &id), -ENOENT);
	}
	is_int(id, 77);
	is_int(user_name(4000000123u, name, sizeof(name)), -ENOENT);
	is_int(user_name(0, small, sizeof(small)), -ENOENT);
}

int main(void)
{
	run(users_are_found_by_name_and_by_id);
	run(groups_are_found_by_name);
	run(who_is_not_there_is_not_found);
	return tap_done();
}
