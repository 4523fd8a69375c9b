/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "observe.h"

void say(const char *name, const char *format, ...)
{
	char value[8192];
	va_list ap;

	va_start(ap, format);
	vsnprintf(value, sizeof(value), format, ap);
	va_end(ap);
	printf("%s\t", name);
	for (const char *c = value; *c; c++) {
		if ((unsigned char)*c < ' ')
			printf("\\%03o", *c);
		else
			putchar(*c);
	}
	putchar('\n');
}

const char *word_of(int error)
{
	return error ? strerrorname_np(error) : "0";
}

const char *text_of(const char *path)
{
	static char text[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	size_t length = 0;

	if (n < 0) {
		snprintf(text, sizeof(text), "(%s)", word_of(errno));
		if (fd >= 0)
			close(fd);
		return text;
	}
	close(fd);
	for (ssize_t i = 0; i < n; i++) {
		bool blank = strchr(" \t\n", text[i]) || !text[i];

		if (!blank)
			text[length++] = text[i];
		else if (length && text[length - 1] != ' ')
			text[length++] = ' ';
	}
	while (length && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	return text;
}

static const char *label_of(char **labels, const char *kind, unsigned long inode)
{
	char wanted[64];
	int length = snprintf(wanted, sizeof(wanted), "%s=%lu=", kind, inode);

	for (; *labels; labels++) {
		if (!strncmp(*labels, wanted, (size_t)length))
			return *labels + length;
	}
	return "new";
}

void observe_namespaces(char **labels)
{
	static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid",
		"pid_for_children", "time", "time_for_children", "user", "uts"};
	char path[64], name[64];
	struct stat st;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		snprintf(name, sizeof(name), "namespace %s", kinds[i]);
		if (stat(path, &st) < 0)
			say(name, "(%s)", word_of(errno));
		else
			say(name, "%s", label_of(labels, kinds[i], st.st_ino));
	}
	say("id map uid", "%s", text_of("/proc/self/uid_map"));
	say("id map gid", "%s", text_of("/proc/self/gid_map"));
	say("id map setgroups", "%s", text_of("/proc/self/setgroups"));
	say("time offsets", "%s", text_of("/proc/self/timens_offsets"));
}

/* Arguments: labels of namespaces. Ends when standard input does: until then others may look at it. */
int main(int argc, char **argv)
{
	char c;

	(void)argc;
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	observe_process();
	observe_namespaces(argv + 1);
	observe_kernel();
	observe_mounts();
	observe_files();
	observe_calls();
	puts("end\t");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0 && c != '\n')
		;
	return 0;
}
