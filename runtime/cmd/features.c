/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../spec/arch.h"
#include "../../spec/jail.h"
#include "../../spec/json.h"
#include "../../spec/names.h"
#include "../../spec/oci.h"
#include "cmd.h"
#include "options.h"

/*
 * features: what this program knows, whatever the machine (features.md, features-linux.md); but for the
 * flags of seccomp, of which the specification wants to know what this kernel takes, too.
 */

static const struct option_row cmd_features_options_v[] = {OPTION_HELP};
OPTION_ROWS(cmd_features_options);

static const struct place nowhere;

/* Events to a writer that cannot fail but for memory, which the text remembers. */
static void send(struct json_writer *w, enum event_kind kind, const char *s)
{
	(void)event_send(&w->sink, kind, s, nowhere, NULL);
}

static void put_words(struct json_writer *w, const char *key, const struct words *words)
{
	send(w, EVENT_KEY, key);
	send(w, EVENT_LIST, NULL);
	for (size_t i = 0; i < words->n; i++)
		send(w, EVENT_TEXT, words->v[i].name);
	send(w, EVENT_LIST_END, NULL);
}

static void put_bool(struct json_writer *w, const char *key, bool v)
{
	send(w, EVENT_KEY, key);
	send(w, EVENT_WORD, v ? "true" : "false");
}

static void put_enabled(struct json_writer *w, const char *key, bool v)
{
	send(w, EVENT_KEY, key);
	send(w, EVENT_OBJECT, NULL);
	put_bool(w, "enabled", v);
	send(w, EVENT_OBJECT_END, NULL);
}

/* A filter that is none comes to nothing, and the kernel looks at the flags first. */
static bool kernel_takes(uint64_t flag)
{
	/* It is of no use but to those who answer for the program. */
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
}

static void put_supported_flags(struct json_writer *w)
{
	send(w, EVENT_KEY, "supportedFlags");
	send(w, EVENT_LIST, NULL);
	for (size_t i = 0; i < oci_seccomp_flag_words.n; i++) {
		if (kernel_takes((uint64_t)oci_seccomp_flag_words.v[i].value))
			send(w, EVENT_TEXT, oci_seccomp_flag_words.v[i].name);
	}
	send(w, EVENT_LIST_END, NULL);
}

/* SCMP_ACT_KILL is another word for KILL_THREAD; what the table has is what is taken. */
static void put_seccomp(struct json_writer *w)
{
	send(w, EVENT_KEY, "seccomp");
	send(w, EVENT_OBJECT, NULL);
	put_bool(w, "enabled", true);
	put_words(w, "actions", &oci_action_words);
	put_words(w, "operators", &oci_op_words);
	send(w, EVENT_KEY, "archs");
	send(w, EVENT_LIST, NULL);
	for (size_t i = 0; i < arches_n; i++)
		send(w, EVENT_TEXT, arches[i].scmp);
	send(w, EVENT_LIST_END, NULL);
	put_words(w, "knownFlags", &oci_seccomp_flag_words);
	put_supported_flags(w);
	send(w, EVENT_OBJECT_END, NULL);
}

static void put_mount_options(struct json_writer *w)
{
	send(w, EVENT_KEY, "mountOptions");
	send(w, EVENT_LIST, NULL);
	for (size_t i = 0; i < mount_words_n; i++)
		send(w, EVENT_TEXT, mount_words[i].name);
	send(w, EVENT_LIST_END, NULL);
}

static void put_linux(struct json_writer *w)
{
	send(w, EVENT_KEY, "linux");
	send(w, EVENT_OBJECT, NULL);
	put_words(w, "namespaces", &ns_words);
	put_words(w, "capabilities", &capability_words);
	send(w, EVENT_KEY, "cgroup");
	send(w, EVENT_OBJECT, NULL);
	put_bool(w, "v1", true);
	put_bool(w, "v2", true);
	put_bool(w, "systemd", true);
	put_bool(w, "systemdUser", true);
	put_bool(w, "rdma", true);
	send(w, EVENT_OBJECT_END, NULL);
	put_seccomp(w);
	put_enabled(w, "apparmor", true);
	put_enabled(w, "selinux", true);
	send(w, EVENT_KEY, "intelRdt");
	send(w, EVENT_OBJECT, NULL);
	put_bool(w, "enabled", true);
	put_bool(w, "schemata", true);
	put_bool(w, "monitoring", true);
	send(w, EVENT_OBJECT_END, NULL);
	send(w, EVENT_KEY, "memoryPolicy");
	send(w, EVENT_OBJECT, NULL);
	put_words(w, "modes", &mempolicy_mode_words);
	put_words(w, "flags", &mempolicy_flag_words);
	send(w, EVENT_OBJECT_END, NULL);
	send(w, EVENT_KEY, "mountExtensions");
	send(w, EVENT_OBJECT, NULL);
	put_enabled(w, "idmap", true);
	send(w, EVENT_OBJECT_END, NULL);
	put_enabled(w, "netDevices", true);
	send(w, EVENT_OBJECT_END, NULL);
}

static void put_text(struct json_writer *w, const char *key, const char *value)
{
	send(w, EVENT_KEY, key);
	send(w, EVENT_TEXT, value);
}

/* Annotations that change what is done; with a dot at the end: all that begin so. */
static const char *const unsafe[] = {
	"org.jailrt.",
	"run.oci.",
	"org.systemd.property.",
	"org.criu.config",
};

int cmd_features(struct cmd_call *c)
{
	own_str struct str out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 2);
	send(&w, EVENT_OBJECT, NULL);
	put_text(&w, "ociVersionMin", "1.0.0");
	put_text(&w, "ociVersionMax", OCI_VERSION);
	put_words(&w, "hooks", &hook_words);
	put_mount_options(&w);
	put_linux(&w);
	send(&w, EVENT_KEY, "annotations");
	send(&w, EVENT_OBJECT, NULL);
	put_text(&w, "org.jailrt.version", jailrt_version());
	send(&w, EVENT_OBJECT_END, NULL);
	send(&w, EVENT_KEY, "potentiallyUnsafeConfigAnnotations");
	send(&w, EVENT_LIST, NULL);
	for (size_t i = 0; i < ARRAY_LEN(unsafe); i++)
		send(&w, EVENT_TEXT, unsafe[i]);
	send(&w, EVENT_LIST_END, NULL);
	send(&w, EVENT_OBJECT_END, NULL);
	str_addc(&out, '\n');
	return str_check(&out, &c->err) < 0 ? CMD_REFUSED : cmd_print(out.data);
}
