#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Flags of runc and crun that no other file of tests has.
load helpers
load life

sleeper() {
	bundle "$@"
	command_is sleep 1000
}

@test "run --keep: the container stays after its end, and its cgroup too, until it is deleted" {
	bundle
	script 'exit 3'
	run jr run --keep -b "$BUNDLE" "$ID"
	[ "$status" -eq 3 ]
	is_status "$ID" stopped
	[ -n "$(cgroups_of "$ID")" ]
	jr delete "$ID"
	same "$(cgroups_of "$ID")" ""
	run jr run -b "$BUNDLE" "$ID"
	[ "$status" -eq 3 ]
	same "$(jr list -q)" ""
}

@test "create, run --no-subreaper: accepted, and all is as without" {
	bundle
	script 'echo ran'
	run jr run --no-subreaper -b "$BUNDLE" "$ID"
	says ran
	jr create --no-subreaper -b "$BUNDLE" "$ID" > out
	jr start "$ID"
	wait_for 10 grep -q ran out
}

@test "spec -f FILE: the config has that name, also in a bundle; what is there is not overwritten" {
	mkdir dir
	jr spec -f other.json
	jr spec --file deep.json --bundle dir --rootless
	[ ! -e config.json ]
	same "$(jq -r .process.args[0] other.json)" sh
	same "$(jq -r '.linux.uidMappings | length' dir/deep.json)" 1
	run jr spec -f other.json
	fails_with 1 "a other.json exists already"
	run jr spec -f no/such.json
	fails_with 1 "no/such.json: No such file"
}

@test "exec -g: further groups, each once for each time it is given; bad ones are refused" {
	sleeper '.process.user.additionalGids = [7]'
	started "$ID"
	same "$(jr exec -g 1234 --additional-gids 99 "$ID" id -G)" "0 7 99 1234"
	run jr exec -g 4294967295 "$ID" id
	fails_with 255 "additional_gids"
	run jr exec -g x "$ID" id
	fails_with 255 "additional_gids"
}

@test "exec --no-new-privs: no exec gains privileges, and without it as in the config" {
	sleeper '.process.noNewPrivileges = false'
	started "$ID"
	same "$(jr exec --no-new-privs "$ID" awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" 1
	same "$(jr exec "$ID" awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" 0
}

@test "--version in all spellings, and help of each command in all spellings" {
	local spelling command
	for spelling in -v -V --version; do
		run jr $spelling
		[[ "${lines[0]}" == "jailrt version "* ]]
	done
	for spelling in -h '-?' --help --usage; do
		run jr "$spelling"
		says "usage: jailrt"
		# nsjail's words are nsjail's: nsjail-door.bats.
		for command in $("$JAILRT" help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
			[ "$command" != nsjail ] || continue
			run jr "$command" "$spelling"
			says "usage: jailrt $command"
		done
	done
}

@test "--rootless, --criu and --systemd-cgroup=false are accepted in front of every command" {
	local value
	mkdir "$STATES"
	for value in true false auto; do
		jr --rootless "$value" --criu /no/such/criu --systemd-cgroup=false list
		jr --rootless=$value list
	done
}

@test "--log file:PATH is a file; an unknown kind is refused, and what to write for a file of that name" {
	mkdir "$STATES"
	run jr --log file:here.log --log-format json state "$ID"
	[ "$status" -eq 1 ]
	same "$(jq -r .level here.log)" error
	run jr --log "nowhere:$ID" list
	fails_with 1 "--log: unknown kind of log 'nowhere'"
	[[ "$output" == *"'./nowhere:$ID'"* ]]
	[ ! -e "nowhere:$ID" ]
	jr --log "./nowhere:$ID" --debug list
	[ -s "./nowhere:$ID" ]
	run jr --log journald: list
	fails_with 1 "a name is missing"
}

# heard FOLDER SOCKET TO: what a socket there hears when jailrt fails with that log; in mount namespaces of
# its own, so that the machine's folder stays as it is.
heard() {
	unshare --mount --propagation private bash -c '
		mount -t tmpfs none "$1" && cd "$1" && mkdir -p "$(dirname "$2")" && mknod -m 666 null c 1 3
		python3 - "$1/$2" > "$5/heard" <<-"EOF2" &
			import socket, sys
			s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
			s.bind(sys.argv[1])
			s.settimeout(20)
			print(s.recv(4096).decode())
		EOF2
		for ((i = 0; i < 200; i++)); do [ -S "$1/$2" ] && break; sleep 0.05; done
		cd / && "$3" --root "$5/states" --log "$4" state "$6"
		wait' _ "$1" "$2" "$JAILRT" "$3" "$T" "$ID" 3>&- || true
}

@test "--log journald:NAME and syslog:NAME: the system's logs hear it, with name and priority" {
	heard /run systemd/journal/socket "journald:$ID"
	grep -qx "PRIORITY=3" heard
	grep -qx "ID=$ID" heard
	grep -qx "MESSAGE=state $ID: container does not exist: '$ID'" heard
	heard /dev log "syslog:$ID"
	grep -q "^<11>.* $ID\[[0-9]*\]: state $ID: container does not exist" heard
	run unshare --mount --propagation private bash -c 'mount -t tmpfs none /run && "$1" --log journald:x list' _ "$JAILRT"
	fails_with 1 "systemd's journal is not to be had"
}
