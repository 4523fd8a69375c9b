#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each action, operator, flag and architecture of linux.seccomp, as the kernel then acts. The calls are made by
# number, for x86_64. What the filter as a whole does: seccomp.bats; against libseccomp: tests/unit/test_profile.c.
load helpers
load life

setup_suite_file() {
	[ "$(uname -m)" = x86_64 ] || skip "the numbers are for x86_64"
}

profile() {
	config ".linux.seccomp = $1"
}

# python TEXT: a bundle that runs it with the host's Python. call(N, …) makes a system call, and says its
# errno, or 0.
python() {
	bundle '.mounts += ["/usr", "/lib", "/lib64"] | .mounts |= map(if type == "string" then
		{destination: ., source: ., type: "bind", options: ["rbind", "ro"]} else . end)'
	cat > "$BUNDLE/rootfs/try.py" <<-'EOF'
		import ctypes, errno, mmap, os, signal, sys
		libc = ctypes.CDLL(None, use_errno=True)
		def call(number, *args):
		    return ctypes.get_errno() if libc.syscall(number, *map(ctypes.c_ulong, args)) == -1 else 0
		def call32(number, arg):
		    # push rbx; mov eax, number; mov ebx, arg; int 0x80; pop rbx; ret
		    code = b"\x53\xb8" + number.to_bytes(4, "little") + b"\xbb" + arg.to_bytes(4, "little") + b"\xcd\x80\x5b\xc3"
		    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
		    page.write(code)
		    at = ctypes.addressof(ctypes.c_char.from_buffer(page))
		    return ctypes.CFUNCTYPE(ctypes.c_int)(at)()
		# in_child(fn): its signal or status
		def in_child(fn):
		    pid = os.fork()
		    if pid == 0:
		        fn()
		        os._exit(0)
		    status = os.waitpid(pid, 0)[1]
		    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
	EOF
	printf '%s\n' "$1" >> "$BUNDLE/rootfs/try.py"
	command_is /usr/bin/python3 /try.py
}

# said WORDS: what the program printed.
said() {
	run jr run -b "$BUNDLE" "$ID"
	says ""
	same "$(paste -sd' ' <<< "$output")" "$1"
}

# 135 is personality(2), of which 0xffffffff asks only. rule ACTION [MORE]: for that call.
rule() {
	profile "{defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"personality\"], action: \"$1\"${2-}}]}"
}

@test "each action does what it is called" {
	python 'def child():
    signal.signal(signal.SIGSYS, signal.SIG_DFL)
    call(135, 0xffffffff)
print(in_child(child))'
	local action
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_THREAD SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP; do
		rule $action
		said -31
	done
	for action in SCMP_ACT_ALLOW SCMP_ACT_LOG; do
		rule $action
		said 0
	done
	python 'signal.signal(signal.SIGSYS, lambda *a: print("trapped"))
call(135, 0xffffffff)
print("on")'
	rule SCMP_ACT_TRAP
	said "trapped on"
	python 'print(call(135, 0xffffffff))'
	rule SCMP_ACT_ERRNO ", errnoRet: 77"
	said 77
	rule SCMP_ACT_ERRNO
	said 1
	# Nobody traces it.
	rule SCMP_ACT_TRACE
	said 38
}

@test "a thread that is killed leaves the others, a process that is killed does not" {
	python 'import threading
signal.signal(signal.SIGSYS, signal.SIG_DFL)
os.write(1, b"begun\n")
threading.Thread(target=lambda: call(135, 0xffffffff), daemon=True).start()
import time
time.sleep(1)
os.write(1, b"on\n")
os._exit(0)'
	rule SCMP_ACT_KILL_THREAD
	said "begun on"
	rule SCMP_ACT_KILL
	said "begun on"
	rule SCMP_ACT_KILL_PROCESS
	run jr run -b "$BUNDLE" "$ID"
	same "$status $output" "159 begun"
}

@test "a tracer is told, with the message of the config" {
	python 'print(call(135, 0xffffffff))'
	rule SCMP_ACT_TRACE ", errnoRet: 1234"
	traced
	# strace(1) in the container, which sees the call and lets it pass.
	command_is /usr/bin/strace -o /tmp/trace -e trace=personality /usr/bin/python3 /try.py
	config '.root.readonly = false'
	said 38
	grep -q '^personality(' "$BUNDLE/rootfs/tmp/trace"
}

@test "each operator compares as it is called, on 64 bits" {
	local row
	python 'print(*(call(135, v) == 99 for v in (0x7ffffffff, 0x800000000, 0x800000001, 0x800000002, 0x900000001)))'
	while read -r row; do
		rule SCMP_ACT_ERRNO ", errnoRet: 99, args: [{index: 0, value: 34359738369, op: \"${row%% *}\"}]"
		said "${row#* }"
	done <<-'EOF'
		SCMP_CMP_NE True True False True True
		SCMP_CMP_LT True True False False False
		SCMP_CMP_LE True True True False False
		SCMP_CMP_EQ False False True False False
		SCMP_CMP_GE False False True True True
		SCMP_CMP_GT False False False True True
	EOF
	# value is the mask, valueTwo what must be left.
	rule SCMP_ACT_ERRNO ', errnoRet: 99, args: [{index: 0, value: 4294967297, valueTwo: 1, op: "SCMP_CMP_MASKED_EQ"}]'
	said "False False True False False"
	rule SCMP_ACT_ERRNO ', errnoRet: 99, args: [{index: 0, value: 4294967297, valueTwo: 4294967297, op: "SCMP_CMP_MASKED_EQ"}]'
	said "True False False False True"
}

@test "the index is the argument, all conditions of a rule must hold, and one of several rules" {
	# 157 is prctl(2), of which 7777 is nothing.
	python 'print(*(call(157, 7777, a, b) for a, b in ((1, 2), (1, 3), (2, 2), (5, 5))))'
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["prctl"], action: "SCMP_ACT_ERRNO", errnoRet: 99,
		args: [{index: 1, value: 1, op: "SCMP_CMP_EQ"}, {index: 2, value: 2, op: "SCMP_CMP_EQ"}]}]}'
	said "99 22 22 22"
	config '.linux.seccomp.syscalls += [.linux.seccomp.syscalls[0] | .args = [{index: 2, value: 5, op: "SCMP_CMP_EQ"}]]'
	said "99 22 22 99"
}

@test "the default action and its errno are for what no rule names" {
	python 'print(call(135, 0xffffffff), call(157, 7777))'
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 55, syscalls: [{names:
		($p[0].linux.seccomp.syscalls[0].names + ["arch_prctl", "clone", "clone3"] - ["personality", "prctl"]), action: "SCMP_ACT_ALLOW"}]}' \
		--slurpfile p "$BATS_TEST_DIRNAME/../data/engine-configs/docker-run.config.json"
	said "55 55"
	config 'del(.linux.seccomp.defaultErrnoRet)'
	said "1 1"
}

@test "an architecture that is listed has the rules, another one nothing at all" {
	# 136 is personality(2) of 32-bit programs. Not in the list: killed, as libseccomp has it.
	python 'print(in_child(lambda: print(call32(136, 0xffffffff), flush=True)))'
	rule SCMP_ACT_ERRNO ", errnoRet: 77"
	said -31
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]'
	said "-77 0"
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86"]'
	said "-77 0"
	rule SCMP_ACT_ALLOW ', args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}]'
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86"]'
	said "0 0"
	config '.linux.seccomp.architectures = ["SCMP_ARCH_Z80"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.seccomp.architectures[0]"
	fails_with 1 "'SCMP_ARCH_Z80' is no architecture"
}

@test "all architectures of the spec are taken beside each other" {
	python 'print(call(135, 0xffffffff))'
	rule SCMP_ACT_ERRNO ", errnoRet: 77"
	config '.linux.seccomp.architectures = $f.linux.seccomp.archs' --argjson f "$("$JAILRT" features)"
	same "$(jq '.linux.seccomp.architectures | length' "$BUNDLE/config.json")" 23
	said 77
}

@test "a flag for the listener alone is taken with one, and told to be wrong without" {
	bundle
	command_is true
	profile '{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "set the system call filter: Invalid argument"
	cat > agent.py <<-'EOF'
		import socket
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind("agent")
		s.listen()
		open("listening", "w").close()
		c, _ = s.accept()
		print(len(socket.recv_fds(c, 65536, 4)[1]))
	EOF
	python3 agent.py 3>&- > told 2>&1 &
	later kill $!
	wait_for 10 test -e listening
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_NOTIFY" | .linux.seccomp.listenerPath = $p' --arg p "$T/agent"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	same "$(cat told)" 1
}
