/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "life.h"

/* The watching of system calls: what it needs, who does it, and what is told of it in the end. */

/* What is there is emptied only when there is something to write. */
static int open_report(struct life *l, const char *path, struct err *e)
{
	l->seen_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0644);
	l->seen_made = l->seen_fd >= 0;
	if (l->seen_fd < 0)
		l->seen_fd = fd_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_NOCTTY, 0644, e);
	return l->seen_fd;
}

int life_watch_prepare(struct life *l, struct err *e)
{
	const struct jail_filter *f = &l->loaded.jail.filter;

	if (!f->watch || l->seen)
		return 0;
	/* Before anything is made, so that it cannot fail at the end. */
	if (f->watch_report && open_report(l, f->watch_report, e) < 0)
		return origin_fail(
			l->loaded.jail.origin, f->at_watch_report, e, e->code, "%s", e->text);
	l->seen = seen_new();
	return l->seen ? 0 : err_memory(e);
}

int life_watch_calls(struct life *l, int listener, struct err *e)
{
	return notice_begin(listener, l->seen, &l->notice, e);
}

int life_watch_tell(struct life *l, struct err *e)
{
	own_str struct str text = {0}, line = {0};

	if (!l->seen)
		return 0;
	TRY(seen_text(l->seen, &text, e));
	if (!text.len)
		return 0;
	str_addf(&line, "unotify report:\n%s", str_text(&text));
	TRY(str_check(&line, e));
	log_text(LOG_INFO, str_text(&line));
	if (l->seen_fd < 0)
		return 0;
	l->seen_made = false; /* from now on it is the reader's */
	(void)!ftruncate(l->seen_fd, 0); /* a pipe has no length */
	if (fd_write_all(l->seen_fd, str_text(&text), text.len, e) < 0)
		return err_add(e, "seccomp_unotify_report");
	return 0;
}

void life_watch_done(struct life *l)
{
	notice_end(l->notice);
	seen_drop(l->seen);
	/* Who did not start, or saw nothing, leaves no file. */
	if (l->seen_made)
		(void)unlink(l->loaded.jail.filter.watch_report);
	own_close(&l->seen_fd);
}
