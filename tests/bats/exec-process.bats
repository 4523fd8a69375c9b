#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# As whom, with what rights and with what surroundings exec runs its program: by its options, and by a
# process file. What becomes of the program: exec.bats.
load helpers
load life
load keys

# container [FILTER]: one that runs and does nothing, with little of its own for exec to take over.
container() {
	bundle '.process.user = {uid: 7, gid: 8, additionalGids: [9], umask: 23}
		| .process.env = ["PATH=/bin", "OF=config"] | .process.cwd = "/tmp"
		| .process.noNewPrivileges = false
		| .process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"],
			effective: ["CAP_KILL"], inheritable: [], ambient: []}'
	[ $# -eq 0 ] || config "$@"
	command_is sleep 1000
	started "$ID"
}

# process_file [FILTER]: a process object in process.json, of which little is the config's.
process_file() {
	jq -n '{args: ["sh", "-c", "id -u"], cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}' |
		jq "${1:-.}" > process.json
}

# status_of_exec OPTIONS: some lines of its program's /proc/self/status, without tabs.
status_of_exec() {
	jr exec "$@" "$ID" grep -E '^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Umask):' /proc/self/status |
		tr -s '\t ' ' ' | sed 's/ $//'
}

# has LINE: of the output.
has() {
	grep -qxF -- "$1" <<< "$output" || { printf "no line '%s' in:\n%s\n" "$1" "$output"; return 1; }
}

@test "without options exec's program is as the container's own" {
	container
	run status_of_exec
	has "Uid: 7 7 7 7"
	has "Gid: 8 8 8 8"
	has "Groups: 9"
	has "Umask: 0027"
	has "NoNewPrivs: 0"
	has "CapBnd: 0000000000000020"
	has "CapEff: 0000000000000000"
	same "$(jr exec "$ID" sh -c 'pwd; echo $OF $HOME')" "/tmp
config /"
}

@test "--user is the user and group, -g adds groups to those of the config" {
	container
	run status_of_exec --user 1000:50
	has "Uid: 1000 1000 1000 1000"
	has "Gid: 50 50 50 50"
	has "Groups: 9"
	run status_of_exec -u 1000
	has "Gid: 0 0 0 0"
	run status_of_exec -g 60 --additional-gids 70
	has "Groups: 9 60 70"
	has "Uid: 7 7 7 7"
	same "$(jr exec -u 1000 "$ID" sh -c 'echo $HOME')" /home/user
	run jr exec -g wheel "$ID" true
	fails_with 255 "additional-gids"
}

@test "--env adds a variable or replaces the config's, and has no other form" {
	container
	same "$(jr exec -e A=1 --env 'B=two words=x' -e EMPTY= "$ID" sh -c 'echo "$OF|$A|$B|$EMPTY|${EMPTY-none}"')" \
		"config|1|two words=x||"
	same "$(jr exec -e OF=option "$ID" env | grep -c '^OF=')" 1
	same "$(jr exec -e OF=option "$ID" sh -c 'echo $OF')" option
	local bad
	for bad in A =1 ""; do
		run jr exec -e "$bad" "$ID" true
		fails_with 255 "is not NAME=value"
	done
}

@test "--cwd is the working directory, and must be one" {
	container
	same "$(jr exec --cwd /home "$ID" pwd)" /home
	run jr exec --cwd /bin/busybox "$ID" pwd
	fails_with 255 "Not a directory"
	run jr exec --cwd /../../home "$ID" pwd
	says /home
}

@test "--cap adds to the bounding, permitted and effective set, and to no other" {
	container '.process.user.uid = 0 | .process.noNewPrivileges = true'
	run status_of_exec
	has "CapEff: 0000000000000020"
	run status_of_exec --cap CAP_CHOWN -c CAP_FOWNER
	has "CapBnd: 0000000000000029"
	has "CapPrm: 0000000000000029"
	has "CapEff: 0000000000000029"
	has "CapInh: 0000000000000000"
	has "CapAmb: 0000000000000000"
	run jr exec --cap CAP_FLY "$ID" true
	fails_with 255 "--cap: unknown capability 'CAP_FLY'"
	# The container's first process does not get them.
	same "$(grep CapBnd "/proc/$(pid_of "$ID")/status" | tr -d '[:alpha:]:\t')" 0000000000000020
}

@test "--no-new-privs is for that one program" {
	container
	run status_of_exec --no-new-privs
	has "NoNewPrivs: 1"
	run status_of_exec
	has "NoNewPrivs: 0"
	same "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$(pid_of "$ID")/status")" 0
}

@test "a process file takes the place of the config's process, all of it" {
	container
	process_file '.args = ["grep", "-E", "^(Uid|Gid|Groups|CapBnd|NoNewPrivs|Umask)", "/proc/self/status"]
		| .user = {uid: 5, gid: 6, additionalGids: [3], umask: 63}
		| .noNewPrivileges = true | .capabilities = {bounding: ["CAP_CHOWN"]}'
	output=$(jr exec -p process.json "$ID" | tr -s '\t ' ' ' | sed 's/ $//')
	has "Uid: 5 5 5 5"
	has "Gid: 6 6 6 6"
	has "Groups: 3"
	has "Umask: 0077"
	has "NoNewPrivs: 1"
	has "CapBnd: 0000000000000001"
	process_file '.args = ["sh", "-c", "pwd; echo $OF$A; umask; ulimit -n; cat /proc/self/oom_score_adj"]
		| .env += ["A=x"] | .rlimits = [{type: "RLIMIT_NOFILE", soft: 55, hard: 66}]
		| .oomScoreAdj = 900 | .cwd = "/home"'
	same "$(jr exec --process process.json "$ID" | tr '\n' ' ')" "/home x 0022 55 900 "
}

@test "options go before what a process file says" {
	container
	process_file '.args = ["true"]'
	same "$(jr exec -p process.json "$ID" sh -c 'echo $0 $PATH')" "sh /bin"
	process_file '.args = ["sh", "-c", "id -u; pwd; echo $A"] | .env += ["A=file"]'
	same "$(jr exec -p process.json -u 12 --cwd /home -e A=option "$ID" | tr '\n' ' ')" "12 /home option "
}

@test "a process file needs what the spec says, and nobody becomes root for want of a user" {
	container
	process_file 'del(.cwd)'
	run jr exec -p process.json "$ID"
	fails_with 255 "cwd"
	process_file '.args = []'
	run jr exec -p process.json "$ID"
	fails_with 255 "process.json:1:1: args: the program to run is missing"
	process_file '.user.uid = -1'
	run jr exec -p process.json "$ID"
	fails_with 255 "user.uid (process.json:"
	process_file '.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
	run jr exec -p process.json "$ID"
	fails_with 255 "the soft limit is above the hard one"
	process_file '.capabilities = {effective: ["CAP_CHOWN"]}'
	run jr exec -p process.json "$ID"
	fails_with 255 "permitted"
}

@test "-t gives a terminal, which its process file may ask for, too" {
	container
	process_file '.terminal = true | .args = ["sh", "-c", "tty"]'
	run env script -qec "'$JAILRT' --root '$STATES' exec -p process.json '$ID'" /dev/null
	[[ "$output" == *"/dev/pts/"* ]] || { echo "$status $output"; false; }
	run env script -qec "'$JAILRT' --root '$STATES' exec --tty '$ID' tty" /dev/null
	[[ "$output" == *"/dev/pts/"* ]] || { echo "$status $output"; false; }
	run jr exec "$ID" tty
	[ "$status" -eq 1 ]
}

@test "the container's filter, memory policy and personality are for whatever a process file runs" {
	[ "$(uname -m)" = x86_64 ] || skip "for x86_64"
	container '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28}]}
		| .linux.personality = {domain: "LINUX32"} | .linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}
		| .root.readonly = false | .process.user = {uid: 0, gid: 0} | .linux.maskedPaths = []'
	process_file '.args = ["sh", "-c", "mkdir /tmp/x 2>&1; uname -m; grep -c bind:0 /proc/self/numa_maps; cat /proc/keys"]'
	run with_key "$JAILRT" --root "$STATES" exec -p process.json "$ID"
	same "${lines[0]}" "mkdir: can't create directory '/tmp/x': No space left on device"
	same "${lines[1]}" i686
	[ "${lines[2]}" -gt 0 ]
	says "_ses.$ID"
	[[ "$output" != *test-key:* ]]
	run with_key "$JAILRT" --root "$STATES" exec "$ID" cat /proc/keys
	says "_ses.$ID"
	[[ "$output" != *test-key:* ]]
	run jr exec "$ID" mkdir /tmp/x
	fails_with 1 "No space left on device"
}
