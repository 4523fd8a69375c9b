/* SPDX-License-Identifier: Apache-2.0 */
#include "notice.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/thread.h"

/* Of the thread and of who began it; the last one frees it. */
struct notice {
	atomic_int holders;
	int listener, stop;
	struct seen *seen;
	size_t size; /* of the kernel's struct seccomp_notif, and of the answer */
	size_t answer_size;
};

static void drop(struct notice *n)
{
	if (atomic_fetch_sub(&n->holders, 1) > 1)
		return;
	own_close(&n->listener);
	own_close(&n->stop);
	seen_drop(n->seen);
	free(n);
}

/* --- a call ----------------------------------------------------------------------------------------- */

static void note(struct seen *s, const struct noticed *what)
{
	for (unsigned i = 0; i < what->n_paths; i++)
		seen_add_path(s, &what->call, &what->paths[i]);
	if (what->has_peer)
		seen_add_peer(s, &what->call, &what->peer);
	if (what->unread)
		seen_add_unread(s);
}

/*
 * The process may have been killed meanwhile and its number given to another: what was read then is
 * nobody's. Under the lock, so that whoever sees what the call did finds it noted.
 */
static void let_go(struct notice *n, uint64_t id, const struct noticed *what, void *answer)
{
	struct seccomp_notif_resp *r = answer;

	memset(answer, 0, n->answer_size);
	r->id = id;
	r->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0)
		return;
	seen_lock(n->seen);
	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_SEND, answer) == 0)
		note(n->seen, what);
	seen_unlock(n->seen);
}

/* One is there, so that this does not wait: nobody else takes any. */
static void take(struct notice *n, void *request, void *answer)
{
	const struct seccomp_notif *r = request;
	struct noticed what = {0};

	memset(request, 0, n->size); /* the kernel insists */
	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_RECV, request) < 0)
		return; /* it was killed; or interrupted, and comes again */
	notice_read(r, &what);
	let_go(n, r->id, &what, answer);
	noticed_done(&what);
}

static void serve(struct notice *n)
{
	own_free void *request = calloc(1, n->size);
	own_free void *answer = calloc(1, n->answer_size);

	for (;;) {
		struct pollfd p[2] = {
			{.fd = n->listener, .events = POLLIN}, {.fd = n->stop, .events = POLLIN}};

		if (!request || !answer)
			return;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents || p[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			return;
		if (p[0].revents & POLLIN)
			take(n, request, answer);
	}
}

static void *run(void *arg)
{
	struct notice *n = arg;

	serve(n);
	/* Nobody is to wait for an answer that does not come. */
	drop(n);
	return NULL;
}

/* --- beginning and end ---------------------------------------------------------------------------------- */

int notice_begin(int listener, struct seen *seen, struct notice **ret, struct err *e)
{
	struct notice *n = calloc(1, sizeof(*n));
	struct seccomp_notif_sizes sizes = {0};
	int r;

	if (!n) {
		own_close(&listener);
		return err_memory(e);
	}
	n->holders = 2;
	n->listener = listener;
	n->seen = seen_hold(seen);
	n->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = n->stop < 0 ? errno : 0;
	if (!r && syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		r = errno;
	n->size = sizes.seccomp_notif > sizeof(struct seccomp_notif) ? sizes.seccomp_notif
								     : sizeof(struct seccomp_notif);
	n->answer_size = sizes.seccomp_notif_resp > sizeof(struct seccomp_notif_resp)
				 ? sizes.seccomp_notif_resp
				 : sizeof(struct seccomp_notif_resp);
	if (!r)
		r = -thread_start(run, n, NULL);
	if (r) {
		n->holders = 1;
		drop(n);
		return err_sys(e, r, "watch system calls");
	}
	*ret = n;
	return 0;
}

void notice_end(struct notice *n)
{
	if (!n)
		return;
	(void)eventfd_write(n->stop, 1); /* cannot be full */
	drop(n);
}
