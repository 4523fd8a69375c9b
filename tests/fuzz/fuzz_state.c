/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_state: any bytes as a container's state.json: read, looked at, shown; what is read and written
 * again is the same.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/fd.h"
#include "../../runtime/base/fmt.h"
#include "../../runtime/state.h"
#include "../../spec/json.h"
#include "../../spec/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/fuzz_state.XXXXXX";

static void clean_up(void)
{
	char file[sizeof(folder) + 16];

	fmt_put(file, sizeof(file), "%s/state.json", folder);
	(void)unlink(file);
	(void)rmdir(folder);
}

static int open_folder(void)
{
	static int dir = -1;

	if (dir < 0) {
		dir = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (dir < 0 || atexit(clean_up))
			abort();
	}
	return dir;
}

static void put(const struct state *s, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	if (walk(&table_state, s, 0, &w.sink, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_pool struct pool pool = {0};
	own_str struct str once = {0}, twice = {0}, view = {0};
	int dir = open_folder();
	struct state *s = NULL;
	struct json_writer w;
	struct err e = {0};
	int r;

	if (fd_replace_file(dir, "state.json", data, size, 0600, &e) < 0)
		abort();
	r = state_read(dir, "x", &pool, &s, &e);
	if (r < 0 && (e.code != -r || !e.text[0] || !e.fix[0]))
		abort();
	if (r < 0)
		return 0;
	json_writer_init(&w, &view, 2);
	if (state_send(s, state_status(dir, s), &w.sink, &e) < 0)
		abort();
	put(s, &once);
	if (state_write(dir, s, &e) < 0 || state_read(dir, "x", &pool, &s, &e) < 0)
		abort();
	put(s, &twice);
	if (strcmp(str_text(&once), str_text(&twice)))
		abort();
	return 0;
}
