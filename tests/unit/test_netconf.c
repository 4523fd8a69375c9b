/* SPDX-License-Identifier: Apache-2.0 */
/* netconf, in a network namespace of its own: what the kernel refuses is told, and leaves nothing. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "../../runtime/base/sys.h"
#include "../../runtime/do/netconf.h"
#include "../../runtime/nft.h"
#include "tap.h"

static struct pool pool;
static struct err err;

static struct bytes messages_of(size_t rules)
{
	struct jail_net_rule *v = pool_array(&pool, rules, sizeof(*v));
	const struct jail_net net = {.rules = v, .n_rules = rules};
	struct bytes ret = {0};

	is_int(nft_messages(&net, &pool, &ret, &err), 0);
	return ret;
}

/* The message that makes the rule, by its position; NULL: there is none. */
static struct nlmsghdr *rule_at(const struct bytes *b, size_t rule)
{
	for (size_t at = 0; at < b->len;) {
		struct nlmsghdr *h = (struct nlmsghdr *)(b->data + at);

		if (h->nlmsg_seq == rule + 1)
			return h;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return NULL;
}

/* The chain that it is to be in is another then. */
static void spoil(struct nlmsghdr *h)
{
	char *name = memmem(h, h->nlmsg_len, "rules", 6);

	if (ok(name))
		name[0] = 'R';
}

static void the_refused_rule_is_told(void)
{
	struct bytes b = messages_of(5);
	size_t rule = 99;

	spoil(rule_at(&b, 3));
	is_int(netconf_filter(&b, &rule, &err), -ENOENT);
	has_text(err.text, "set up the packet filter: No such file or directory");
	is_int(rule, 3);
}

/* A rule alone finds no table to be put into. */
static void nothing_is_left_of_a_refused_batch(void)
{
	struct bytes all = messages_of(2), one;
	struct nlmsghdr *begin = (struct nlmsghdr *)all.data, *rule = rule_at(&all, 1);
	size_t first = NLMSG_ALIGN(begin->nlmsg_len), rest;
	size_t number = 99;

	rest = all.len - (size_t)((char *)rule - all.data);
	one = (struct bytes){pool_alloc(&pool, first + rest), first + rest};
	memcpy(one.data, begin, first);
	memcpy(one.data + first, rule, rest);
	is_int(netconf_filter(&one, &number, &err), -ENOENT);
	is_int(number, 1);
	/* With the table it is taken. */
	is_int(netconf_filter(&all, &number, &err), 0);
	is_int(netconf_filter(&one, &number, &err), 0);
}

static void many_batches_are_taken(void)
{
	const struct bytes b = messages_of(3000);
	size_t rule = 99;

	is_int(netconf_filter(&b, &rule, &err), 0);
	is_int(rule, 99);
}

static void a_rule_of_routing_is_there_once(void)
{
	const struct step_net_rule rule = {
		.family = AF_INET, .priority = 7, .action = FR_ACT_BLACKHOLE};

	is_int(netconf_rule(&rule, &err), 0);
	is_int(netconf_rule(&rule, &err), -EEXIST);
	has_text(err.text, "add a routing rule with the priority 7: File exists");
}

static void a_device_that_is_not_there(void)
{
	const struct step_net_address a = {.device = "none", .address = "10.0.0.1/8", .bits = 8};

	is_int(netconf_address(&a, &err), -ENODEV);
	has_text(err.text, "network device 'none': No such device");
}

int main(void)
{
	int r = sys_unshare(CLONE_NEWUSER | CLONE_NEWNET);

	if (r < 0) {
		printf("# no user and network namespaces here: %s\n", strerror(-r));
		return tap_done();
	}
	run(the_refused_rule_is_told);
	run(nothing_is_left_of_a_refused_batch);
	run(many_batches_are_taken);
	run(a_rule_of_routing_is_there_once);
	run(a_device_that_is_not_there);
	pool_done(&pool);
	return tap_done();
}
