#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# profile JSON: of $BUNDLE.
profile() {
	config ".linux.seccomp = $1"
}

refuse_mkdir() {
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28}]}'
}

@test "what the profile refuses fails with its errno, with and without no_new_privs" {
	local nnp
	bundle '.root.readonly = false'
	refuse_mkdir
	script 'mkdir /tmp/x; echo "status $?"; grep -E "^(Seccomp|NoNewPrivs|Seccomp_filters):" /proc/self/status'
	for nnp in true false; do
		config ".process.noNewPrivileges = $nnp"
		run jr run -b "$BUNDLE" "$ID"
		says "No space left on device"
		says "status 1"
		says "Seccomp:	2"
		says "Seccomp_filters:	1"
		[ $nnp = true ] && says "NoNewPrivs:	1" || says "NoNewPrivs:	0"
	done
}

@test "the right to set the filter does not reach the program" {
	bundle '.process.noNewPrivileges = false | .process.capabilities = {}'
	refuse_mkdir
	script 'grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/self/status | sort -u -k2'
	local uid
	for uid in 0 1000; do
		config ".process.user = {uid: $uid, gid: $uid}"
		run jr run -b "$BUNDLE" "$ID"
		says "0000000000000000"
		[ "${#lines[@]}" = 1 ]
	done
}

@test "a filter that stops all but exec and the end is enforced, and its failures are still told" {
	bundle
	profile '{defaultAction: "SCMP_ACT_KILL_PROCESS", syscalls: [{names: ["execve"], action: "SCMP_ACT_ALLOW"}]}'
	command_is true
	run jr run --report "$T/report" -b "$BUNDLE" "$ID"
	[ "$status" -eq 159 ]
	[ "$(jq -r .cause report) $(jq -r .signal_name report)" = "seccomp SIGSYS" ]
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["execve", "sendmsg", "write"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "unable to start container process: exec /bin/true: argument list too long"
	jr create -b "$BUNDLE" "$ID"
	run jr start "$ID"
	fails_with 1 "exec /bin/true: argument list too long"
}

# A bundle that runs TEXT with the host's Python, which makes any call by number.
python() {
	bundle '.mounts += ["/usr", "/lib", "/lib64"] | .mounts |= map(if type == "string" then
		{destination: ., source: ., type: "bind", options: ["rbind", "ro"]} else . end)'
	printf '%s\n' "import ctypes, errno" "libc = ctypes.CDLL(None, use_errno=True)" "$1" > "$BUNDLE/rootfs/try.py"
	command_is /usr/bin/python3 /try.py
}

@test "conditions on arguments, on 64 bits" {
	[ "$(uname -m)" = x86_64 ] || skip "for x86_64"
	python 'for value in (8, 0x100000008, 0): print(libc.syscall(135, ctypes.c_ulong(value)) == -1 and ctypes.get_errno())'
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 99,
		args: [{index: 0, value: 8, op: "SCMP_CMP_EQ"}]}]}'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[*]}" = "99 False False" ]
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 98,
		args: [{index: 0, value: 4294967296, op: "SCMP_CMP_GT"}]}]}'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[*]}" = "False 98 False" ]
}

@test "a newer call than the profile names gives ENOSYS, an older one the default's errno" {
	[ "$(uname -m)" = x86_64 ] || skip "for x86_64"
	python 'for number in (140, 9999): libc.syscall(number, 0, 0); print(errno.errorcode.get(ctypes.get_errno()))'
	config '.linux.seccomp = ($p[0].linux.seccomp | .syscalls[0].names -= ["getpriority"]
		| .defaultErrnoRet = 1)' --slurpfile p "$BATS_TEST_DIRNAME/../data/engine-configs/docker-run.config.json"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "EPERM ENOSYS" ]
}

@test "exec is under the container's filter" {
	bundle '.root.readonly = false'
	refuse_mkdir
	command_is sleep 100
	jr create -b "$BUNDLE" "$ID"
	jr start "$ID"
	run jr exec "$ID" mkdir /tmp/x
	fails_with 1 "No space left on device"
	run jr exec "$ID" grep Seccomp: /proc/self/status
	says "2"
}

# agent: answers notifications on $T/agent with errno 42; what was told goes to $T/told.
agent() {
	cat > "$T/agent.py" <<-'EOF'
		import array, fcntl, json, os, socket, struct, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind("agent")
		s.listen()
		open("listening", "w").close()
		c, _ = s.accept()
		text, fds, _, _ = socket.recv_fds(c, 65536, 4)
		while True:
		    more = c.recv(65536)
		    if not more: break
		    text += more
		open("told", "wb").write(text)
		while True:
		    n = bytearray(80)
		    try: fcntl.ioctl(fds[0], 0xC0502100, n)
		    except OSError: break
		    fcntl.ioctl(fds[0], 0xC0182101, struct.pack("QqiI", struct.unpack_from("Q", n)[0], 0, -42, 0))
	EOF
	python3 agent.py 3>&- 2> agent.err &
	later kill $!
	wait_for 10 test -e listening
}

@test "an agent gets the listener, the container's state and its metadata, and answers" {
	bundle '.root.readonly = false'
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}'
	config '.linux.seccomp.listenerPath = $p | .linux.seccomp.listenerMetadata = "for \"you\""' --arg p "$T/agent"
	script 'mkdir /tmp/x'
	agent
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "No message of desired type"
	[ "$(jq -r '.fds[0], .metadata, .state.id, .state.status, .pid == .state.pid' told | paste -sd' ')" = \
		"seccompFd for \"you\" $ID creating true" ]
}

@test "start hands the listener over, too" {
	bundle '.root.readonly = false'
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}'
	config '.linux.seccomp.listenerPath = $p' --arg p "$T/agent"
	script 'mkdir /tmp/x; echo $? > /tmp/status; sleep 100'
	agent
	jr create -b "$BUNDLE" "$ID"
	jr start "$ID"
	wait_for 10 test -s "$BUNDLE/rootfs/tmp/status"
	[ "$(cat "$BUNDLE/rootfs/tmp/status")" = 1 ]
	[ "$(jq -r '.state.status' told)" = created ]
	[ "$(jq -r .pid told)" = "$(jr state "$ID" | jq .pid)" ]
}

@test "an agent that is not there fails the start, and nothing is left" {
	bundle
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	config '.linux.seccomp.listenerPath = "/no/agent"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "seccomp listener '/no/agent'"
	config 'del(.linux.seccomp.listenerPath)'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.seccomp"
	fails_with 1 "no agent that would answer"
	config '.linux.seccomp.syscalls[0].names = ["sendmsg"] | .linux.seccomp.listenerPath = "/no/agent"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "Fix: allow sendmsg in the profile"
}

@test "flags: those of the spec are taken, others refused with their place" {
	bundle
	refuse_mkdir
	command_is true
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_FAST"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.seccomp.flags[0]"
}

@test "a finished program in an annotation is taken as it is" {
	bundle
	command_is true
	# ld [nr]; jeq #59, allow; ret errno 5; ret allow
	local bpf
	bpf=$(printf '\x20\0\0\0\0\0\0\0\x15\0\1\0\x3b\0\0\0\6\0\0\0\5\0\5\0\6\0\0\0\0\0\xff\x7f' | base64 -w0)
	config '.annotations["run.oci.seccomp_bpf_data"] = $b' --arg b "$bpf"
	run jr run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	config '.annotations["run.oci.seccomp_bpf_data"] = "AAAA"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "no number of BPF instructions"
	config '.annotations["run.oci.seccomp_bpf_data"] = "%%%%"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "is not in base64"
	config '.annotations["run.oci.seccomp_bpf_data"] = "AAAAAAAAAAA="'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "run.oci.seccomp_bpf_data"
}

@test "an unknown name is passed over where that is no weaker, and refused else" {
	bundle
	command_is true
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdirr"], action: "SCMP_ACT_ERRNO"}]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.seccomp.syscalls[0].names[0]"
	fails_with 1 "'mkdirr' is no system call that is known here"
	fails_with 1 "Fix: did you mean 'mkdir"
	config '.linux.seccomp = ($p[0].linux.seccomp | .syscalls[0].names += ["mkdirr"])' \
		--slurpfile p "$BATS_TEST_DIRNAME/../data/engine-configs/docker-run.config.json"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "1"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'mkdirr' is no system call that is known here"
}
