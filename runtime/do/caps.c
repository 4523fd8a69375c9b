/* SPDX-License-Identifier: Apache-2.0 */
#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/sys.h"

struct cap_data {
	struct __user_cap_data_struct half[2];
};

static int read_caps(struct cap_data *d)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &h, d->half) < 0 ? -errno : 0;
}

static int write_caps(const struct cap_data *d)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capset, &h, d->half) < 0 ? -errno : 0;
}

/* Losing root's id took them out of effect; permitted they still are. */
static int regain_effective(struct err *e)
{
	struct cap_data d;
	int r = read_caps(&d);

	if (!r) {
		d.half[0].effective = d.half[0].permitted;
		d.half[1].effective = d.half[1].permitted;
		r = write_caps(&d);
	}
	return r < 0 ? err_sys(e, -r, "regain capabilities") : 0;
}

static int set_groups(const struct step_ids *s, struct err *e)
{
	int r = s->keep_groups ? 0 : sys_setgroups(s->groups.n, s->groups.v);

	/* Where setgroups(2) is given up for good there may be nothing to drop (ns_join). */
	if (r == -EPERM && !s->groups.n && syscall(SYS_getgroups, 0, NULL) == 0)
		return 0;
	if (r < 0) {
		err_sys(e, -r, "set the supplementary groups");
		return r == -EINVAL ? err_fix(e, "map these groups into the user namespace") : r;
	}
	return 0;
}

static int set_ids(const struct step_ids *s, struct err *e)
{
	int r = sys_setresgid(s->gid, s->gid, s->gid);

	if (r < 0)
		err_sys(e, -r, "become group %u", s->gid);
	if (!r) {
		r = sys_setresuid(s->uid, s->uid, s->uid);
		if (r < 0)
			err_sys(e, -r, "become user %u", s->uid);
	}
	if (r == -EINVAL)
		return err_fix(e, "map the id into the user namespace");
	return r;
}

int caps_become(const struct step_ids *s, struct err *e)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "keep capabilities");
	TRY(set_groups(s, e));
	if (!s->keep_ids)
		TRY(set_ids(s, e));
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_sys(e, errno, "keep capabilities");
	return regain_effective(e);
}

static int bound(uint64_t keep, struct err *e)
{
	for (unsigned cap = 0; cap < 64; cap++) {
		int code, is;

		if (keep >> cap & 1 || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		code = errno;
		/* Who may not drop may still have none to drop. */
		is = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (is < 0)
			return 0; /* past the kernel's last */
		if (is)
			return err_sys(e, code, "drop capability %u from the bounding set", cap);
	}
	return 0;
}

static int raise_ambient(uint64_t set, struct err *e)
{
	/* Old kernels have no ambient set; then only asking for one is an error. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && set)
		return err_sys(e, errno, "clear the ambient capabilities");
	for (unsigned cap = 0; cap < 64; cap++) {
		if (set >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(e, errno, "raise ambient capability %u", cap);
	}
	return 0;
}

/* Permitted ones become inheritable and ambient: the next program has them, whoever it runs as. */
static int keep_all(struct err *e)
{
	struct cap_data d;
	int r = read_caps(&d);

	for (int i = 0; i < 2 && !r; i++)
		d.half[i].effective = d.half[i].inheritable = d.half[i].permitted;
	if (!r)
		r = write_caps(&d);
	if (r < 0)
		return err_sys(e, -r, "keep the capabilities");
	return raise_ambient((uint64_t)d.half[1].permitted << 32 | d.half[0].permitted, e);
}

int caps_set(const struct step_capabilities *s, struct err *e)
{
	struct cap_data d;

	if (s->inherit)
		return keep_all(e);
	TRY(regain_effective(e));
	TRY(bound(s->bounding, e));
	if (read_caps(&d) < 0)
		return err_sys(e, errno, "read the capabilities");
	for (int i = 0; i < 2; i++) {
		uint32_t hold = d.half[i].permitted & (uint32_t)(s->hold >> (32 * i));

		d.half[i].effective = (uint32_t)(s->effective >> (32 * i)) | hold;
		d.half[i].permitted = (uint32_t)(s->permitted >> (32 * i)) | hold;
		d.half[i].inheritable = (uint32_t)(s->inheritable >> (32 * i));
	}
	if (write_caps(&d) < 0) {
		err_sys(e, errno, "set the capabilities");
		return err_fix(
			e, "leave out the capabilities that the caller itself does not have");
	}
	return raise_ambient(s->ambient, e);
}

int caps_no_new_privs(struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "set no_new_privs");
	return 0;
}
