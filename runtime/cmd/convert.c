/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../../spec/json.h"
#include "../../spec/nsjail_argv.h"
#include "../../spec/textproto.h"
#include "../../spec/walk.h"
#include "../base/fd.h"
#include "cmd.h"
#include "options.h"

/* convert: a config in another form; document to document, nobody's machine is looked at. */

static const struct option_row cmd_convert_options_v[] = {
	{"from", 0, "nsjail", "from", NULL, "what FILE is: nsjail, in text or JSON", false},
	{"to", 0, "nsjail|nsjail-json|argv", "to", NULL,
		"text format, protobuf's JSON, or nsjail's command line", false},
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

static int put_json(struct cmd_call *c, const struct nsjail_config *doc, struct str *out)
{
	struct json_writer w;

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

int cmd_convert(struct cmd_call *c)
{
	const char *to = c->o.to, *file = c->argv[0];
	own_str struct str out = {0};
	struct nsjail_config *doc;
	struct origin origin;
	struct bytes text;
	int r;

	if (c->o.from && strcmp(c->o.from, "nsjail"))
		return CMD_REFUSE(c, "--from %s: 'nsjail' is all there is so far", c->o.from);
	if (!to)
		return CMD_REFUSE(c, "--to is missing: nsjail, nsjail-json or argv");
	if (fd_read_file(AT_FDCWD, file, 32 << 20, &c->pool, &text, &c->err) < 0 ||
		nsjail_read(text.data, text.len, file, &c->pool, &doc, &origin, &c->err) < 0)
		return CMD_REFUSED;
	if (!strcmp(to, "nsjail"))
		r = put_text(c, doc, &out);
	else if (!strcmp(to, "nsjail-json"))
		r = put_json(c, doc, &out);
	else if (!strcmp(to, "argv"))
		r = put_argv(c, doc, &origin, &out);
	else
		return CMD_REFUSE(c, "--to %s: nsjail, nsjail-json and argv are all there is", to);
	if (r < 0 || str_check(&out, &c->err) < 0)
		return CMD_REFUSED;
	return cmd_print(str_text(&out));
}
