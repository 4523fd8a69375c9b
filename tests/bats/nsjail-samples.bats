#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Configs that come with nsjail or are copied by many, by both doors, as far as they can run here.
load helpers
load life
load nsjail

SAMPLES=$BATS_TEST_DIRNAME/../data/nsjail

@test "the kitchen sink, in both formats: a bash that ends with its input" {
	local f
	for f in bash-with-fake-geteuid.cfg bash-with-fake-geteuid.json; do
		# To a pipe: it may write no files (rlimit_fsize is 0).
		jr nsjail -Q --config "$SAMPLES/configs/$f" -t 5 < /dev/null 2>&1 | cat > said
		same "${PIPESTATUS[0]}" 0
		grep -q JAILED-BASH said
		nj --config "$SAMPLES/configs/$f" -Q -- /bin/bash -c 'echo in $PWD; exit 5' < /dev/null
		ends 5
		[[ "$output" == *"in /"* ]]
	done
}

@test "strace works where nothing forbids it, and fails by the policy" {
	for f in test-basic test-seccomp; do
		nj -q --config "$SAMPLES/configs/$f.cfg" -t 20 -- /usr/bin/strace -o /dev/null /bin/true
		echo "$f $status" >> seen
	done
	same "$(tr '\n' ' ' < seen)" "test-basic 0 test-seccomp 1 "
}

@test "a static busybox by execveat, in an empty root" {
	nj -q --config "$SAMPLES/configs/static-busybox-with-execveat.cfg" -t 1 -- /bin/busybox sh -c 'sleep 9'
	ends 137
	nj -q --config "$SAMPLES/configs/static-busybox-with-execveat.cfg" -- /bin/busybox sh -c 'echo "$(busybox id -u)"'
	ends 0
}

@test "documents without a network: the command comes from the command line" {
	mkdir -p home/Documents home/bin
	echo letter > home/Documents/f
	# Its X server's folder, where there is none.
	[ -e /tmp/.X11-unix ] || { mkdir /tmp/.X11-unix && later rmdir /tmp/.X11-unix; }
	HOME=$T/home nj -q --config "$SAMPLES/configs/home-documents-with-xorg-no-net.cfg" -- /bin/true
	ends 0
	HOME=$T/home nj -q --config "$SAMPLES/configs/home-documents-with-xorg-no-net.cfg" -- /bin/false
	ends 1
	HOME=$T/home nj -q --config "$SAMPLES/configs/home-documents-with-xorg-no-net.cfg" -- /bin/cat /user/Documents/f
	ends 0 letter
}

@test "the blog's python sandbox prints" {
	nj -Q --config "$SAMPLES/blog-python-sandbox.cfg" -- /usr/bin/python3 -c "print('hello from sandbox')"
	ends 0 "hello from sandbox"
}

@test "ToolJet's full config: nsjail's verdict behind its door, with the reason; mended it prints" {
	nj --config "$SAMPLES/tooljet-full.cfg" -- /usr/bin/python3 -c 'print(1)'
	ends 255 ""
	logged "log_fd -1 is not open; messages go to stderr"
	logged "umount2"
	logged "rlimit_as: 536870912 MiB is no limit"
	# By our own door it runs, and its mistakes are told.
	run jr run --config "$SAMPLES/tooljet-full.cfg" -- /usr/bin/python3 -c 'print("inside")'
	says inside
	says "fd -1 is not open; messages go to stderr alone"
	says "warning: rlimit_nproc: has no effect without rlimit_nproc_type: VALUE"
	says "warning: rlimit_as: 536870912 MiB is no limit; was it meant in bytes?"
	says "warning: rlimit_fsize: 1048576 MiB is no limit; was it meant in bytes?"
	same "$(grep -c warning <<< "$output")" 4
	sed 's/umount2, *//; /umount2/d; s/536870912/512/; s/1048576$/1/; /^rlimit_nproc/d; /^log_fd/d' "$SAMPLES/tooljet-full.cfg" > mended.cfg
	run jr run --config mended.cfg -- /usr/bin/python3 -c 'print("inside")'
	same "$status $output" "0 inside"
	nj --config mended.cfg -- /usr/bin/python3 -c 'print("inside")'
	ends 0 inside
	same "$log" ""
}

@test "nsjail's own list of what has to work" {
	nj -q -Mo --chroot / --user 99999 --group 99999 -- /bin/true
	ends 0
	nj -q -Mo --chroot / --user 99999 --group 99999 -- /bin/false
	ends 1
	mkdir home
	nj -q --rw --chroot / -B "$T" -- /bin/sh -c "touch $T/home/a"
	ends 0
	nj -q --chroot / -- /bin/sh -c "touch $T/home/b"
	ends 1
	nj -q --chroot / -m none:/tmp:tmpfs:rw -- /bin/touch /tmp/a
	ends 0
	nj -q --chroot / -R /tmp -- /bin/touch "$T/c"
	ends 1
	nj -q --chroot / -B /tmp -- /bin/touch "$T/d"
	ends 0
	# Its README's one-liners.
	nj -q -Mo --user 0 --group 99999 -R /bin/ -R /lib -R /lib64/ -R /usr/ -R /sbin/ -T /dev -R /dev/urandom --keep_caps -- /bin/sh -c 'id -u; ls /dev'
	ends 0 "$(printf '0\nurandom')"
	nj -q -Mo --chroot / --seccomp_string 'POLICY a { ALLOW { write, execve, brk, access, mmap, open, openat, newfstat, close, read, mprotect, arch_prctl, munmap, getuid, getgid, getpid, rt_sigaction, geteuid, getppid, getcwd, getegid, ioctl, fcntl, newstat, clone, wait4, rt_sigreturn, exit_group } } USE a DEFAULT KILL' -- /bin/sh -c true
	ends 159
}
