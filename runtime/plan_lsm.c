/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan_build.h"

/* Labels of the security modules: AppArmor profiles, SELinux contexts. */

static void add_label(
	struct builder *b, const char *module, const char *file, const char *value, const void *at)
{
	/* In exec init has no procfs of the host's; it is born with what mid has set for the next exec. */
	enum side side = b->plan->guest ? SIDE_MID : SIDE_INIT;
	struct step_label *s = plan_add(b, side, STEP_LABEL, at);

	s->module = module;
	s->file = file;
	s->value = value;
}

static int add_apparmor(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;

	if (!p->apparmor)
		return 0;
	if (b->host->apparmor) {
		add_label(b, "apparmor", "exec", plan_printf(b, "exec %s", p->apparmor),
			p->at_apparmor);
		return 0;
	}
	/* That is what it is without AppArmor. */
	if (!strcmp(p->apparmor, "unconfined"))
		return 0;
	PLAN_FAIL(b, p->at_apparmor, ENOTSUP,
		"AppArmor is not enabled, and the profile '%s' is asked for", p->apparmor);
	return err_fix(b->e, "boot with AppArmor (security=apparmor), or leave the profile out");
}

static int no_selinux(struct builder *b, const void *at, const char *label)
{
	PLAN_FAIL(b, at, ENOTSUP, "SELinux is not enabled, and the label '%s' is asked for", label);
	return err_fix(b->e, "boot with SELinux and a policy, or leave the label out");
}

int plan_lsm(struct builder *b)
{
	const struct jail *jail = b->jail;
	const struct jail_process *p = &jail->process;

	if (jail->mount_label && !b->host->selinux)
		return no_selinux(b, jail->at_mount_label, jail->mount_label);
	if (p->selinux && !b->host->selinux)
		return no_selinux(b, p->at_selinux, p->selinux);
	if (p->selinux)
		add_label(b, "selinux", "exec", p->selinux, p->at_selinux);
	return add_apparmor(b);
}

void plan_lsm_keys(struct builder *b)
{
	const struct jail_process *p = &b->jail->process;

	/* Exec takes it away again. */
	if (p->selinux && p->keyring && b->host->selinux)
		add_label(b, "selinux", "keycreate", p->selinux, p->at_selinux);
}
