/* SPDX-License-Identifier: Apache-2.0 */
#include "self.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/own.h"
#include "../base/sys.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* 6.3 */
#endif

/* The linker's: the headers of the program that this is part of. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* --- the file in its place --------------------------------------------------------------------- */

static int new_file(const char *name, struct err *e)
{
	int fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd == -EINVAL)
		fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? err_sys(e, -fd, "make a file in memory") : fd;
}

/* True when the program is such a file already. */
static bool is_forgotten(int proc)
{
	own_fd int exe = openat(proc, "self/exe", O_RDONLY | O_CLOEXEC);

	int seals = exe < 0 ? -1 : fcntl(exe, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

int self_open(int proc)
{
	struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
	own_fd int tree = sys_open_tree(proc, "self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	char path[32];

	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0)
		return -1;
	fmt_put(path, sizeof(path), "self/fd/%d", tree);
	return openat(proc, path, O_RDONLY | O_CLOEXEC);
}

/* --- code and data ----------------------------------------------------------------------------- */

struct piece {
	uintptr_t from;
	size_t len;
	int prot;
	off_t at; /* in the program's file; below 0: not as the file has it */
};

enum { PIECES = 16 };

static uintptr_t page_down(uintptr_t at)
{
	return at & ~(uintptr_t)(getauxval(AT_PAGESZ) - 1);
}

static int prot_of(ElfW(Word) flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

static const ElfW(Phdr) * headers(void)
{
	return (const void *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
}

/* Where the first page of the file would be mapped at address 0 of its headers. */
static uintptr_t load_base(void)
{
	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		if (headers()[i].p_type == PT_LOAD)
			return (uintptr_t)&__ehdr_start - page_down(headers()[i].p_vaddr);
	}
	return 0;
}

/*
 * What of the file is mapped. What the loader made read-only after it was done (PT_GNU_RELRO) is cut off
 * the front of its segment, as the loader did.
 */
static int list_pieces(struct piece ret[PIECES])
{
	uintptr_t base = load_base(), relro = 0;
	int n = 0;

	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		const ElfW(Phdr) *h = &headers()[i];

		if (h->p_type == PT_GNU_RELRO)
			relro = page_down(base + h->p_vaddr + h->p_memsz);
	}
	for (int i = 0; i < __ehdr_start.e_phnum && n < PIECES - 1; i++) {
		const ElfW(Phdr) *h = &headers()[i];
		uintptr_t from = page_down(base + h->p_vaddr);
		uintptr_t end = page_down(
			base + h->p_vaddr + h->p_filesz + getauxval(AT_PAGESZ) - 1);

		if (h->p_type != PT_LOAD || from == end)
			continue;
		if (h->p_flags & PF_W && from < relro && relro <= end) {
			ret[n++] = (struct piece){from, relro - from, PROT_READ, -1};
			from = relro;
		}
		if (from < end)
			ret[n++] = (struct piece){from, end - from, prot_of(h->p_flags),
				h->p_flags & PF_W ? -1 : (off_t)page_down(h->p_offset)};
	}
	return n;
}

/* Not the C library's: sanitizers know of places in there that one may not read. */
__attribute__((no_sanitize("address", "undefined"))) static void copy_words(
	volatile uintptr_t *to, const volatile uintptr_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[i];
}

/*
 * A mapping in the place of another takes it over in one step: the next instruction is read from the
 * new one. What is written between copy and move must lie on the stack, or it is lost. The memory is
 * anonymous: a file, also one in memory, may not be longer than the caller's RLIMIT_FSIZE.
 */
static int copy_piece(const struct piece *p, struct err *e)
{
	void *copy = mmap(NULL, p->len, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	long r;

	if (copy == MAP_FAILED)
		return err_sys(e, errno, "make room for a copy of the program");
	copy_words(copy, (const void *)p->from, p->len / sizeof(uintptr_t));
	if (mprotect(copy, p->len, p->prot) < 0)
		return err_sys(e, errno, "protect the copy of the program");
	r = syscall(SYS_mremap, copy, p->len, p->len, MREMAP_MAYMOVE | MREMAP_FIXED, p->from);
	if (r < 0 && r > -4096)
		return err_sys(e, errno, "put the copy of the program in its place");
	return 0;
}

/* Code from the file, when there is one; all else as it is now. */
static int take_over(int file, const struct piece *p, int n, struct err *e)
{
	for (int i = 0; i < n; i++) {
		long r;

		if (file < 0 || p[i].at < 0) {
			TRY(copy_piece(&p[i], e));
			continue;
		}
		r = syscall(SYS_mmap, p[i].from, p[i].len, p[i].prot, MAP_PRIVATE | MAP_FIXED, file,
			p[i].at);
		if (r < 0 && r > -4096)
			return err_sys(e, errno, "map the program from its file");
	}
	return 0;
}

/* --- telling the kernel ------------------------------------------------------------------------ */

/* What the kernel keeps of where things are, from /proc/self/stat; it wants all of it said again. */
static int read_map(int proc, struct prctl_mm_map *m, struct err *e)
{
	static const char odd[] = "/proc/self/stat has not the form that is known";
	char text[1024], *s;
	uint64_t v[53] = {0};
	ssize_t len = fd_read_small(proc, "self/stat", text, sizeof(text));
	int n = 2;

	if (len < 0)
		return err_sys(e, (int)-len, "read /proc/self/stat");
	s = strrchr(text, ')'); /* the second field, a name, may hold anything */
	if (!s || s[1] != ' ' || !s[2])
		return err_set(e, EIO, "%s", odd);
	for (s += 2; *s && n < 52; n++) {
		size_t word = strcspn(s, " \n");

		(void)fmt_u64(s, word, &v[n + 1]); /* those that are none are not asked for */
		s += word + (s[word] != '\0');
	}
	*m = (struct prctl_mm_map){
		.start_code = v[26],
		.end_code = v[27],
		.start_stack = v[28],
		.start_data = v[45],
		.end_data = v[46],
		.start_brk = v[47],
		.arg_start = v[48],
		.arg_end = v[49],
		.env_start = v[50],
		.env_end = v[51],
		.brk = (uint64_t)syscall(SYS_brk, 0),
	};
	return v[51] ? 0 : err_set(e, EIO, "%s", odd);
}

static int explain(int code, struct err *e)
{
	err_sys(e, code, "forget the program's own file (prctl PR_SET_MM)");
	if (code == EBUSY)
		return err_fix(e,
			"the program's file is mapped more than once: link jailrt into the "
			"program itself, not into a library, and do not map its file");
	return err_fix(e, "it keeps the jail from the host's jailrt; it takes a kernel with "
			  "CONFIG_CHECKPOINT_RESTORE, or CAP_SYS_RESOURCE");
}

static int tell(int proc, int exe, struct err *e)
{
	struct prctl_mm_map m;

	if (!prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, (unsigned long)exe, 0, 0))
		return 0;
	/* That takes CAP_SYS_RESOURCE; the other takes a right that a user namespace can give. */
	if (errno != EPERM)
		return explain(errno, e);
	TRY(read_map(proc, &m, e));
	m.exe_fd = (uint32_t)exe;
	if (prctl(PR_SET_MM, PR_SET_MM_MAP, (unsigned long)&m, sizeof(m), 0))
		return explain(errno, e);
	return 0;
}

int self_forget(int proc, int file, struct err *e)
{
	own_fd int exe = -1;
	struct piece pieces[PIECES];
	int n;

	if (is_forgotten(proc))
		return 0;
	exe = new_file("jailrt", e);
	TRY(exe);
	if (fchmod(exe, 0555) < 0 || fcntl(exe, F_ADD_SEALS, SEALS) < 0)
		return err_sys(e, errno, "seal a file in memory");
	n = list_pieces(pieces);
	TRY(take_over(file, pieces, n, e));
	return tell(proc, exe, e);
}
