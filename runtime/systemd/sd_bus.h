/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_SYSTEMD_SD_BUS_H
#define JAILRT_SYSTEMD_SD_BUS_H
/*
 * sd_bus: what is used of libsystemd's D-Bus (sd-bus(3)), declared here and not taken from its headers.
 *
 * The library is opened with dlopen: so nothing of it is needed to build, and the package libsystemd0 only
 * to run with systemd's cgroups. These are its stable interface: the soname has been the same since 2013.
 */
#include <stdint.h>

struct sd_bus;
struct sd_bus_slot;
struct sd_bus_message;

struct sd_bus_error {
	const char *name, *message;
	int need_free;
};

typedef int sd_bus_handler(struct sd_bus_message *m, void *arg, struct sd_bus_error *error);

/* X(result, name without "sd_bus_", parameters) */
#define SD_BUS_FUNCTIONS(X)                                                                    \
	X(int, open_system, (struct sd_bus * *ret))                                            \
	X(int, open_user, (struct sd_bus * *ret))                                              \
	X(struct sd_bus *, flush_close_unref, (struct sd_bus * bus))                           \
	X(int, get_property_string,                                                            \
		(struct sd_bus * bus, const char *to, const char *path, const char *interface, \
			const char *member, struct sd_bus_error *error, char **ret))           \
	X(int, match_signal,                                                                   \
		(struct sd_bus * bus, struct sd_bus_slot * *ret, const char *from,             \
			const char *path, const char *interface, const char *member,           \
			sd_bus_handler *handler, void *arg))                                   \
	X(struct sd_bus_slot *, slot_unref, (struct sd_bus_slot * slot))                       \
	X(int, process, (struct sd_bus * bus, struct sd_bus_message * *ret))                   \
	X(int, wait, (struct sd_bus * bus, uint64_t usec))                                     \
	X(int, call,                                                                           \
		(struct sd_bus * bus, struct sd_bus_message * m, uint64_t usec,                \
			struct sd_bus_error * error, struct sd_bus_message * *reply))          \
	X(int, message_new_method_call,                                                        \
		(struct sd_bus * bus, struct sd_bus_message * *ret, const char *to,            \
			const char *path, const char *interface, const char *member))          \
	X(int, message_append, (struct sd_bus_message * m, const char *types, ...))            \
	X(int, message_append_array,                                                           \
		(struct sd_bus_message * m, char type, const void *data, size_t size))         \
	X(int, message_open_container,                                                         \
		(struct sd_bus_message * m, char type, const char *contents))                  \
	X(int, message_close_container, (struct sd_bus_message * m))                           \
	X(int, message_read, (struct sd_bus_message * m, const char *types, ...))              \
	X(struct sd_bus_message *, message_unref, (struct sd_bus_message * m))                 \
	X(void, error_free, (struct sd_bus_error * error))

struct sd_bus_library {
#define SD_BUS_MEMBER(result, name, parameters) result(*name) parameters;
	SD_BUS_FUNCTIONS(SD_BUS_MEMBER)
#undef SD_BUS_MEMBER
};

#endif
