/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_SYSTEMD_BUS_H
#define JAILRT_SYSTEMD_BUS_H
/*
 * bus: systemd's units by its D-Bus, with libsystemd. Of the program jailrt-systemd alone; runtime/do/systemd.h
 * says what the calls do, and step.h how properties are written.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "../../spec/field.h"
#include "../base/err.h"
#include "../base/pool.h"

struct bus;

int bus_open(bool user, struct bus **ret, struct err *e);
void bus_close(struct bus *s);

int bus_probe(struct bus *s, struct pool *pool, uint32_t *ret_version, const char **ret_cgroup,
	struct err *e);

/* pid 0: the unit begins without a process. */
int bus_start(
	struct bus *s, const char *unit, const struct texts *properties, pid_t pid, struct err *e);
int bus_set(struct bus *s, const char *unit, const struct texts *properties, struct err *e);
int bus_join(struct bus *s, const char *unit, const char *below, pid_t pid, struct err *e);
int bus_stop(struct bus *s, const char *unit, struct err *e);

#endif
