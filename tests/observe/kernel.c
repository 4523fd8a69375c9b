/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "observe.h"

static void observe_links(void)
{
	struct if_nameindex *all = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[64];

	if (!all)
		say("link", "(%s)", word_of(errno));
	for (struct if_nameindex *i = all; i && i->if_name; i++) {
		struct ifreq r = {0};

		strncpy(r.ifr_name, i->if_name, IFNAMSIZ - 1);
		snprintf(name, sizeof(name), "link %s", i->if_name);
		if (ioctl(fd, SIOCGIFFLAGS, &r) < 0)
			say(name, "(%s)", word_of(errno));
		else
			say(name, "%s%s", r.ifr_flags & IFF_UP ? "up" : "down",
				r.ifr_flags & IFF_LOOPBACK ? " loopback" : "");
	}
	if (all)
		if_freenameindex(all);
	close(fd);
}

void observe_kernel(void)
{
	static const char *const files[] = {"kernel/domainname", "kernel/hostname", "kernel/msgmax",
		"kernel/msgmnb", "kernel/msgmni", "kernel/sem", "kernel/shmall", "kernel/shmmax",
		"kernel/shmmni", "kernel/shm_rmid_forced", "fs/mqueue/msg_max",
		"fs/mqueue/queues_max", "net/ipv4/ip_forward",
		"net/ipv4/ip_unprivileged_port_start", "net/ipv4/ping_group_range",
		"net/core/somaxconn", "user/max_user_namespaces"};
	struct utsname uts;
	char path[96], name[96];

	if (!uname(&uts)) {
		say("hostname", "%s", uts.nodename);
		say("domainname", "%s", uts.domainname);
		say("machine", "%s", uts.machine);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", files[i]);
		snprintf(name, sizeof(name), "sysctl %s", files[i]);
		say(name, "%s", text_of(path));
	}
	observe_links();
}
