/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../../spec/json.h"
#include "../../spec/names.h"
#include "../../spec/oci.h"
#include "../../spec/walk.h"
#include "../base/fd.h"
#include "../host.h"
#include "cmd.h"
#include "options.h"

/* spec: a config.json to start from. */

static const struct option_row cmd_spec_options_v[] = {
	{"bundle", 'b', "DIR", "bundle", NULL, "where to write it; the current directory", false},
	{"file", 'f', "FILE", "config", NULL, "its name there; config.json by default", false},
	{"rootless", 0, NULL, "rootless", "true", "for a user without privileges", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_spec_options);

#define CAPS "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

static const char text[] =
	"{\"ociVersion\":\"1.3.0\",\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},"
	"\"args\":[\"sh\"],\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/"
	"sbin:/bin\","
	"\"TERM=xterm\"],\"cwd\":\"/\",\"capabilities\":{\"bounding\":" CAPS ",\"effective\":" CAPS
	",\"permitted\":" CAPS "},\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,"
	"\"soft\":1024}],\"noNewPrivileges\":true},\"root\":{\"path\":\"rootfs\",\"readonly\":true}"
	","
	"\"hostname\":\"jailrt\",\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":"
	"[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"mount\"}],"
	"\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
	"\"/sys/firmware\",\"/proc/scsi\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
	"\"/proc/sysrq-trigger\"]}}";

static int add_namespace(struct oci_linux *os, enum ns_kind kind, struct pool *pool)
{
	struct oci_namespace *n = POOL_NEW(pool, struct oci_namespace);
	void *v = pool_grow(pool, os->namespaces.v, os->namespaces.n, sizeof(void *));

	if (!n || !v)
		return -ENOMEM;
	n->type = kind;
	n->has_type = true;
	os->namespaces.v = v;
	os->namespaces.v[os->namespaces.n++] = n;
	return 0;
}

static struct oci_id_mapping *own_id(uint32_t id, struct pool *pool)
{
	struct oci_id_mapping *m = POOL_NEW(pool, struct oci_id_mapping);

	if (m)
		*m = (struct oci_id_mapping){.containerID = 0,
			.has_containerID = true,
			.hostID = id,
			.has_hostID = true,
			.size = 1,
			.has_size = true};
	return m;
}

/* Root inside is the user outside; groups but one are not mapped, so a terminal's group cannot be 5. */
static int make_rootless(struct oci_config *doc, struct pool *pool)
{
	struct oci_linux *os = doc->linux;

	os->uidMappings.v = pool_alloc(pool, sizeof(void *));
	os->gidMappings.v = pool_alloc(pool, sizeof(void *));
	if (!os->uidMappings.v || !os->gidMappings.v || add_namespace(os, NS_USER, pool) < 0)
		return -ENOMEM;
	os->uidMappings.v[os->uidMappings.n++] = own_id(geteuid(), pool);
	os->gidMappings.v[os->gidMappings.n++] = own_id(getegid(), pool);
	os->resources = NULL;
	list_each (i, doc->mounts) {
		struct oci_mount *m = doc->mounts.v[i];

		if (!strcmp(m->destination, "/dev/pts"))
			m->options.n--;
	}
	return os->uidMappings.v[0] && os->gidMappings.v[0] ? 0 : -ENOMEM;
}

static int write_config(struct cmd_call *c, int dir, const struct oci_config *doc)
{
	const char *name = jailrt_get(c->jailrt, "config");
	own_str struct str out = {0};
	own_fd int fd = -1;
	struct json_writer w;

	json_writer_init(&w, &out, 4);
	if (walk(&table_oci_config, doc, 0, &w.sink, &c->err) < 0)
		return CMD_REFUSED;
	str_addc(&out, '\n');
	name = name ? name : "config.json";
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return CMD_REFUSE(c, "a %s exists already; it is not overwritten", name);
	if (fd < 0) {
		err_sys(&c->err, errno, "%s", name);
		return CMD_REFUSED;
	}
	if (fd_write_all(fd, str_text(&out), out.len, &c->err) >= 0)
		return 0;
	(void)unlinkat(dir, name, 0); /* half of one would be in the way of the next try */
	err_add(&c->err, "%s", name);
	return CMD_REFUSED;
}

int cmd_spec(struct cmd_call *c)
{
	const char *bundle = jailrt_get(c->jailrt, "bundle");
	own_fd int dir = fd_open(
		AT_FDCWD, bundle ? bundle : ".", O_RDONLY | O_DIRECTORY, 0, &c->err);
	struct origin origin;
	struct oci_config *doc;
	struct host host;

	if (dir < 0)
		return CMD_REFUSED;
	if (oci_read(text, strlen(text), "config.json", true, &c->pool, &doc, &origin, &c->err) <
			0 ||
		host_probe(&host, &c->pool, &c->err) < 0)
		return CMD_REFUSED;
	/* Under cgroup v2 each container has a view of its own. */
	if (!strcmp(host_layout(&host), "v2") && add_namespace(doc->linux, NS_CGROUP, &c->pool) < 0)
		return CMD_REFUSE(c, "out of memory");
	if (c->o.rootless && make_rootless(doc, &c->pool) < 0)
		return CMD_REFUSE(c, "out of memory");
	return write_config(c, dir, doc);
}
