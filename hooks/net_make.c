/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/base/fd.h"
#include "../runtime/base/fmt.h"
#include "../runtime/base/own.h"
#include "../runtime/base/str.h"
#include "../runtime/base/sys.h"
#include "net.h"

/* --- names ---------------------------------------------------------------------------------------- */

/* FNV-1a; the NUL is part of it, so that two texts are not one. */
static uint64_t mix(uint64_t h, const char *text)
{
	do
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	while (*text++);
	return h;
}

void net_name(struct net *n, const char *id, const char *bundle)
{
	uint64_t h = mix(mix(0xcbf29ce484222325, id), bundle);

	h = (h ^ h >> 48) & 0xffffffffffff;
	fmt_put(n->link, sizeof(n->link), "jr%012llx", (unsigned long long)h);
	fmt_put(n->table, sizeof(n->table), "jailrt_%012llx", (unsigned long long)h);
}

/* --- programs ------------------------------------------------------------------------------------- */

/* A program with its commands on stdin. */
struct tool {
	const char *argv[4];
	const char *input;
	int ns; /* the network namespace that it runs in; -1: ours */
	int keep; /* an fd that it has, too; -1: none */
};

static _Noreturn void become(const struct tool *t, int input, int output)
{
	if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(126);
	if ((t->ns >= 0 && sys_setns(t->ns, CLONE_NEWNET) < 0) ||
		(t->keep >= 0 && fcntl(t->keep, F_SETFD, 0) < 0)) {
		(void)!write(2, "enter the network namespace", 27);
		_exit(126);
	}
	execvp(t->argv[0], (char *const *)t->argv);
	_exit(127);
}

/* What line of the input was refused: both programs say "-:LINE" or the like; else all of what they said. */
static int explain(const struct tool *t, char *words, struct err *e)
{
	const char *at = strstr(words, "Command failed -:"), *line = t->input;
	unsigned long number = at ? strtoul(at + strlen("Command failed -:"), NULL, 10) : 0;

	if (at)
		words[at - words] = '\0';
	for (char *c = words; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	for (size_t n = strlen(words); n && words[n - 1] == ' '; n--)
		words[n - 1] = '\0';
	for (unsigned long i = 1; line && i < number; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!number || !line)
		return err_set(e, EIO, "%s: %s", t->argv[0], words);
	return err_set(e, EIO, "%s %.*s: %s", t->argv[0], (int)strcspn(line, "\n"), line, words);
}

static int finish(const struct tool *t, pid_t pid, int output, struct err *e)
{
	char words[1024];
	ssize_t n;
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(e, errno, "wait for %s", t->argv[0]);
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		err_set(e, ENOENT, "there is no program '%s'", t->argv[0]);
		return err_fix(
			e, "install %s", strcmp(t->argv[0], "nft") ? "iproute2" : "nftables");
	}
	n = pread(output, words, sizeof(words) - 1, 0);
	words[n < 0 ? 0 : n] = '\0';
	if (!words[0])
		fmt_put(words, sizeof(words), "wait status %d", status);
	explain(t, words, e);
	if (strstr(words, "Operation not permitted"))
		return err_fix(e, "it takes CAP_NET_ADMIN over both network namespaces");
	return e ? -e->code : -EIO;
}

static int run(const struct tool *t, struct err *e)
{
	own_fd int input = sys_memfd_create("input", 1 /* MFD_CLOEXEC */);
	own_fd int output = sys_memfd_create("output", 1 /* MFD_CLOEXEC */);
	pid_t pid;

	if (input < 0 || output < 0)
		return err_sys(e, input < 0 ? -input : -output, "keep what %s says", t->argv[0]);
	TRY(fd_write_all(input, t->input, strlen(t->input), e));
	if (lseek(input, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "keep the input of %s", t->argv[0]);
	pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "start %s", t->argv[0]);
	if (pid == 0)
		become(t, input, output);
	return finish(t, pid, output, e);
}

static int run_ip(const struct str *commands, int ns, int keep, struct err *e)
{
	const struct tool t = {{"ip", "-batch", "-", NULL}, str_text(commands), ns, keep};

	TRY(str_check(commands, e));
	return run(&t, e);
}

static int run_nft(const struct str *commands, struct err *e)
{
	const struct tool t = {{"nft", "-f", "-", NULL}, str_text(commands), -1, -1};

	TRY(str_check(commands, e));
	return run(&t, e);
}

/* The programs are in sbin, which not every PATH has; and their words are to be understood. */
static int prepare(struct err *e)
{
	static const char places[] = "/usr/sbin:/usr/bin:/sbin:/bin";
	const char *path = getenv("PATH");
	own_str struct str all = {0};

	str_addf(&all, "%s%s%s", path && *path ? path : "", path && *path ? ":" : "", places);
	TRY(str_check(&all, e));
	if (setenv("PATH", all.data, 1) < 0 || setenv("LC_ALL", "C", 1) < 0)
		return err_memory(e);
	return 0;
}

/* --- forwarding and address translation ------------------------------------------------------------ */

static int forwarding(const struct net *n, const struct net_address *a, struct err *e)
{
	const char *file = a->family == AF_INET ? "/proc/sys/net/ipv4/ip_forward"
						: "/proc/sys/net/ipv6/conf/all/forwarding";
	char value[8];
	ssize_t r = fd_read_small(AT_FDCWD, file, value, sizeof(value));

	if (r < 0)
		return err_sys(e, (int)-r, "read '%s'", file);
	if (*value == '1')
		return 0;
	if (n->enable_forwarding)
		return fd_write_text(AT_FDCWD, file, "1", e);
	err_set(e, EINVAL, "the host does not forward: '%s' is 0", file);
	return err_fix(e, "write 1 to it, or give --forward enable, or --forward leave");
}

static int check_forwarding(const struct net *n, struct err *e)
{
	for (unsigned i = 0; i < n->n_addresses; i++) {
		if (n->check_forwarding || n->enable_forwarding)
			TRY(forwarding(n, &n->address[i], e));
	}
	return 0;
}

/* In one transaction, so that a table of the name is there as a whole, new, or not at all. */
static void put_no_table(const struct net *n, struct str *out)
{
	str_addf(out, "add table inet %s\ndelete table inet %s\n", n->table, n->table);
}

static int make_nat(const struct net *n, struct err *e)
{
	own_str struct str out = {0};

	if (!n->nat)
		return 0;
	put_no_table(n, &out);
	str_addf(&out, "table inet %s {\n\tchain postrouting {\n", n->table);
	str_add(&out, "\t\ttype nat hook postrouting priority srcnat; policy accept;\n");
	for (unsigned i = 0; i < n->n_addresses; i++)
		str_addf(&out, "\t\t%s saddr %s oifname != \"%s\" masquerade\n",
			n->address[i].family == AF_INET ? "ip" : "ip6", n->address[i].text,
			n->bridge ? n->bridge : n->link);
	str_add(&out, "\t}\n}\n");
	return run_nft(&out, e);
}

/* --- devices --------------------------------------------------------------------------------------- */

static const char *no_dad(const struct net_address *a)
{
	return a->family == AF_INET6 ? " nodad" : "";
}

/*
 * The host's end of a pair without a bridge, and what is behind it. An IPv6 address with a peer would do it
 * in one; but the kernel can lose the peer's route when the device finds its carrier.
 */
static void put_point_to_point(const struct net *n, struct str *out)
{
	for (unsigned i = 0; i < n->n_addresses; i++) {
		const struct net_address *a = &n->address[i];
		const struct net_address *g = &n->gateway[n->gateway[0].family != a->family];

		if (a->family == AF_INET)
			str_addf(out, "addr add %s peer %s/32 dev %s\n", g->text, a->text, n->link);
		else
			str_addf(out, "addr add %s/128 dev %s nodad\nroute add %s/128 dev %s\n",
				g->text, n->link, a->text, n->link);
	}
}

/* The host's end. The container's end is born in its namespace and never seen in the host's. */
static int make_outside(const struct net *n, int ns, struct err *e)
{
	own_str struct str out = {0};
	char mtu[24] = "";

	if (n->mtu)
		fmt_put(mtu, sizeof(mtu), "mtu %u", n->mtu);
	str_addf(&out, "link add dev %s %s type veth peer name %s %s netns /proc/self/fd/%d\n",
		n->link, mtu, n->interface, mtu, ns);
	if (n->bridge)
		str_addf(&out, "link set dev %s master %s\n", n->link, n->bridge);
	str_addf(&out, "link set dev %s up\n", n->link);
	if (!n->bridge)
		put_point_to_point(n, &out);
	return run_ip(&out, -1, ns, e);
}

static int make_inside(const struct net *n, int ns, struct err *e)
{
	own_str struct str out = {0};

	str_add(&out, "link set dev lo up\n");
	for (unsigned i = 0; i < n->n_addresses; i++) {
		const struct net_address *a = &n->address[i];

		str_addf(&out, "addr add %s/%u dev %s%s\n", a->text, a->prefix, n->interface,
			no_dad(a));
	}
	str_addf(&out, "link set dev %s up\n", n->interface);
	for (unsigned i = 0; i < n->n_gateways; i++)
		str_addf(&out, "route add default via %s dev %s onlink\n", n->gateway[i].text,
			n->interface);
	return run_ip(&out, ns, -1, e);
}

static int remove_link(const struct net *n, struct err *e)
{
	own_str struct str out = {0};
	int r;

	if (!if_nametoindex(n->link))
		return 0;
	str_addf(&out, "link delete dev %s\n", n->link);
	r = run_ip(&out, -1, -1, e);
	/* The kernel removes it, too, once the container's namespace is gone. */
	return r < 0 && if_nametoindex(n->link) ? r : 0;
}

static int open_namespace(int64_t pid, struct err *e)
{
	char path[48];
	struct stat its, ours;
	own_fd int ns = -1;

	if (pid <= 0)
		return err_set(
			e, EINVAL, "the state has no process: is this a createRuntime hook?");
	fmt_put(path, sizeof(path), "/proc/%lld/ns/net", (long long)pid);
	ns = fd_open(AT_FDCWD, path, O_RDONLY, 0, e);
	if (ns < 0)
		return err_add(e, "the container's network namespace");
	if (fstat(ns, &its) < 0 || stat("/proc/self/ns/net", &ours) < 0)
		return err_sys(e, errno, "look at the network namespaces");
	if (its.st_dev != ours.st_dev || its.st_ino != ours.st_ino)
		return take_fd(&ns);
	err_set(e, EINVAL, "the container's network namespace is the one that this hook is in");
	return err_fix(e, "give it a network namespace in linux.namespaces, and let this be a "
			  "createRuntime hook");
}

static int make(const struct net *n, int ns, struct err *e)
{
	TRY(make_nat(n, e));
	TRY(make_outside(n, ns, e));
	return make_inside(n, ns, e);
}

int net_up(const struct net *n, int64_t pid, struct err *e)
{
	own_fd int ns = open_namespace(pid, e);

	TRY(ns);
	TRY(prepare(e));
	if (n->bridge && !if_nametoindex(n->bridge)) {
		err_set(e, ENODEV, "there is no bridge '%s'", n->bridge);
		return err_fix(e, "make it: ip link add %s type bridge", n->bridge);
	}
	TRY(check_forwarding(n, e));
	TRY(remove_link(n, e));
	if (make(n, ns, e) >= 0)
		return 0;
	(void)net_down(n, n->nat, NULL); /* what failed first is told */
	return -e->code;
}

int net_down(const struct net *n, bool nat, struct err *e)
{
	own_str struct str out = {0};
	int link, table = 0;

	TRY(prepare(e));
	link = remove_link(n, e);
	if (nat) {
		put_no_table(n, &out);
		table = run_nft(&out, link < 0 ? NULL : e);
	}
	return link < 0 ? link : table;
}
