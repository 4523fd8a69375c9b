#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# State files that are not as they were written.
load helpers
load life

# What becomes unreadable is ended by the test itself.
damaged_container() {
	bundle
	command_is sleep 100
	started "$ID"
	PID=$(pid_of "$ID")
	FILE="$STATES/$ID/state.json"
	GROUPS_=$(cgroups_of "$ID")
	cp "$FILE" "$T/good.json"
}

end_it() {
	kill -KILL "$PID"
	wait_for 10 gone "$PID"
	local g
	for g in $GROUPS_; do
		# An id whose state nobody could read leaves its cgroups.
		[ ! -d "$g" ] || wait_for 10 rmdir "$g"
	done
}

# all_refuse TEXT: each command but delete --force says so, and the process is not touched.
all_refuse() {
	local command
	for command in state start "kill" delete ps wait; do
		run jr $command "$ID"
		fails_with 1 "$1"
	done
	run jr exec "$ID" true
	fails_with 255 "$1"
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "already exists"
	kill -0 "$PID"
}

# How force gets rid of it.
force_removes() {
	run jr delete --force "$ID"
	says "removed without looking"
	[ ! -e "$STATES/$ID" ]
	end_it
}

@test "a truncated state file is a clear error, and delete --force removes it" {
	damaged_container
	local size
	size=$(stat -c %s "$FILE")
	head -c $((size / 2)) "$T/good.json" > "$FILE"
	all_refuse "state file is damaged"
	run jr state "$ID"
	fails_with 1 "Fix: 'delete --force'"
	force_removes
}

@test "an empty state file is a clear error, and delete --force removes it" {
	damaged_container
	: > "$FILE"
	all_refuse "state file is damaged"
	force_removes
}

@test "garbage in the state file is a clear error, and delete --force removes it" {
	damaged_container
	head -c 4096 /dev/urandom > "$FILE"
	all_refuse "state file is damaged"
	printf '%s' '[[[[' > "$FILE"
	all_refuse "state file is damaged"
	jq -c '.pid = "1"' good.json > "$FILE"
	all_refuse "state file is damaged"
	jq -c '.pid = 4294967297' good.json > "$FILE"
	all_refuse "state file is damaged"
	jq -c 'del(.version)' good.json > "$FILE"
	all_refuse "state file is damaged"
	jq -c 'del(.bundle)' good.json > "$FILE"
	all_refuse "state file is damaged"
	force_removes
}

@test "a state file that is missing is a clear error, and delete --force removes the rest" {
	damaged_container
	rm "$FILE"
	all_refuse "state.json is missing"
	force_removes
}

@test "a state file of a newer version is told as that" {
	damaged_container
	jq -c '.version = 2' good.json > "$FILE"
	all_refuse "version 2"
	# It may hold what this program has never heard of.
	jq -c '.version = 3 | .novelty = 1' good.json > "$FILE"
	all_refuse "version 3"
	run jr state "$ID"
	fails_with 1 "newer program"
	force_removes
}

@test "one damaged container does not spoil the list, which warns of it" {
	damaged_container
	jr create -b "$BUNDLE" "$ID-good"
	: > "$FILE"
	jr list -q > out 2> err
	same "$(cat out)" "$ID-good"
	grep -q "warning: container '$ID': .*damaged" err
	same "$(jr list -f json 2>/dev/null | jq -r '.[].id')" "$ID-good"
	force_removes
}

@test "a list of hundreds has all of them in order, and tells of the one that is damaged" {
	bundle
	command_is sleep 100
	started "$ID"
	local n
	for n in $(seq -w 100 399); do
		mkdir "$STATES/$ID-$n"
		sed "s/\"id\":\"$ID\"/\"id\":\"$ID-$n\"/" "$STATES/$ID/state.json" > "$STATES/$ID-$n/state.json"
		touch "$STATES/$ID-$n/started"
	done
	: > "$STATES/$ID-277/state.json"
	{ echo "$ID"; seq -w 100 399 | sed "s/^/$ID-/"; } | grep -v -- -277 > all
	jr list > table 2> err
	same "$(cat err | wc -l)" 1
	grep -q "warning: container '$ID-277': .*damaged" err
	same "$(tail -n +2 table | cut -d' ' -f1)" "$(cat all)"
	same "$(grep -c " running " table)" 300
	same "$(jr list -q 2> /dev/null)" "$(cat all)"
	same "$(jr list -f json 2> /dev/null | jq -r '.[].id')" "$(cat all)"
	# With one processor nobody helps.
	taskset -c 0 "$JAILRT" --root "$STATES" list 2> /dev/null | cmp - table
	rm -r "$STATES/$ID"-[1-3]*
}

@test "a state directory that is a file or a symlink is no container, and is left alone" {
	bundle
	mkdir -p "$STATES" "$T/precious"
	echo keep > "$T/precious/state.json"
	ln -s "$T/precious" "$STATES/$ID-link"
	echo x > "$STATES/$ID-file"
	run jr delete --force "$ID-link"
	fails_with 1 "$ID-link"
	run jr delete --force "$ID-file"
	fails_with 1 "$ID-file"
	run jr state "$ID-link"
	fails_with 1 "$ID-link"
	same "$(cat "$T/precious/state.json")" keep
	run jr create -b "$BUNDLE" "$ID-link"
	fails_with 1 "already exists"
	rm "$STATES/$ID-link" "$STATES/$ID-file"
}

@test "a pid that is another process's by now is not touched" {
	bundle
	command_is sleep 100
	started "$ID"
	local p
	p=$(pid_of "$ID")
	sleep 300 3>&- &
	local other=$!
	cp "$STATES/$ID/state.json" good.json
	# Kernels before 6.9 have no inode for it; then it is when the process began that tells.
	for change in '.' 'del(.pid_inode)' '.started += 1 | del(.pid_inode)' '.pid_inode += 1'; do
		jq -c --argjson p "$other" ".pid = \$p | $change" good.json > "$STATES/$ID/state.json"
		is_status "$ID" stopped
		run jr kill "$ID" KILL
		fails_with 1 "container not running"
		run jr exec "$ID" true
		fails_with 255 "cannot exec in a stopped container"
	done
	jq -c 'del(.pid_inode)' good.json > "$STATES/$ID/state.json"
	is_status "$ID" running
	jr kill "$ID" WINCH
	jq -c --argjson p "$other" '.pid = $p' good.json > "$STATES/$ID/state.json"
	kill -KILL "$p"
	wait_for 10 gone "$p"
	jr delete --force "$ID"
	kill -0 "$other"
	kill "$other"
}

@test "a creator's pid that is another process's by now is not touched" {
	bundle
	command_is sleep 100
	started "$ID"
	sleep 300 3>&- &
	local other=$!
	jq -c --argjson p "$other" '.complete = false | .creator = $p | .creator_started = 1' \
		"$STATES/$ID/state.json" > new
	cp new "$STATES/$ID/state.json"
	is_status "$ID" stopped
	jr delete --force "$ID"
	kill -0 "$other"
	kill "$other"
}
