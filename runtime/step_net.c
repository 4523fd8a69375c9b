/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/fib_rules.h>
#include <sys/socket.h>

#include "../spec/names.h"
#include "step.h"

/* What the steps about networks have for arguments. */

static const struct field step_net_device_rows[] = {
	FIELD_ENUM(step_net_device, who, who_words, "whose network namespace it goes to"),
	FIELD_TEXT(step_net_device, device, "the caller's"),
	FIELD_TEXT(step_net_device, name, "what it is called there"),
	FIELD_BOOL(step_net_device, bare, "down and without addresses"),
};
TABLE(step_net_device);

static const struct field step_macvlan_rows[] = {
	FIELD_ENUM(step_macvlan, who, who_words, "whose network namespace it is made in"),
	FIELD_TEXT(step_macvlan, device, "the caller's that it is made of"),
	FIELD_TEXT(step_macvlan, name, "what it is called"),
	FIELD_ENUM(step_macvlan, mode, macvlan_mode_words, "whom it hears"),
	FIELD_TEXT(step_macvlan, mac, "its MAC address"),
};
TABLE(step_macvlan);

static const struct field step_net_address_rows[] = {
	FIELD_TEXT(step_net_address, device, "which is brought up"),
	FIELD_TEXT(step_net_address, address, "and how many bits its network has"),
	FIELD_TEXT(step_net_address, gateway, "of the default route"),
};
TABLE(step_net_address);

static const struct field step_net_filter_rows[] = {
	FIELD_TEXTS(step_net_filter, rules, "the first that a packet meets decides"),
};
TABLE(step_net_filter);

static const struct word family_words_rows[] = {
	{"ipv4", AF_INET},
	{"ipv6", AF_INET6},
};
static WORDS(family_words);

static const struct word rule_action_words_rows[] = {
	{"allow", FR_ACT_TO_TBL},
	{"drop", FR_ACT_BLACKHOLE},
	{"reject", FR_ACT_UNREACHABLE},
};
static WORDS(rule_action_words);

static const struct field step_net_rule_rows[] = {
	FIELD_ENUM(step_net_rule, family, family_words, "of addresses"),
	FIELD_U32(step_net_rule, priority, "the lowest is asked first"),
	FIELD_TEXT(step_net_rule, from, "source"),
	FIELD_TEXT(step_net_rule, to, "destination"),
	FIELD_TEXT(step_net_rule, iif, "interface that it came in by"),
	FIELD_TEXT(step_net_rule, oif, "interface that its socket is bound to"),
	FIELD_ENUM(step_net_rule, protocol, net_protocol_words, "above IP"),
	FIELD_TEXT(step_net_rule, sport, "source ports"),
	FIELD_TEXT(step_net_rule, dport, "destination ports"),
	FIELD_ENUM(step_net_rule, action, rule_action_words, "what becomes of a packet"),
};
TABLE(step_net_rule);
