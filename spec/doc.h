/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILRT_DOC_H
#define JAILRT_DOC_H
/*
 * doc: tables as text for people: help, manual pages, reference lists.
 */
#include "../runtime/base/str.h"
#include "args.h"
#include "field.h"

/* The options of a command, a line each, as --help shows them. */
void doc_options(const struct option_rows *options, struct str *out);

/* The same as a section of a manual page (man(7)). */
void doc_options_man(const struct option_rows *options, struct str *out);

/* The same as rows of a Markdown table, hidden ones too; prefix is what stands in front of each. */
void doc_options_markdown(const struct option_rows *options, const char *prefix, struct str *out);

/* The fields of a table and of those within, as rows of a Markdown table. */
void doc_fields(const struct table *t, const char *prefix, struct str *out);

/* Text for a cell of a Markdown table. */
void doc_cell(const char *text, struct str *out);

/* Text for man(7): what would be taken for a request or a hyphen is escaped. */
void doc_man_text(const char *text, struct str *out);

#endif
