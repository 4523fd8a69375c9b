/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_ENV_H
#define JAILRT_ENV_H
/*
 * env: which of the caller's environment variables a program gets.
 *
 * Names that are known to hold secrets (tokens, keys, passwords) stay out, whatever else is asked for by
 * name, unless secrets are said to be wanted.
 */
#include "caller.h"

enum env_mode {
	ENV_CONFIG, /* as the config says: the others are not looked at */
	ENV_STRIP_SECRETS, /* all but secrets */
	ENV_ALLOWLIST, /* those in pass alone */
	ENV_BLOCKLIST, /* all but those in strip, and secrets */
	ENV_CLEAR,
	ENV_INHERIT, /* all */
};

extern const struct words env_mode_words;

struct env_policy {
	enum env_mode mode;
	struct texts pass, strip; /* names */
	struct texts set; /* NAME=VALUE, or NAME: the caller's */
	bool secrets; /* are not kept back */
};

/* True when a variable of that name is kept back as a secret. */
bool env_is_secret(const char *name, size_t len);

/*
 * Puts what the policy gives in front of env, where it has no variable of that name, and what it sets in the
 * place of one that has. A name or value that no program could have is an error.
 */
int env_apply(const struct env_policy *policy, const struct caller *caller, struct pool *pool,
	struct texts *env, struct err *e);

#endif
