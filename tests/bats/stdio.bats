#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# in_container COMMAND...: runs it in the foreground.
in_container() {
	command_is "$@"
	jr run -b "$BUNDLE" "$ID"
}

@test "pipes: what goes in comes out, output and errors apart" {
	bundle
	script 'cat; echo "to stderr" >&2'
	printf 'one\ntwo' | jr run -b "$BUNDLE" "$ID" 2> err | cat > out
	same "$(cat out)" "$(printf 'one\ntwo')"
	same "$(cat err)" "to stderr"
}

@test "files: reading goes on where the caller was, writing appends or begins as the caller opened it" {
	bundle
	printf 'first\nsecond\nthird\n' > in
	echo before > out
	{
		read -r _
		in_container dd bs=7 count=1 2> /dev/null
		# The container has moved the place in the file that they share.
		cat
	} < in >> out
	same "$(cat out)" "$(printf 'before\nsecond\nthird')"
	in_container wc -c < in > out
	same "$(cat out)" 19
}

@test "large data passes both ways unchanged, through pipes and files" {
	bundle
	head -c 30000000 /dev/urandom > in
	in_container cat < in > out
	cmp in out
	cat in | in_container cat | cmp in -
	in_container sh -c 'cat > /dev/null; head -c 30000000 /dev/zero | tr "\0" x' < in | tr -d x | cmp /dev/null -
}

@test "the end of the input is seen inside, and the end of the output outside, while the program goes on" {
	bundle '.root.readonly = false'
	script 'cat > /dev/null; echo seen > /tmp/seen; exec > /dev/null 2>&1; sleep 1000'
	mkfifo in out
	jr create -b "$BUNDLE" "$ID" < in > out 2>&1 3>&- &
	exec 8> in 9< out
	wait $!
	jr start "$ID"
	[ ! -e "$BUNDLE/rootfs/tmp/seen" ]
	exec 8>&-
	wait_for 20 there "$BUNDLE/rootfs/tmp/seen"
	# Ends only when nobody can write any more.
	same "$(cat <&9)" ""
	exec 9<&-
	is_status "$ID" running
}

@test "a program that writes to nobody ends by SIGPIPE" {
	bundle
	command_is yes
	{
		jr run -b "$BUNDLE" "$ID" && echo 0 > status || echo $? > status
	} | head -n 1 > out
	same "$(cat out)" y
	# The shell of a container's first process has a number for it, or ignores it and is told EPIPE.
	[ "$(cat status)" -ne 0 ]
	run jr state "$ID"
	fails_with 1 "container does not exist"
}

@test "a detached program keeps writing where create's caller had it" {
	bundle
	script 'read x; echo "got $x"; echo late >&2; exec sleep 1000'
	mkfifo in
	jr run -d -b "$BUNDLE" "$ID" < in > out 2> err 3>&- &
	echo words > in
	wait $!
	wait_for 20 grep -q late err
	same "$(cat out)" "got words"
	is_status "$ID" running
}

@test "/dev/stdin, stdout and stderr are the program's, also for another user than root" {
	bundle '.process.user = {uid: 1000, gid: 1000}'
	script 'cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr; echo fd > /dev/fd/1'
	printf 'in\n' | { jr run -b "$BUNDLE" "$ID" 2>&1 >&8 | cat > err; } 8>&1 | cat > out
	same "$(cat out)" "$(printf 'in\nout\nfd')"
	same "$(cat err)" err
}

@test "a file on standard output keeps its owner, whoever writes to it" {
	bundle '.process.user = {uid: 1000, gid: 1000}'
	command_is echo written
	jr run -b "$BUNDLE" "$ID" > out < /dev/null
	same "$(stat -c %u:%g out) $(cat out)" "$(id -u):$(id -g) written"
	same "$(stat -c %u /dev/null)" 0
}

@test "without input, output and errors the program runs, and has none" {
	bundle '.root.readonly = false'
	script 'cat; echo "cat $?" >> /tmp/said; echo x; echo "echo $?" >> /tmp/said; ls /proc/self/fd | tr "\n" " " >> /tmp/said'
	jr run -b "$BUNDLE" "$ID" <&- >&- 2>&-
	grep -q '^cat [01]$' "$BUNDLE/rootfs/tmp/said"
	grep -q '^echo [01]$' "$BUNDLE/rootfs/tmp/said"
	command_is true
	jr run -b "$BUNDLE" "$ID" < /dev/null > /dev/null 2>&1
	# A failure with nowhere to say it is still a failure.
	command_is false
	run jr run -b "$BUNDLE" "$ID" <&-
	same "$status" 1
}

@test "a socket on standard input and output works as for any program" {
	bundle
	script 'read x; echo "got $x"; readlink /proc/self/fd/0 | cut -c1-7'
	python3 - "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" > out <<-'EOF'
		import socket, subprocess, sys
		ours, theirs = socket.socketpair()
		p = subprocess.Popen(sys.argv[1:], stdin=theirs, stdout=theirs)
		theirs.close()
		ours.sendall(b"words\n")
		said = b""
		while data := ours.recv(4096):
		    said += data
		print(said.decode(), end="")
		sys.exit(p.wait())
	EOF
	same "$(cat out)" "$(printf 'got words\nsocket:')"
}

@test "what jailrt itself has to say goes to its standard error, not among the program's output" {
	bundle
	command_is /no/such/program
	! jr run -b "$BUNDLE" "$ID" > out 2> err || false
	[ ! -s out ]
	grep -q "no such file or directory" err
}

@test "the null device of the caller becomes the container's own, which can be read and written" {
	bundle
	script 'echo unheard && echo unheard >&2 || exit 1
		for n in null fd/0 fd/2; do stat -Lc %d:%i /dev/$n >&3; done; stat -Lc %d:%i /dev/fd/4 4>&1 >&3
		chmod 600 /proc/self/fd/0'
	# As containerd's shim opens it where no output is wanted: for reading alone.
	jr run --preserve-fds 1 -b "$BUNDLE" "$ID" 3> seen 9< /dev/null <&9 >&9 2>&9
	same "$(wc -l < seen)" 4
	same "$(sort -u seen | wc -l)" 1
	same "$(stat -c %a /dev/null)" 666
}
