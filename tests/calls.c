/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls: a static program for the profiles of system calls. Without arguments it works: threads, memory, a
 * file. With NUMBER [ARGUMENT…] it makes that one call, and says what came of it: "0" or an errno's number.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void *sum_up(void *arg)
{
	long *n = arg, sum = 0;

	for (long i = 0; i <= *n; i++)
		sum += i;
	*n = sum;
	return NULL;
}

static int use_threads(void)
{
	pthread_t threads[4];
	long n[4] = {10, 100, 1000, 10000};

	for (int i = 0; i < 4; i++) {
		if (pthread_create(&threads[i], NULL, sum_up, &n[i]))
			return -1;
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return n[0] == 55 && n[3] == 50005000 ? 0 : -1;
}

static int use_file(const char *path)
{
	struct timespec t = {0, 1000000};
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	void *map;

	if (fd < 0 || ftruncate(fd, 8192) < 0 || fstat(fd, &st) < 0 || st.st_size != 8192)
		return -1;
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	strcpy(map, "kept");
	munmap(map, 8192);
	nanosleep(&t, NULL);
	map = malloc(8192);
	if (!map || pread(fd, map, 5, 0) != 5 || strcmp(map, "kept") != 0)
		return -1;
	free(map);
	close(fd);
	return unlink(path);
}

int main(int argc, char **argv)
{
	long a[7] = {0};

	if (argc < 2) {
		if (use_threads() < 0 || use_file("/tmp/calls") < 0) {
			perror("calls");
			return 1;
		}
		return puts("worked") < 0;
	}
	for (int i = 1; i < argc && i < 8; i++)
		a[i - 1] = strtol(argv[i], NULL, 0);
	printf("%d\n", syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]) < 0 ? errno : 0);
	return 0;
}
