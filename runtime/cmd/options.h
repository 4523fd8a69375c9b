/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_CMD_OPTIONS_H
#define JAILRT_CMD_OPTIONS_H
/*
 * options: the rows of options that several commands share.
 */
#define OPTION_HELP                                                      \
	{"help", 'h', NULL, "help", NULL, "show this help", false},      \
	{                                                                \
		"usage", '?', NULL, "help", NULL, "as crun has it", true \
	}

#define OPTIONS_CONFIG                                                                            \
	{"bundle", 'b', "DIR", "bundle", NULL, "directory that holds config.json", false},        \
		{"config", 'f', "FILE", "config", NULL,                                           \
			"OCI or nsjail config in place of the bundle's config.json", false},      \
		{"set", 0, "FIELD=VALUE", "set", NULL, "set a field of the config", false},       \
		{"seccomp-profile", 0, "NAME", "syscall_profile", NULL,                           \
			"this profile of system calls holds too (jailrt seccomp list)", false},   \
	{                                                                                         \
		"strict", 0, NULL, "strict", NULL, "unknown keys of the config are errors", false \
	}

#define OPTIONS_MAKE                                                                         \
	{"console-socket", 0, "SOCKET", "console_socket", NULL,                              \
		"unix socket that the terminal's master is sent to", false},                 \
		{"pid-file", 0, "FILE", "pid_file", NULL, "file to write the process id to", \
			false},                                                              \
		{"pidfd-socket", 0, "SOCKET", "pidfd_socket", NULL,                          \
			"unix socket that a pidfd of the process is sent to", false},        \
		{"preserve-fds", 0, "N", "preserve_fds", NULL,                               \
			"pass N file descriptors on, from 3 on", false},                     \
		{"no-pivot", 0, NULL, "no_pivot", NULL,                                      \
			"use chroot in place of pivot_root, as on an initramfs", false},     \
		{"no-new-keyring", 0, NULL, "no_new_keyring", NULL,                          \
			"keep the caller's session keyring", false},                         \
	{                                                                                    \
		"no-subreaper", 0, NULL, "unused", NULL, "has no effect", true               \
	}

#endif
