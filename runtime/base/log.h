/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_LOG_H
#define JAILRT_LOG_H
/*
 * log: words on the side, to whoever listens.
 *
 * The library never prints. What is not an answer and not an error (a warning, a debugging note) goes
 * to one sink, which is nobody until the program installs one. The sink is the only mutable global of
 * the project. Not for use between clone and exec.
 */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

typedef void log_fn(enum log_level level, const char *text, void *arg);

/* Installs the sink, or none (NULL); messages above level are not made. */
void log_to(log_fn *fn, void *arg, enum log_level level);

void log_put(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Words as they are, however long. */
void log_text(enum log_level level, const char *text);

#define log_warning(...) log_put(LOG_WARNING, __VA_ARGS__)
#define log_info(...)	 log_put(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_put(LOG_DEBUG, __VA_ARGS__)

#endif
