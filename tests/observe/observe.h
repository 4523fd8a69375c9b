/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_OBSERVE_H
#define JAILRT_OBSERVE_H
/*
 * observe: a program that runs in a container and prints what it sees there, a fact a line: its name, a
 * tab, its value. tests/side-by-side runs it under several runtimes and compares. What differs from run to
 * run (inode numbers, process ids, times) is not printed, but what it means.
 *
 * It is static and needs nothing in the container but /proc.
 */

/* One fact; the name may hold blanks, the value is of one line: other control characters are escaped. */
__attribute__((format(printf, 2, 3))) void say(const char *name, const char *format, ...);

/* The name of an errno value: "EPERM"; "0" for none. */
const char *word_of(int error);

/* A file of procfs or sysfs as one text, blanks squeezed, without the last newline; or "(EACCES)". */
const char *text_of(const char *path);

/* The labels of namespaces: each argument "KIND=INODE=LABEL" names one; others are "new". */
void observe_namespaces(char **labels);
void observe_process(void);
void observe_kernel(void);
void observe_mounts(void);
void observe_files(void);
void observe_calls(void);

#endif
