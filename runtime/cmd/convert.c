/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "../../spec/convert.h"
#include "../../spec/json.h"
#include "../../spec/load.h"
#include "../../spec/nsjail_argv.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "../base/fd.h"
#include "../base/fmt.h"
#include "../base/path.h"
#include "cmd.h"
#include "options.h"

/* convert: a config in another form; document to document, nobody's machine is looked at. */

static const struct option_row cmd_convert_options_v[] = {
	{"from", 0, "nsjail|oci", "from", NULL,
		"what FILE has to be: nsjail, in text or JSON, or oci", false},
	{"to", 0, "nsjail|nsjail-json|oci|argv", "to", NULL,
		"text format, protobuf's JSON, a bundle's config.json, or nsjail's command line",
		false},
	{"lossy", 0, NULL, "lossy", NULL,
		"leave out what the other form cannot say, with a warning", false},
	OPTION_HELP,
};
OPTION_ROWS(cmd_convert_options);

static int put_text(struct cmd_call *c, const struct nsjail_config *doc, struct str *out)
{
	struct textproto_writer w;

	textproto_writer_init(&w, out);
	return walk(&table_nsjail_config, doc, WALK_OPEN, &w.sink, &c->err);
}

static int put_json(struct cmd_call *c, const struct nsjail_config *doc,
	const struct origin *origin, struct str *out)
{
	struct json_writer w;

	TRY(convert_check_texts(doc, origin, &c->err));
	json_writer_init(&w, out, 2);
	TRY(walk(&table_nsjail_config, doc, WALK_CAMEL, &w.sink, &c->err));
	str_addc(out, '\n');
	return 0;
}

/* As a shell takes it. */
static void put_word(const char *word, struct str *out)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,+@%";

	if (*word && !word[strspn(word, plain)]) {
		str_add(out, word);
		return;
	}
	str_addc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\''");
		else
			str_addc(out, *word);
	}
	str_addc(out, '\'');
}

static int put_argv(struct cmd_call *c, const struct nsjail_config *doc,
	const struct origin *origin, struct str *out)
{
	struct texts words;

	TRY(nsjail_argv(doc, origin, c->o.lossy, &c->pool, &words, &c->err));
	str_add(out, "nsjail");
	for (size_t i = 0; i < words.n; i++) {
		str_addc(out, ' ');
		put_word(words.v[i], out);
	}
	str_addc(out, '\n');
	return 0;
}

static int put_oci(struct cmd_call *c, const struct oci_config *doc, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 2);
	TRY(walk(&table_oci_config, doc, 0, &w.sink, &c->err));
	str_addc(out, '\n');
	return 0;
}

/* A file that was read; one of the two is made of the other when it is asked for. */
struct config {
	const char *name;
	enum dialect dialect;
	struct origin origin;
	struct nsjail_config *nsjail;
	struct oci_config *oci;
};

static int read_text(struct cmd_call *c, struct config *f, struct bytes *ret)
{
	enum { MOST = 32 << 20 };

	f->name = c->argv[0];
	if (strcmp(f->name, "-") != 0)
		return fd_read_file(AT_FDCWD, f->name, MOST, &c->pool, ret, &c->err);
	f->name = "stdin";
	return fd_read_all(0, MOST, &c->pool, ret, &c->err) < 0 ? err_add(&c->err, "stdin") : 0;
}

static int check_from(struct cmd_call *c, const struct config *f)
{
	uint64_t want;

	if (!c->o.from)
		return 0;
	if (words_find(&dialect_words, c->o.from, &want) < 0)
		return err_set(
			&c->err, EINVAL, "--from %s: nsjail and oci are all there is", c->o.from);
	if (want == f->dialect)
		return 0;
	return err_set(&c->err, EINVAL, "--from %s: %s is %s", c->o.from, f->name,
		f->dialect == DIALECT_OCI ? "an OCI config: it has 'ociVersion'"
					  : "no OCI config: it is not JSON with 'ociVersion'");
}

static int read_config(struct cmd_call *c, struct config *f)
{
	struct bytes text;

	TRY(read_text(c, f, &text));
	if (!text.len)
		return err_set(&c->err, EINVAL, "%s is empty", f->name);
	TRY(load_tell_dialect(&text, f->name, &f->dialect, &c->err));
	TRY(check_from(c, f));
	/* A key that is not known would be lost. */
	if (f->dialect == DIALECT_OCI)
		return oci_read(text.data, text.len, f->name, !c->o.lossy, &c->pool, &f->oci,
			&f->origin, &c->err);
	return nsjail_read(text.data, text.len, f->name, &c->pool, &f->nsjail, &f->origin, &c->err);
}

/* Where relative paths of a config.json start from: the directory it is in. */
static int find_bundle(struct cmd_call *c, char dst[PATH_MAX])
{
	const char *file = strcmp(c->argv[0], "-") ? c->argv[0] : "";
	const char *slash = strrchr(file, '/');
	char cwd[PATH_MAX], folder[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)))
		return err_sys(&c->err, errno, "the working directory");
	fmt_put(folder, sizeof(folder), "%.*s", slash ? (int)(slash - file) + 1 : 1,
		slash ? file : ".");
	return path_join(dst, PATH_MAX, cwd, folder) < 0 ? err_sys(&c->err, ENAMETOOLONG, "bundle")
							 : 0;
}

static int cross(struct cmd_call *c, struct config *f, bool to_oci)
{
	char bundle[PATH_MAX];

	if (to_oci && !f->oci)
		return convert_to_oci(
			f->nsjail, &f->origin, c->o.lossy, &c->pool, &f->oci, &c->err);
	if (to_oci || f->nsjail)
		return 0;
	TRY(find_bundle(c, bundle));
	return convert_to_nsjail(
		f->oci, &f->origin, bundle, c->o.lossy, &c->pool, &f->nsjail, &c->err);
}

static int put(struct cmd_call *c, const char *to, struct config *f, struct str *out)
{
	TRY(cross(c, f, !strcmp(to, "oci")));
	if (!strcmp(to, "oci"))
		return put_oci(c, f->oci, out);
	if (!strcmp(to, "nsjail"))
		return put_text(c, f->nsjail, out);
	if (!strcmp(to, "nsjail-json"))
		return put_json(c, f->nsjail, &f->origin, out);
	return put_argv(c, f->nsjail, &f->origin, out);
}

int cmd_convert(struct cmd_call *c)
{
	static const char *const forms[] = {"nsjail", "nsjail-json", "oci", "argv"};
	own_str struct str out = {0};
	struct config f = {0};
	bool known = false;

	if (!c->o.to)
		return CMD_REFUSE(c, "--to is missing: nsjail, nsjail-json, oci or argv");
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		known = known || !strcmp(c->o.to, forms[i]);
	if (!known)
		return CMD_REFUSE(
			c, "--to %s: nsjail, nsjail-json, oci and argv are all there is", c->o.to);
	if (read_config(c, &f) < 0 || put(c, c->o.to, &f, &out) < 0 || str_check(&out, &c->err) < 0)
		return CMD_REFUSED;
	if (fd_write_all(1, str_text(&out), out.len, &c->err) < 0) {
		err_add(&c->err, "stdout");
		return CMD_REFUSED;
	}
	return 0;
}
