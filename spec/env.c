/* SPDX-License-Identifier: Apache-2.0 */
#include "env.h"

#include <errno.h>
#include <string.h>

#include "../runtime/base/log.h"

enum { VALUE_MOST = 32 << 10 };

static const struct word env_mode_words_rows[] = {
	{"config", ENV_CONFIG},
	{"strip-secrets", ENV_STRIP_SECRETS},
	{"allowlist", ENV_ALLOWLIST},
	{"blocklist", ENV_BLOCKLIST},
	{"clear", ENV_CLEAR},
	{"inherit", ENV_INHERIT},
};
WORDS(env_mode_words);

/* --- secrets -------------------------------------------------------------------------------------- */

static const char *const secrets[] = {
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"GITHUB_TOKEN",
	"GH_TOKEN",
	"GITLAB_TOKEN",
	"NPM_TOKEN",
	"DATABASE_URL",
	"PGPASSWORD",
	"MYSQL_PWD",
	"REDIS_URL",
	"REDIS_PASSWORD",
	"SENTRY_DSN",
	"STRIPE_SECRET_KEY",
	"STRIPE_API_KEY",
	"OPENAI_API_KEY",
	"ANTHROPIC_API_KEY",
	"GOOGLE_API_KEY",
	"SLACK_TOKEN",
	"SLACK_BOT_TOKEN",
	"DISCORD_TOKEN",
	"TELEGRAM_BOT_TOKEN",
	"TWILIO_AUTH_TOKEN",
	"SENDGRID_API_KEY",
	"DOCKER_PASSWORD",
	"DOCKER_AUTH_CONFIG",
	"KUBECONFIG",
	"SSH_AUTH_SOCK",
	"GPG_PASSPHRASE",
	"PYPI_TOKEN",
	"CARGO_REGISTRY_TOKEN",
	"NUGET_API_KEY",
	"HEROKU_API_KEY",
	"DIGITALOCEAN_TOKEN",
	"VAULT_TOKEN",
	"CONSUL_TOKEN",
};
static const char *const secret_beginnings[] = {"AWS_", "GCP_", "AZURE_"};

static bool is_name(const char *text, const char *name, size_t len)
{
	return strlen(text) == len && !memcmp(text, name, len);
}

bool env_is_secret(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		if (is_name(secrets[i], name, len))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(secret_beginnings); i++) {
		size_t n = strlen(secret_beginnings[i]);

		if (len >= n && !memcmp(secret_beginnings[i], name, n))
			return true;
	}
	return false;
}

/* --- the choice ----------------------------------------------------------------------------------- */

static bool is_in(const struct texts *names, const char *name, size_t len)
{
	for (size_t i = 0; i < names->n; i++) {
		if (is_name(names->v[i], name, len))
			return true;
	}
	return false;
}

static bool passes(const struct env_policy *p, const char *name, size_t len)
{
	if (p->mode == ENV_INHERIT)
		return !is_in(&p->strip, name, len);
	if (p->mode == ENV_CLEAR || p->mode == ENV_CONFIG)
		return false;
	if (is_in(&p->strip, name, len) || (!p->secrets && env_is_secret(name, len)))
		return false;
	return p->mode != ENV_ALLOWLIST || is_in(&p->pass, name, len);
}

static int place(struct texts *env, const char *entry, size_t len, bool replace, struct pool *pool,
	struct err *e)
{
	const char **v;

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], entry, len) || env->v[i][len] != '=')
			continue;
		if (replace)
			env->v[i] = entry;
		return 0;
	}
	v = pool_array(pool, env->n + 1, sizeof(*v));
	if (!v)
		return err_memory(e);
	for (size_t i = 0; i < env->n; i++)
		v[i] = env->v[i];
	v[env->n] = entry;
	*env = (struct texts){v, env->n + 1};
	return 0;
}

static int check_set(const char *entry, size_t len, struct err *e)
{
	if (!len || entry[strcspn(entry, "= \t\r\n\v\f")] != entry[len])
		return err_set(
			e, EINVAL, "env: '%.100s' has no name that a variable could have", entry);
	if (entry[len] == '=' && strlen(entry + len + 1) > VALUE_MOST)
		return err_set(e, E2BIG, "env: the value of '%.*s' is longer than 32 KiB", (int)len,
			entry);
	return 0;
}

static int set_one(const struct env_policy *p, const struct caller *caller, const char *entry,
	struct pool *pool, struct texts *env, struct err *e)
{
	size_t len = strcspn(entry, "=");
	const char *value;

	TRY(check_set(entry, len, e));
	if (p->mode != ENV_INHERIT && p->mode != ENV_CONFIG && !p->secrets &&
		env_is_secret(entry, len)) {
		log_warning("env: '%.*s' is a secret, and is left out", (int)len, entry);
		return 0;
	}
	if (!entry[len]) {
		value = caller_env(caller, entry);
		if (!value) {
			log_warning("env: '%s' is not set here, and so not in the jail", entry);
			return 0;
		}
		entry = pool_printf(pool, "%s=%s", entry, value);
		if (!entry)
			return err_memory(e);
	}
	return place(env, entry, len, true, pool, e);
}

int env_apply(const struct env_policy *p, const struct caller *caller, struct pool *pool,
	struct texts *env, struct err *e)
{
	for (size_t i = 0; i < caller->env.n; i++) {
		const char *entry = caller->env.v[i];
		size_t len = strcspn(entry, "=");

		if (entry[len] && passes(p, entry, len))
			TRY(place(env, entry, len, false, pool, e));
	}
	for (size_t i = 0; i < p->set.n; i++)
		TRY(set_one(p, caller, p->set.v[i], pool, env, e));
	return 0;
}
