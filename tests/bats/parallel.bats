#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Two commands on one container at once.
load helpers
load life

@test "of 20 starts at once exactly one starts the container" {
	bundle '.root.readonly = false'
	script 'echo ran >> /root/ran; exec sleep 100'
	jr create -b "$BUNDLE" "$ID"
	many 20 jr start "$ID"
	same "$(how_many 0)" 1
	same "$(how_many 1)" 19
	same "$(grep -v 'cannot start a container that is running' "$T/many.err")" ""
	is_status "$ID" running
	wait_for 10 there "$BUNDLE/rootfs/root/ran"
	same "$(cat "$BUNDLE/rootfs/root/ran")" ran
}

@test "of 20 creates of one id at once exactly one makes the container, and it is whole" {
	bundle
	command_is sleep 100
	many 20 jr create -b "$BUNDLE" "$ID"
	same "$(how_many 0)" 1
	same "$(how_many 1)" 19
	same "$(grep -v 'container with given ID already exists' "$T/many.err")" ""
	is_status "$ID" created
	jr start "$ID"
	wait_for 10 runs "$(pid_of "$ID")" sleep
}

@test "of 20 deletes at once exactly one deletes the container" {
	bundle
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	many 20 jr delete "$ID"
	same "$(how_many 0)" 1
	same "$(how_many 1)" 19
	same "$(grep -v 'container does not exist' "$T/many.err")" ""
	[ ! -e "$STATES/$ID" ]
	same "$(cgroups_of "$ID")" ""
}

@test "20 deletes with --force at once all succeed, and the container is gone" {
	bundle
	command_is sleep 100
	started "$ID"
	local p
	p=$(pid_of "$ID")
	many 20 jr delete --force "$ID"
	cat "$T/many.err"
	same "$(how_many 0)" 20
	gone "$p"
	[ ! -e "$STATES/$ID" ]
	same "$(cgroups_of "$ID")" ""
}

@test "a container that is started and deleted at once is one or the other in the end" {
	bundle
	command_is sleep 100
	for n in 1 2 3 4 5; do
		jr create -b "$BUNDLE" "$ID-$n"
		jr start "$ID-$n" 2> start.err 3>&- &
		local starter=$!
		jr delete --force "$ID-$n"
		if ! wait "$starter"; then
			cat start.err
			grep -q -e 'does not exist' -e 'has stopped' -e 'ended before it was started' start.err
		fi
		[ ! -e "$STATES/$ID-$n" ]
		same "$(cgroups_of "$ID-$n")" ""
	done
}

# bats test_tags=slow
@test "create and delete --force of one id in turn, from several sides, leave nothing and never fail oddly" {
	bundle
	command_is sleep 100
	turn() {
		local i
		for i in 1 2 3 4 5 6 7 8 9 10; do
			jr create -b "$BUNDLE" "$ID" || true
			jr delete --force "$ID" || true
		done
	}
	many 4 turn
	cat "$T/many.err" | sort | uniq -c
	# The shell's own word for a creator that was killed is none of ours.
	same "$(grep '^jailrt' "$T/many.err" | grep -v "^jailrt: create .*already exists")" ""
	jr delete --force "$ID"
	same "$(cgroups_of "$ID")" ""
	same "$(jr list -q)" ""
}

@test "a container that is deleted under its run leaves the id to the next one" {
	bundle
	command_is sleep 100
	local runner code n
	for n in 1 2 3 4 5 6 7 8; do
		jr run -b "$BUNDLE" "$ID" 2> run.err 3>&- &
		runner=$! code=0
		wait_for 10 is_status "$ID" running
		jr delete --force "$ID"
		jr create -b "$BUNDLE" "$ID"
		wait "$runner" || code=$?
		same "$code" 137
		same "$(cat run.err)" ""
		is_status "$ID" created
		jr delete "$ID"
	done
}

@test "20 execs at once all run" {
	bundle
	command_is sleep 100
	started "$ID"
	many 20 jr exec "$ID" echo hello > said
	cat "$T/many.err"
	same "$(how_many 0)" 20
	same "$(grep -c -x hello said)" 20
}

@test "list while containers come and go shows only whole ones and does not fail" {
	bundle
	command_is sleep 100
	come_and_go() {
		local i
		for i in 1 2 3 4 5 6 7 8; do
			jr create -b "$BUNDLE" "$ID-$1-$i"
			jr delete "$ID-$1-$i"
		done
	}
	jr create -b "$BUNDLE" "$ID"
	come_and_go a 3>&- &
	local a=$!
	come_and_go b 3>&- &
	local b=$!
	while kill -0 "$a" 2>/dev/null || kill -0 "$b" 2>/dev/null; do
		jr list -f json > listed
		same "$(jq -r '.[].status' listed | grep -v -x -e creating -e created -e stopped)" ""
	done
	wait "$a"
	wait "$b"
}

@test "a created container that is deleted while its state is looked at is never shown as running" {
	traced
	bundle
	command_is sleep 100
	local looking
	for looking in "state $ID" "list -f json"; do
		jr create -b "$BUNDLE" "$ID"
		# Held where its process has been seen to live, and what tells created from running not yet.
		strace -o /dev/null -e trace=faccessat2 -e inject=faccessat2:delay_enter=1000000:when=1 -e signal=none \
			"$JAILRT" --root "$STATES" $looking > shown 2> said 3>&- &
		sleep 0.3
		jr delete --force "$ID"
		wait $! || grep -q "does not exist" said
		not grep running shown
	done
}
