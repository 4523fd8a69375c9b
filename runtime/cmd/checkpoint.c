/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "options.h"

/* checkpoint, restore: containers as files, by criu. */

#define OPTIONS_CRIU                                                                               \
	{"image-path", 0, "DIR", "image_path", NULL,                                               \
		"directory of criu's images; ./checkpoint by default", false},                     \
		{"work-path", 0, "DIR", "work_path", NULL,                                         \
			"directory of criu's log; that of the images by default", false},          \
		{"tcp-established", 0, NULL, "tcp_established", NULL, "with open TCP connections", \
			false},                                                                    \
		{"ext-unix-sk", 0, NULL, "ext_unix_sk", NULL,                                      \
			"with unix sockets to processes outside", false},                          \
		{"shell-job", 0, NULL, "shell_job", NULL, "with a terminal that is not its own",   \
			false},                                                                    \
		{"file-locks", 0, NULL, "file_locks", NULL, "with locks of files", false},         \
		{"manage-cgroups-mode", 0, "MODE", "manage_cgroups_mode", NULL,                    \
			"what of its cgroups: soft (default), full, strict, props, none, ignore",  \
			false},                                                                    \
		{"network-lock", 0, "METHOD", "network_lock", NULL,                                \
			"how TCP is held up meanwhile: iptables, nftables or skip", false},        \
		{"empty-ns", 0, "NAMESPACE", "empty_ns", NULL,                                     \
			"leave out what is in the namespace: network", false},                     \
		{"auto-dedup", 0, NULL, "auto_dedup", NULL, "keep no memory twice in images",      \
			false},                                                                    \
	{                                                                                          \
		"lazy-pages", 0, NULL, "lazy_pages", NULL,                                         \
			"memory is fetched when it is needed (criu lazy-pages)", false             \
	}

static const struct option_row cmd_checkpoint_options_v[] = {
	OPTIONS_CRIU,
	{"leave-running", 0, NULL, "leave_running", NULL, "it goes on running", false},
	{"parent-path", 0, "DIR", "parent_path", NULL,
		"images of an earlier pre-dump, as seen from --image-path", false},
	{"pre-dump", 0, NULL, "pre_dump", NULL, "memory only, and it goes on running", false},
	{"page-server", 0, "ADDRESS:PORT", "page_server", NULL,
		"send memory to this page server (criu page-server)", false},
	{"status-fd", 0, "N", "status_fd", NULL,
		"write a zero byte to this fd when pages can be fetched", false},
	{"tcp-skip-in-flight", 0, NULL, "tcp_skip_in_flight", NULL,
		"without TCP connections that are not accepted yet", false},
	{"link-remap", 0, NULL, "link_remap", NULL, "deleted files that are open get a name",
		false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_checkpoint_options);

static const struct option_row cmd_restore_options_v[] = {
	OPTIONS_CONFIG,
	OPTIONS_CRIU,
	{"detach", 'd', NULL, "detach", NULL, "do not wait for the program", false},
	{"console-socket", 0, "SOCKET", "console_socket", NULL,
		"unix socket that the terminal's master is sent to", false},
	{"pid-file", 0, "FILE", "pid_file", NULL, "file to write the process id to", false},
	{"tcp-close", 0, NULL, "tcp_close", NULL, "close the TCP connections that were open",
		false},
	{"lsm-profile", 0, "TYPE:NAME", "lsm_profile", NULL,
		"security label of the processes: apparmor:NAME or selinux:LABEL", false},
	{"lsm-mount-context", 0, "CONTEXT", "lsm_mount_context", NULL,
		"SELinux context of its mounts", false},
	{"no-pivot", 0, NULL, "no_pivot", NULL, "has no effect: criu places the root", true},
	{"no-subreaper", 0, NULL, "unused", NULL, "has no effect", true},
	OPTION_HELP,
};
OPTION_ROWS(cmd_restore_options);

int cmd_checkpoint(struct cmd_call *c)
{
	return cmd_set_id(c) < 0 || jailrt_checkpoint(c->jailrt) < 0 ? CMD_FAILED : 0;
}

int cmd_restore(struct cmd_call *c)
{
	if (cmd_set_id(c) < 0 || jailrt_restore_begin(c->jailrt) < 0)
		return CMD_FAILED;
	return jailrt_get(c->jailrt, "detach") ? 0 : cmd_foreground(c);
}
