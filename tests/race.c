/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race COUNT BUNDLE STATES DIRECTORY: makes COUNT containers of the bundle in this one process, through the
 * library, while a child exchanges DIRECTORY/target and DIRECTORY/link without pause (RENAME_EXCHANGE): a
 * directory, and a symlink to a place of the host. A create that fails is fine. Says how many there were;
 * whether anything reached the host, who called sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/jailrt.h"

enum { EXCHANGE = 2 }; /* RENAME_EXCHANGE */

static _Noreturn void race(const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!syscall(SYS_renameat2, fd, "target", fd, "link", EXCHANGE))
		;
	perror("race: renameat2");
	_exit(1);
}

/* 0: it was made, and is gone again; otherwise as the library says. */
static int make_one(const char *id, const char *bundle, const char *states)
{
	struct jailrt *j = jailrt_new();
	int r, gone;

	if (!j || jailrt_set(j, "id", id) || jailrt_set(j, "bundle", bundle) ||
		jailrt_set(j, "root", states)) {
		fprintf(stderr, "race: %s\n", j ? jailrt_error(j) : "no memory");
		exit(1);
	}
	r = jailrt_create(j);
	if (!r) {
		(void)jailrt_set(j, "force", "true");
		gone = jailrt_delete(j);
		if (gone) {
			fprintf(stderr, "race: delete: %s\n", jailrt_error(j));
			exit(1);
		}
	} else if (getenv("RACE_VERBOSE")) {
		fprintf(stderr, "%s\n", jailrt_error(j));
	}
	jailrt_free(j);
	return r;
}

int main(int argc, char **argv)
{
	int count = argc == 5 ? atoi(argv[1]) : 0, made = 0, refused = 0, status = 0;
	char id[64];
	pid_t racer;

	if (count < 1) {
		fprintf(stderr, "race COUNT BUNDLE STATES DIRECTORY\n");
		return 2;
	}
	racer = fork();
	if (!racer)
		race(argv[4]);
	for (int i = 0; i < count; i++) {
		snprintf(
			id, sizeof(id), "%s-%d", getenv("RACE_ID") ? getenv("RACE_ID") : "race", i);
		if (make_one(id, argv[2], argv[3]))
			refused++;
		else
			made++;
	}
	if (waitpid(racer, &status, WNOHANG) != 0)
		return 1; /* it gave up: there was no race */
	kill(racer, SIGKILL);
	waitpid(racer, &status, 0);
	printf("made %d refused %d\n", made, refused);
	return 0;
}
