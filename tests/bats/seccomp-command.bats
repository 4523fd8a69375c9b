#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# policy TEXT: in ./policy.
policy() {
	printf '%s\n' "$1" > policy
}

# ends_with STATUS TEXT: the last line of the last `run`.
ends_with() {
	[ "$status $(tail -n 1 <<< "$output")" = "$1 $2" ] || { echo "$status: $output"; return 1; }
}

@test "compile writes the program that the kernel takes" {
	policy 'ERRNO(7) { getppid } DEFAULT ALLOW'
	jr seccomp compile ./policy > program
	[ $(($(stat -c %s program) % 8)) -eq 0 ]
	python3 - program <<-'PROGRAM'
		import ctypes, os, sys
		data = open(sys.argv[1], "rb").read()
		libc = ctypes.CDLL(None, use_errno=True)
		class Fprog(ctypes.Structure):
		    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
		fprog = Fprog(len(data) // 8, data)
		assert libc.prctl(38, 1, 0, 0, 0) == 0
		assert libc.prctl(22, 2, ctypes.byref(fprog), 0, 0) == 0
		assert libc.syscall(110) == -1 and ctypes.get_errno() == 7
	PROGRAM
}

@test "compile writes C that compiles, and text with labels" {
	policy 'ALLOW { read { fd == 0 } } DEFAULT KILL_PROCESS'
	jr seccomp compile --format c ./policy > program.c
	printf 'int main(void) { return program.len != %s || !program.filter; }\n' \
		"$(jr seccomp compile ./policy | wc -c | awk '{ print $1 / 8 }')" >> program.c
	gcc -Wall -Werror -o program program.c
	./program
	run jr seccomp compile --format asm ./policy
	says "ld [4] ; architecture"
	says "ret #0x7fff0000 ; ALLOW"
}

@test "compile turns kafel into OCI's JSON and back, and diff finds no difference" {
	policy 'ALLOW { read, openat { (flags & O_ACCMODE) == O_RDONLY } } ERRNO(EPERM) { openat } DEFAULT KILL'
	jr seccomp compile --format oci ./policy > policy.json
	[ "$(jq -r '.defaultAction' policy.json)" = SCMP_ACT_KILL ]
	jr seccomp compile --format kafel policy.json > back.policy
	run jr seccomp diff ./policy policy.json
	same "$status $output" "0 "
	run jr seccomp diff ./policy ./back.policy
	same "$status $output" "0 "
	run jr seccomp compile --strict --format kafel ./back.policy
	[ "$status" -eq 0 ]
	run jr seccomp compile --strict ./policy
	fails_with 2 "expected a number, found 'EPERM'"
	bundle
	config '.linux.seccomp = $s[0]' --slurpfile s policy.json
	run jr seccomp diff ./policy "$BUNDLE/config.json"
	same "$status $output" "0 "
}

@test "a policy comes from stdin, from a file or by the name of a profile" {
	run jr seccomp test - getpid <<< 'ALLOW { getpid }'
	same "$status $output" "0 getpid: ALLOW"
	run jr seccomp test minimal getpid
	same "$status $output" "0 getpid: ALLOW"
	policy 'DEFAULT ALLOW'
	run jr seccomp test policy ptrace
	same "$status $output" "0 ptrace: ALLOW"
	run jr seccomp test ./minimal getpid
	fails_with 2 "No such file"
	run jr seccomp test pyhton getpid
	fails_with 2 "did you mean 'python'?"
}

@test "test tells the verdict on a call with its arguments, and exits by it" {
	policy 'LOG { getpid } USER_NOTIF { mkdir } ERRNO(13) { open { (flags & O_ACCMODE) != O_RDONLY } }
		TRAP(1) { ptrace } KILL_PROCESS { bpf, clone { flags & CLONE_NEWUSER } }
		ERRNO(EPERM) { openat { dfd != AT_FDCWD } } DEFAULT ALLOW'
	run jr seccomp test ./policy getpid 'openat(AT_FDCWD, "a (b), \" c", O_RDONLY)'
	ends_with 0 'openat(AT_FDCWD, "a (b), \" c", O_RDONLY): ALLOW'
	run jr seccomp test ./policy mkdir getpid
	same "$status" 3
	run jr seccomp test ./policy 'open("x", O_RDWR|O_CREAT, 0644)' mkdir
	same "$status" 4
	[[ "$output" == 'open("x", O_RDWR|O_CREAT, 0644): ERRNO(13) EACCES'* ]]
	run jr seccomp test ./policy ptrace
	ends_with 5 'ptrace: TRAP(1)'
	run jr seccomp test ./policy 'clone(CLONE_NEWUSER|SIGCHLD)' 'bpf(0, ?, {1, {2}})'
	same "$status" 6
	run jr seccomp test ./policy 'clone(child_tidptr=&x)'
	ends_with 7 'clone(child_tidptr=&x): depends on the arguments: KILL_PROCESS as with clone(clone_flags=0x10000000); ALLOW as with clone(clone_flags=0)'
	run jr seccomp test ./policy 'openat(-100)' 'openat(0xffffffffffffff9c)'
	same "$status" 0
	run jr seccomp test ./policy 'openat(3)' 110 'SYSCALL(1)'
	fails_with 2 "no call 'SYSCALL'"
}

@test "what is no call is refused with its place" {
	policy 'DEFAULT ALLOW'
	local call
	while IFS='|' read -r call words; do
		run jr seccomp test ./policy "$call"
		fails_with 2 "$words"
	done <<-'CALLS'
		opena|did you mean 'open'?
		open(|a name or a number is due
		open("x|it has no end
		open("x", O_RDONL)|did you mean 'O_RDONLY'?
		open(1, 2, 3, 4)|no more arguments
		open(1) 2|the call has ended
		open(x=1)|no argument 'x'
		open(0x10000000000000000)|no number of 64 bits
		open(089)|no number of 64 bits
		99999999999|no number of a call
	CALLS
}

@test "explain shows what becomes of each call, without rules that are never reached" {
	policy 'ALLOW { read, write { fd == 1 || fd == 2 } } KILL { read } DEFAULT ERRNO(1)'
	run jr seccomp explain --arch x86_64 ./policy
	says "     0  read                    ALLOW"
	says "     1  write                   ALLOW if fd is 1 or fd is 2; else ERRNO(1) EPERM"
	says "all others              ERRNO(1) EPERM"
	says "calls of x32            KILL_THREAD"
	[ "$(grep -c KILL <<< "$output")" -eq 2 ]
}

@test "diff shows by example what one policy allows and the other does not" {
	printf 'ALLOW { read, socket { family == AF_UNIX } } DEFAULT ERRNO(1)\n' > a
	printf 'ALLOW { socket { family == AF_UNIX && type == SOCK_STREAM }, write } DEFAULT KILL\n' > b
	run jr seccomp diff --arch x86_64 ./a ./b
	same "$status" 1
	same "$output" "x86_64: only './a' allows:
  read: ALLOW, not KILL_THREAD
  socket(family=1, type=0) and the like: ALLOW, not KILL_THREAD
x86_64: only './b' allows:
  write: ALLOW, not ERRNO(1) EPERM"
	# Both stop it, if differently: that is no difference.
	printf 'ERRNO(3) { ptrace } DEFAULT KILL\n' > a
	printf 'DEFAULT ERRNO(5)\n' > b
	run jr seccomp diff ./a ./b
	same "$status $output" "0 "
	printf 'ALLOW { SYSCALL[500], SYSCALL[4294967295] } DEFAULT KILL\n' > a
	run jr seccomp diff --arch x86_64 ./a ./b
	same "$output" "x86_64: only './a' allows:
  500: ALLOW, not ERRNO(5) EIO
  4294967295: ALLOW, not ERRNO(5) EIO"
}

@test "profiles of engines are refused where they say more than OCI's, and bad ones with their place" {
	printf '{"defaultAction": "SCMP_ACT_ERRNO", "archMap": []}' > docker.json
	run jr seccomp explain docker.json
	fails_with 2 "docker.json:1:"
	fails_with 2 "archMap"
	policy $'ALLOW { read,\n raed }'
	run jr seccomp compile ./policy
	fails_with 2 "./policy:2:2: unknown system call"
	run jr seccomp compile --format elf ./policy
	fails_with 2 "bpf, c, asm, oci or kafel"
	run jr seccomp compile --arch vax ./policy
	fails_with 2 "'vax' is no architecture"
	run jr seccomp
	fails_with 2 "missing"
	run jr seccomp eat ./policy
	fails_with 2 "compile, explain, test, diff or list"
}

@test "the architecture and the dialect are those of the options" {
	printf 'ALLOW { SYSCALL[5] } DEFAULT KILL\n' > policy
	run jr seccomp test --arch i386 ./policy open
	same "$status $output" "0 open: ALLOW"
	run jr seccomp test --arch x86_64 ./policy fstat
	same "$status $output" "0 fstat: ALLOW"
	run jr seccomp test --arch x86_64 ./policy open
	[ "$status" -ne 0 ]
	jr seccomp compile --arch x86_64 --arch aarch64 --format asm ./policy > two
	jr seccomp compile --arch x86_64 --format asm ./policy > one
	[ "$(wc -l < two)" -gt "$(wc -l < one)" ]
	# A man page's name, which kafel to the letter does not know.
	policy 'ALLOW { fstat } DEFAULT KILL'
	run jr seccomp test ./policy fstat
	same "$status $output" "0 fstat: ALLOW"
	run jr seccomp compile --strict ./policy
	[ "$status" -ne 0 ]
	[[ "$output" == *fstat* ]]
}
