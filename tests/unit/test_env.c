/* SPDX-License-Identifier: Apache-2.0 */
/* env: what of the caller's environment passes, and that secrets never do by name alone. */
#include <errno.h>
#include <string.h>

#include "../../runtime/base/fmt.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/str.h"
#include "../../spec/env.h"
#include "tap.h"

static const char *variables[] = {"PATH=/bin", "HOME=/root", "GITHUB_TOKEN=t", "AWS_REGION=r",
	"GCP_X=1", "AZURE_=2", "AWSX=ok", "LINES=a\nb=c", "LC=1"};
static const struct caller caller = {.env = {variables, ARRAY_LEN(variables)}};
static struct pool pool;
static struct err err;
static char heard[512];

static void hear(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	fmt_put(heard, sizeof(heard), "%s", text);
}

static const char *apply(const struct env_policy *p, const char *first)
{
	static struct str out;
	struct texts env = {&first, first ? 1 : 0};

	str_done(&out);
	pool_done(&pool);
	heard[0] = '\0';
	if (env_apply(p, &caller, &pool, &env, &err) < 0)
		return err.text;
	for (size_t i = 0; i < env.n; i++)
		str_addf(&out, "%s%s", i ? "|" : "", env.v[i]);
	return str_text(&out);
}

#define NAMES(...)                                                                        \
	{                                                                                 \
		(const char *[]){__VA_ARGS__}, ARRAY_LEN(((const char *[]){__VA_ARGS__})) \
	}

static void modes(void)
{
	struct env_policy p = {.mode = ENV_STRIP_SECRETS};

	is_text(apply(&p, NULL), "PATH=/bin|HOME=/root|AWSX=ok|LINES=a\nb=c|LC=1");
	is_text(apply(&p, "HOME=/config"), "HOME=/config|PATH=/bin|AWSX=ok|LINES=a\nb=c|LC=1");
	p.mode = ENV_ALLOWLIST;
	p.pass = (struct texts)NAMES("PATH", "GITHUB_TOKEN", "AWS_REGION", "MISSING");
	is_text(apply(&p, NULL), "PATH=/bin");
	p.mode = ENV_BLOCKLIST;
	p.strip = (struct texts)NAMES("HOME", "LINES");
	is_text(apply(&p, NULL), "PATH=/bin|AWSX=ok|LC=1");
	p.mode = ENV_CLEAR;
	is_text(apply(&p, "A=b"), "A=b");
	p = (struct env_policy){.mode = ENV_INHERIT};
	has_text(apply(&p, NULL), "GITHUB_TOKEN=t|AWS_REGION=r");
	p = (struct env_policy){.mode = ENV_CONFIG};
	is_text(apply(&p, "A=b"), "A=b");
	p = (struct env_policy){.mode = ENV_STRIP_SECRETS, .secrets = true};
	has_text(apply(&p, NULL), "GITHUB_TOKEN=t");
}

static void what_is_set(void)
{
	struct env_policy p = {.mode = ENV_CLEAR, .set = NAMES("X=a=b\nc", "HOME", "A=2")};

	is_text(apply(&p, "A=1"), "A=2|X=a=b\nc|HOME=/root");
	p.set = (struct texts)NAMES("VAULT_TOKEN=x", "B=1");
	is_text(apply(&p, NULL), "B=1");
	is_text(heard, "env: 'VAULT_TOKEN' is a secret, and is left out");
	p.set = (struct texts)NAMES("GITHUB_TOKEN");
	is_text(apply(&p, NULL), "");
	p.secrets = true;
	is_text(apply(&p, NULL), "GITHUB_TOKEN=t");
	p.set = (struct texts)NAMES("NOWHERE");
	is_text(apply(&p, NULL), "");
	has_text(heard, "'NOWHERE' is not set here");
}

static void what_no_variable_can_be(void)
{
	static char big[40000];
	struct env_policy p = {.mode = ENV_CLEAR, .set = NAMES("=x")};

	has_text(apply(&p, NULL), "has no name");
	p.set = (struct texts)NAMES("A B=x");
	has_text(apply(&p, NULL), "has no name");
	p.set = (struct texts)NAMES("");
	has_text(apply(&p, NULL), "has no name");
	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "A=", 2);
	p.set = (struct texts)NAMES(big);
	is_text(apply(&p, NULL), "env: the value of 'A' is longer than 32 KiB");
	big[2 + (32 << 10)] = '\0';
	ok(strlen(apply(&p, NULL)) == 2 + (32 << 10));
}

int main(void)
{
	log_to(hear, NULL, LOG_WARNING);
	run(modes);
	run(what_is_set);
	run(what_no_variable_can_be);
	pool_done(&pool);
	return tap_done();
}
