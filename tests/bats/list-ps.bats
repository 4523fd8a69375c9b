#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# list and ps: what they show, and how.
load helpers
load life

sleeper() {
	bundle "$@"
	command_is sleep 1000
}

two_processes() {
	bundle
	script 'sleep 1000 & exec sleep 1001'
	started "$ID"
	wait_for 10 processes 2
}

# processes N: the container has so many.
processes() {
	[ "$(jr ps -f json "$ID" | jq length)" = "$1" ]
}

@test "list without any container: a header, an empty array, or nothing" {
	mkdir "$STATES"
	run jr list
	same "$status" 0
	same "$(tr -s ' ' <<< "$output")" "ID PID STATUS BUNDLE CREATED OWNER"
	run jr list -f json
	same "$status" 0
	same "$output" "[]"
	run jr list -q
	same "$status" 0
	same "$output" ""
}

@test "a state directory that was named and is not there makes list fail; the default one need not be there" {
	local form
	for form in "" "-q" "-f json"; do
		run jr list $form
		fails_with 1 "state directory '$STATES': No such file or directory"
	done
	[ ! -e "$STATES" ]
	# XDG_RUNTIME_DIR is the default for those who are not root: there is no directory jailrt in it.
	mkdir "$T/xdg"
	chmod 777 "$T" "$T/xdg"
	run unshare --user --map-root-user env XDG_RUNTIME_DIR="$T/xdg" "$JAILRT" list -q
	same "$status" 0
	same "$output" ""
}

@test "list shows each container's id, pid, status, bundle, time and owner, sorted by id" {
	sleeper
	local first=$BUNDLE
	jr create -b "$first" "$ID-b"
	sleeper
	started "$ID-a"
	command_is true
	started "$ID-C"
	wait_for 10 is_status "$ID-C" stopped
	run jr list
	same "$status" 0
	same "$(wc -l <<< "$output")" 4
	same "$(awk '{ print $1, $2, $3, $4, $6 }' <<< "$output")" "ID PID STATUS BUNDLE OWNER
$ID-C 0 stopped $BUNDLE root
$ID-a $(pid_of "$ID-a") running $BUNDLE root
$ID-b $(pid_of "$ID-b") created $first root"
	same "$(awk 'NR > 1 { print $5 }' <<< "$output")" "$(jr list -f json | jq -r '.[].created')"
	same "$(grep -c ' $' <<< "$output")" 0
}

@test "the columns of the table begin below their headings, however long the cells are" {
	sleeper
	jr create -b "$BUNDLE" "$ID"
	jr create -b "$BUNDLE" "$ID-with-a-name-that-is-much-longer-than-the-others"
	jr list > out
	local word at
	for word in PID STATUS BUNDLE CREATED OWNER; do
		at=$(head -n 1 out | grep -b -o "$word" | head -n 1 | cut -d : -f 1)
		same "$(cut -c "$at-$at" out | tr -d '\n')" "   "
		same "$(cut -c "$((at + 1))-$((at + 1))" out | grep -c '[^ ]')" 3
	done
}

@test "list -f json is one line, an array of what state shows" {
	sleeper '.annotations = {"org.example.a": "b \"c\" \n"}'
	jr create -b "$BUNDLE" "$ID-1"
	started "$ID-2"
	run jr list -f json
	same "$status" 0
	same "$(wc -l <<< "$output")" 1
	same "$(jq -c '.[0]' <<< "$output")" "$(jr state "$ID-1" | jq -c .)"
	same "$(jq -c '.[1]' <<< "$output")" "$(jr state "$ID-2" | jq -c .)"
	same "$(jq length <<< "$output")" 2
	run jr list --format=json
	same "$(jq -r '.[].status' <<< "$output")" "created
running"
	same "$(jr list --format table)" "$(jr list)"
}

@test "list -q is one id a line, whatever the format" {
	sleeper
	jr create -b "$BUNDLE" "$ID-2"
	jr create -b "$BUNDLE" "$ID-1"
	same "$(jr list -q)" "$ID-1
$ID-2"
	same "$(jr list --quiet -f json)" "$(jr list -q)"
}

@test "list refuses a format that it does not know, and arguments" {
	mkdir "$STATES"
	run jr list -f yaml
	fails_with 1 "unknown format 'yaml': table or json"
	run jr list something
	fails_with 1 "too many arguments"
	run jr list -f
	fails_with 1 "requires an argument"
}

@test "list of many containers has them all, and one that is damaged spoils none" {
	sleeper
	local n
	for n in 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		jr create -b "$BUNDLE" "$ID-$n"
	done
	same "$(jr list -q | wc -l)" 20
	same "$(jr list -f json | jq -r '.[].id' | sort -c && jr list -f json | jq length)" 20
	same "$(jr list | wc -l)" 21
	cp "$STATES/$ID-15/state.json" good
	local bad
	for bad in '' '{' 'null' '{"version": 1}' '{"version": 99}'; do
		printf %s "$bad" > "$STATES/$ID-15/state.json"
		jr list -f json > listed 2> err
		same "$(jq -r '.[].id' listed | grep -c -x -F "$ID-15")" 0
		same "$(jq length listed)" 19
		same "$(jr list 2>/dev/null | wc -l)" 20
		grep -q "warning: container '$ID-15': " err
		same "$(wc -l < err)" 1
	done
	cp good "$STATES/$ID-15/state.json"
	same "$(jr list -q | wc -l)" 20
}

@test "what cannot be a container in the state directory is passed over" {
	sleeper
	jr create -b "$BUNDLE" "$ID"
	mkdir "$STATES/.hidden" "$STATES/a b" "$STATES/$ID-empty"
	touch "$STATES/$ID-file"
	ln -s "$STATES/$ID" "$STATES/$ID-link"
	same "$(jr list -q 2>/dev/null)" "$ID"
	rm -r "$STATES/.hidden" "$STATES/a b" "$STATES/$ID-empty" "$STATES/$ID-file" "$STATES/$ID-link"
}

@test "ps shows the lines of the host's ps for the container's processes, with its header" {
	two_processes
	run jr ps "$ID"
	same "$status" 0
	same "$(head -n 1 <<< "$output")" "$(ps -ef | head -n 1)"
	same "$(awk 'NR > 1 { print $2 }' <<< "$output" | sort -n)" "$(jr ps -f json "$ID" | jq '.[]' | sort -n)"
	same "$(grep -c 'sleep 1000$' <<< "$output")" 1
	same "$(grep -c 'sleep 1001$' <<< "$output")" 1
	same "$(wc -l <<< "$output")" 3
	same "$(jr ps --format table "$ID")" "$output"
}

@test "ps -f json is an array of the host's pids" {
	two_processes
	run jr ps -f json "$ID"
	same "$status" 0
	same "$(wc -l <<< "$output")" 1
	local p
	for p in $(jq '.[]' <<< "$output"); do
		same "$(readlink "/proc/$p/ns/pid")" "$(readlink "/proc/$(pid_of "$ID")/ns/pid")"
	done
	jq -e --argjson p "$(pid_of "$ID")" 'index($p) != null' <<< "$output"
	jr exec -d "$ID" sleep 1002 3>&-
	wait_for 10 processes 3
}

@test "ps hands options on to the host's ps, in place of -ef" {
	two_processes
	run jr ps "$ID" -o pid,comm
	same "$status" 0
	same "$(head -n 1 <<< "$output" | tr -s ' ' | sed 's/^ //')" "PID COMMAND"
	same "$(awk 'NR > 1 { print $2 }' <<< "$output")" "sleep
sleep"
	run jr ps "$ID" -e -o comm
	fails_with 1 "no PID column"
	run jr ps "$ID" --no-such-option
	[ "$status" -ne 0 ]
	run jr ps "$ID" aux
	same "$(head -n 1 <<< "$output" | awk '{ print $1, $2, $3 }')" "USER PID %CPU"
	same "$(wc -l <<< "$output")" 3
}

@test "ps of a created container is its one process, of a stopped one none" {
	sleeper
	jr create -b "$BUNDLE" "$ID"
	same "$(jr ps -f json "$ID")" "[$(pid_of "$ID")]"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	same "$(jr ps -f json "$ID")" "[]"
	same "$(jr ps "$ID" | wc -l)" 1
}

@test "ps of a container without cgroups of its own shows all of its pid namespace" {
	bundle
	script 'sleep 1000 & exec sleep 1001'
	jr --cgroup-manager disabled create -b "$BUNDLE" "$ID"
	jr start "$ID"
	wait_for 10 processes 2
	jr exec -d "$ID" sleep 1002 3>&-
	wait_for 10 processes 3
}

@test "ps of a container that shares its pid namespace shows its own processes only" {
	bundle 'del(.linux.namespaces[] | select(.type == "pid"))'
	script 'sleep 1000 & exec sleep 1001'
	started "$ID"
	wait_for 10 processes 2
	same "$(jr ps "$ID" | grep -c sleep)" 2
}

@test "ps refuses an unknown container, an unknown format and no container at all" {
	run jr ps "$ID-none"
	fails_with 1 "container does not exist"
	run jr ps
	fails_with 1 "an argument is missing"
	sleeper
	jr create -b "$BUNDLE" "$ID"
	run jr ps -f yaml "$ID"
	fails_with 1 "unknown format 'yaml'"
}

@test "ps says so where the host has no ps" {
	sleeper
	jr create -b "$BUNDLE" "$ID"
	run env PATH="$T" "$JAILRT" --root "$STATES" ps "$ID"
	fails_with 1 "ps(1) is not installed"
	same "$(env PATH="$T" "$JAILRT" --root "$STATES" ps -f json "$ID")" "[$(pid_of "$ID")]"
}
