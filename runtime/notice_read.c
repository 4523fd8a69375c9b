/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "../spec/watched.h"
#include "base/fd.h"
#include "base/fmt.h"
#include "base/path.h"
#include "base/sys.h"
#include "notice.h"

/* The arguments of a call, from its registers and the memory of who makes it, as nsjail's report words them. */

enum { ARGV_MOST = 32, ARGV_TEXT = 256, PAGE = 4096 };

struct reading {
	pid_t pid; /* of the thread */
	bool wide; /* pointers have 64 bits */
	uint64_t args[6];
	int dir; /* where the next path begins */
	bool creates; /* the flags of open say so */
	enum seen_mode mode;
	struct noticed *to;
};

/* --- memory ------------------------------------------------------------------------------------------- */

static ssize_t peek(struct reading *r, uint64_t at, void *to, size_t n)
{
	struct iovec ours = {to, n}, theirs = {(void *)(uintptr_t)at, n};
	ssize_t got = process_vm_readv(r->pid, &ours, 1, &theirs, 1, 0);

	/* A bad address is the program's affair: the kernel will say so. */
	if (got < 0 && errno != EFAULT)
		r->to->unread = true;
	return got;
}

/* A page at a time, since the one behind the text may not be there; cut when it is too long. */
static int peek_text(struct reading *r, uint64_t at, char *to, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		size_t n = PAGE - (at + len) % PAGE;
		ssize_t got = peek(r, at + len, to + len, n < size - 1 - len ? n : size - 1 - len);

		if (got <= 0)
			return -EFAULT;
		if (memchr(to + len, '\0', (size_t)got))
			return 0;
		len += (size_t)got;
	}
	to[len] = '\0';
	return 0;
}

/* --- arguments ------------------------------------------------------------------------------------------ */

static void add_arg(struct reading *r, const char *text)
{
	struct texts *args = &r->to->call.args;
	const char **v = text ? pool_grow(&r->to->pool, args->v, args->n, sizeof(*v)) : NULL;

	if (!v)
		return; /* out of memory: a word less */
	args->v = v;
	args->v[args->n++] = text;
}

#define ADD_ARG(r, ...) add_arg((r), pool_printf(&(r)->to->pool, __VA_ARGS__))

#define BIT(name)           \
	{                   \
#name, name \
	}

static const struct word open_words_rows[] = {
	BIT(O_SYNC),
	BIT(O_TMPFILE), /* have others in them */
	BIT(O_APPEND),
	BIT(O_ASYNC),
	BIT(O_CLOEXEC),
	BIT(O_CREAT),
	BIT(O_DIRECT),
	BIT(O_DIRECTORY),
	BIT(O_DSYNC),
	BIT(O_EXCL),
	BIT(O_NOATIME),
	BIT(O_NOCTTY),
	BIT(O_NOFOLLOW),
	BIT(O_NONBLOCK),
	BIT(O_PATH),
	BIT(O_TRUNC),
	{"O_LARGEFILE", 0100000},
};
static WORDS(open_words);

static const struct word access_words_rows[] = {BIT(R_OK), BIT(W_OK), BIT(X_OK)};
static WORDS(access_words);

static void add_bits(struct reading *r, const char *name, const struct words *words, uint64_t bits)
{
	char text[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < words->n; i++) {
		uint64_t v = words->v[i].value;

		if (!v || (bits & v) != v)
			continue;
		n += fmt_put(text + n, sizeof(text) - n, "%s%s", n ? "|" : "", words->v[i].name);
		bits &= ~v;
	}
	if (bits)
		fmt_put(text + n, sizeof(text) - n, "%s0x%llx", n ? "|" : "",
			(unsigned long long)bits);
	ADD_ARG(r, "%s=%s", name, text);
}

static void take_open_flags(struct reading *r, uint64_t flags)
{
	static const enum seen_mode modes[] = {SEEN_RDONLY, SEEN_WRONLY, SEEN_RDWR, SEEN_RDWR};

	r->mode = modes[flags & O_ACCMODE];
	r->creates = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY));
	if (flags & ~(uint64_t)O_ACCMODE)
		add_bits(r, "mode_extra", &open_words, flags & ~(uint64_t)O_ACCMODE);
}

static void take_how(struct reading *r, uint64_t at)
{
	struct open_how how = {0};

	if (peek(r, at, &how, sizeof(how)) != sizeof(how))
		return;
	take_open_flags(r, how.flags);
	if (r->creates)
		ADD_ARG(r, "mode=0%llo", (unsigned long long)how.mode);
	ADD_ARG(r, "resolve=%llu", (unsigned long long)how.resolve);
}

static void take_argv(struct reading *r, uint64_t at)
{
	size_t size = r->wide ? 8 : 4;

	for (unsigned i = 0; at && i < ARGV_MOST; i++) {
		uint64_t pointer = 0;
		uint32_t narrow = 0;
		char text[ARGV_TEXT];

		if (peek(r, at + i * size, r->wide ? (void *)&pointer : &narrow, size) !=
			(ssize_t)size)
			return;
		pointer = r->wide ? pointer : narrow;
		if (!pointer || peek_text(r, pointer, text, sizeof(text)) < 0)
			return;
		ADD_ARG(r, "argv[%u]=%s", i, text);
	}
}

/* --- paths ---------------------------------------------------------------------------------------------- */

/* The text of a link of the process's own, or "". */
static void read_link(const struct reading *r, const char *name, char ret[PATH_MAX])
{
	char path[64];
	ssize_t n;

	fmt_put(path, sizeof(path), "/proc/%d/%s", (int)r->pid, name);
	n = readlink(path, ret, PATH_MAX - 1);
	ret[n < 0 ? 0 : n] = '\0';
}

/* Where a relative path begins, as the process itself sees it: the kernel tells from our root. */
static void find_base(const struct reading *r, char ret[PATH_MAX])
{
	char root[PATH_MAX], fd[32];

	fmt_put(fd, sizeof(fd), "fd/%d", r->dir);
	read_link(r, r->dir == AT_FDCWD ? "cwd" : fd, ret);
	read_link(r, "root", root);
	if (strcmp(root, "/") && *root && path_beneath(root, ret))
		memmove(ret, ret[strlen(root)] ? ret + strlen(root) : "/",
			strlen(ret) - strlen(root) + 2);
}

static void take_path(struct reading *r, uint64_t at)
{
	struct noticed *to = r->to;
	char text[PATH_MAX], base[PATH_MAX] = "", whole[PATH_MAX];
	struct seen_path *p = &to->paths[to->n_paths];

	if (!at || peek_text(r, at, text, sizeof(text)) < 0)
		return;
	/* An empty one means the fd itself, which was opened before; but a program's is what is run. */
	if (!*text && strcmp(to->call.name, "execveat"))
		return;
	if (*text != '/')
		find_base(r, base);
	if (*base == '/' && path_join(whole, sizeof(whole), base, text) == 0)
		p->path = pool_text(&to->pool, whole);
	else
		p->path = pool_text(&to->pool, text);
	if (!p->path || !*p->path || to->n_paths == ARRAY_LEN(to->paths))
		return;
	notice_look(r->pid, p);
	to->n_paths++;
}

static void take_dir(struct reading *r, int dir)
{
	r->dir = dir;
	if (dir == AT_FDCWD)
		add_arg(r, "dirfd=AT_FDCWD");
	else
		ADD_ARG(r, "dirfd=%d", dir);
}

/* --- peers ---------------------------------------------------------------------------------------------- */

static const struct word type_words_rows[] = {BIT(SOCK_STREAM), BIT(SOCK_DGRAM), BIT(SOCK_RAW),
	BIT(SOCK_RDM), BIT(SOCK_SEQPACKET), BIT(SOCK_DCCP)};
static WORDS(type_words);

static const struct word domain_words_rows[] = {
	BIT(AF_UNSPEC), BIT(AF_UNIX), BIT(AF_INET), BIT(AF_INET6), BIT(AF_NETLINK), BIT(AF_PACKET)};
static WORDS(domain_words);

static const struct word protocol_words_rows[] = {BIT(IPPROTO_IP), BIT(IPPROTO_ICMP),
	BIT(IPPROTO_TCP), BIT(IPPROTO_UDP), BIT(IPPROTO_ICMPV6)};
static WORDS(protocol_words);

static void add_word(struct reading *r, const char *name, const struct words *words, uint64_t v,
	const char *more)
{
	const char *word = words_name(words, v);

	if (word)
		ADD_ARG(r, "%s=%s%s", name, word, more);
	else
		ADD_ARG(r, "%s=%llu%s", name, (unsigned long long)v, more);
}

static enum seen_family family_of(int domain)
{
	switch (domain) {
	case AF_UNIX:
		return SEEN_UNIX;
	case AF_INET:
		return SEEN_IPV4;
	case AF_INET6:
		return SEEN_IPV6;
	case AF_NETLINK:
		return SEEN_NETLINK;
	default:
		return SEEN_FAMILY_UNKNOWN;
	}
}

static void take_domain(struct reading *r, int domain)
{
	r->to->peer = (struct seen_peer){.family = family_of(domain), .endpoint = ""};
	r->to->has_peer = true;
	add_word(r, "domain", &domain_words, (uint64_t)domain, "");
}

static void take_type(struct reading *r, unsigned type)
{
	char more[48];

	fmt_put(more, sizeof(more), "%s%s", type & SOCK_CLOEXEC ? "|SOCK_CLOEXEC" : "",
		type & SOCK_NONBLOCK ? "|SOCK_NONBLOCK" : "");
	add_word(r, "type", &type_words, type & ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK), more);
}

static pid_t leader_of(pid_t thread)
{
	char path[48], text[1024];
	const char *s;
	uint64_t v;

	fmt_put(path, sizeof(path), "/proc/%d/status", (int)thread);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	s = strstr(text, "\nTgid:\t");
	return s && !fmt_u64(s + 7, strspn(s + 7, "0123456789"), &v) ? (pid_t)v : -1;
}

/* Of the socket itself, which is taken over for that. */
static void take_socket(struct reading *r, int fd)
{
	own_fd int process = sys_pidfd_open(leader_of(r->pid), 0), copy = -1;
	int type = 0, protocol = 0;
	socklen_t len = sizeof(type), plen = sizeof(protocol);
	char more[48];
	const char *word;

	ADD_ARG(r, "fd=%d", fd);
	if (process >= 0)
		copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	if (copy < 0 || getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
		getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &protocol, &plen) < 0)
		return;
	word = protocol ? words_name(&protocol_words, (uint64_t)protocol) : NULL;
	fmt_put(more, sizeof(more), "%s%s%s", word ? " (" : "", word ? word : "", word ? ")" : "");
	add_word(r, "type", &type_words, (uint64_t)type, more);
}

static void take_unix(struct reading *r, const struct sockaddr_un *a, size_t len)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t n = len > head ? len - head : 0;
	struct noticed *to = r->to;
	char *name;

	if (n > sizeof(a->sun_path))
		n = sizeof(a->sun_path);
	name = pool_copy(&to->pool, a->sun_path, n);
	if (!name)
		return;
	for (size_t i = 0; n && !*a->sun_path && i < n; i++)
		name[i] = name[i] ? name[i] : '@';
	to->peer.endpoint = n && *name ? name : "anonymous unix socket";
	if (*name == '/')
		to->peer.socket_path = name;
}

static void take_address(struct reading *r, uint64_t at, uint64_t len)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un un;
		struct sockaddr_storage room;
	} a = {0};
	char text[INET6_ADDRSTRLEN] = "";
	struct seen_peer *p = &r->to->peer;
	size_t n = len < sizeof(a) ? (size_t)len : sizeof(a);

	if (!at || n < sizeof(a.any.sa_family) || peek(r, at, &a, n) != (ssize_t)n)
		return;
	*p = (struct seen_peer){.family = family_of(a.any.sa_family), .endpoint = ""};
	r->to->has_peer = true;
	if (p->family == SEEN_IPV4 && n >= sizeof(a.v4)) {
		(void)inet_ntop(AF_INET, &a.v4.sin_addr, text, sizeof(text)); /* there is room */
		p->port = ntohs(a.v4.sin_port);
	} else if (p->family == SEEN_IPV6 && n >= sizeof(a.v6) - sizeof(a.v6.sin6_scope_id)) {
		(void)inet_ntop(AF_INET6, &a.v6.sin6_addr, text, sizeof(text)); /* likewise */
		p->port = ntohs(a.v6.sin6_port);
	} else if (p->family == SEEN_UNIX) {
		take_unix(r, &a.un, n);
		return;
	}
	p->endpoint = pool_text(&r->to->pool, text);
	r->to->has_peer = p->endpoint != NULL;
}

/* --- a call --------------------------------------------------------------------------------------------- */

static void take_arg(struct reading *r, enum watched_arg kind, unsigned i)
{
	uint64_t v = r->args[i];

	switch (kind) {
	case WATCHED_DIR:
		return take_dir(r, (int)v);
	case WATCHED_PATH:
		take_path(r, v);
		r->dir = AT_FDCWD;
		return;
	case WATCHED_MODE:
		return ADD_ARG(r, "mode=0%llo", (unsigned long long)v & 07777777);
	case WATCHED_NEW_MODE:
		if (r->creates)
			ADD_ARG(r, "mode=0%llo", (unsigned long long)v & 07777777);
		return;
	case WATCHED_ACCESS:
		return v ? add_bits(r, "mode", &access_words, (uint32_t)v)
			 : add_arg(r, "mode=F_OK");
	case WATCHED_OPEN:
		return take_open_flags(r, (uint32_t)v);
	case WATCHED_HOW:
		return take_how(r, v);
	case WATCHED_FLAGS:
		return ADD_ARG(r, "flags=%u", (uint32_t)v);
	case WATCHED_OWNER:
		return ADD_ARG(r, "owner=%d", (int)v);
	case WATCHED_GROUP:
		return ADD_ARG(r, "group=%d", (int)v);
	case WATCHED_ARGV:
		return take_argv(r, v);
	case WATCHED_SOCKET:
		return take_socket(r, (int)v);
	case WATCHED_ADDRESS:
		return take_address(r, v, i < 5 ? (uint32_t)r->args[i + 1] : 0);
	case WATCHED_DOMAIN:
		return take_domain(r, (int)v);
	case WATCHED_TYPE:
		return take_type(r, (unsigned)v);
	case WATCHED_PROTOCOL:
		return add_word(r, "protocol", &protocol_words, (uint32_t)v, "");
	default:
		return;
	}
}

/* Of many calls in one: which it is, with arguments as wide as pointers in memory (net(7) calls of i386). */
static const struct watched_call *find_in_socketcall(struct reading *r)
{
	for (size_t i = 0; i < watched_calls_n; i++) {
		const struct multiplexed *m = arch_multiplexed(watched_calls[i].name);
		uint32_t narrow[6] = {0};
		size_t size = r->wide ? 8 : 4;
		unsigned n = 3;

		if (!m || m->ipc || m->first != (uint32_t)r->args[0])
			continue;
		n = !strcmp(m->name, "sendto") ? 6 : n;
		if (peek(r, r->args[1], r->wide ? (void *)r->args : narrow, n * size) < 0)
			return NULL;
		for (unsigned j = 0; !r->wide && j < 6; j++)
			r->args[j] = narrow[j];
		return &watched_calls[i];
	}
	return NULL;
}

void notice_read(const struct seccomp_notif *n, struct noticed *ret)
{
	const struct arch *arch = arch_by_audit(n->data.arch);
	const char *name = arch ? arch_call_name(arch, (uint32_t)n->data.nr) : NULL;
	const struct watched_call *call = name ? watched_find(name) : NULL;
	struct reading r = {
		.pid = (pid_t)n->pid, .wide = arch && arch->wide, .dir = AT_FDCWD, .to = ret};

	for (unsigned i = 0; i < 6; i++)
		r.args[i] = r.wide ? n->data.args[i] : (uint32_t)n->data.args[i];
	if (call && call->args[0] == WATCHED_SOCKETCALL)
		call = find_in_socketcall(&r);
	if (!call)
		return;
	ret->call.name = call->name;
	for (unsigned i = 0; i < 6; i++)
		take_arg(&r, call->args[i], i);
	/* The flags may stand behind the path. */
	for (unsigned i = 0; i < ret->n_paths; i++)
		ret->paths[i].mode = r.mode;
}

void noticed_done(struct noticed *n)
{
	pool_done(&n->pool);
}
