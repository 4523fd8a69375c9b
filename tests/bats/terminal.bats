#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# A bundle whose program has a terminal.
with_terminal() {
	bundle ".process.terminal = true | ${1:-.}"
}

# receiver STEPS...: at the socket $T/console, until the terminal is closed; then $T/said is there.
receiver() {
	python3 "$BATS_TEST_DIRNAME/terminal.py" receive "$T/console" "$T/said" "$@" 2> "$T/receiver" 3>&- &
	RECEIVER=$!
	later end_receiver
	wait_for 20 test -S "$T/console"
}

end_receiver() {
	kill "$RECEIVER" 2> /dev/null || true
}

# received: waits for the receiver's end. A newline stays one: the terminal does not add a return.
received() {
	wait "$RECEIVER" || { cat "$T/receiver"; return 1; }
	output=$(cat "$T/said")
}

# on_terminal STEPS... -- COMMAND...
on_terminal() {
	run python3 "$BATS_TEST_DIRNAME/terminal.py" play "$@"
}

run_on_terminal() {
	on_terminal "$@" -- "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
}

@test "create sends the terminal's master to the console socket, and is the program's input and output" {
	with_terminal
	receiver expect:ready send:'hello\n' expect:'got hello'
	script 'tty; echo ready; read word; echo "got $word"; echo error >&2; for fd in 0 1 2; do [ -t $fd ] && echo "$fd is one"; done'
	jr create --console-socket "$T/console" -b "$BUNDLE" "$ID"
	same "$(cat "$T/said.name")" /dev/ptmx
	jr start "$ID"
	received
	same "$output" "$(printf '/dev/pts/0\nready\nhello\ngot hello\nerror\n0 is one\n1 is one\n2 is one')"
}

@test "the terminal is the controlling one of the program's session" {
	with_terminal
	receiver expect:waits send:'\x03' expect:'caught it'
	script 'trap "echo caught it; exit 5" INT; cut -d" " -f1,5,6,8 /proc/1/stat; echo tty > /dev/tty; echo waits
		while :; do sleep 0.05; done'
	jr create --console-socket "$T/console" -b "$BUNDLE" "$ID"
	jr start "$ID"
	received
	[[ "${output//$'\n'/ }" == "1 1 1 1 tty waits ^Ccaught it"* ]]
}

@test "/dev/console is the terminal, and belongs to the program's user as the terminal does" {
	with_terminal '.process.user = {uid: 1000, gid: 1000}'
	receiver
	script 'stat -c %t:%T:%u /dev/pts/0 /dev/console; echo words > /dev/console; ls -l /dev/console | cut -c1'
	jr run -d --console-socket "$T/console" -b "$BUNDLE" "$ID"
	received
	same "$output" "$(printf '88:0:1000\n88:0:1000\nwords\nc')"
}

@test "the size is that of the config" {
	with_terminal '.process.consoleSize = {height: 33, width: 99}'
	receiver
	command_is stty size
	jr run -d --console-socket "$T/console" -b "$BUNDLE" "$ID"
	received
	same "$output" "33 99"
}

@test "the terminal works in a user namespace, whose root it belongs to" {
	with_terminal '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	receiver
	script 'tty; stat -c %u /dev/pts/0; echo console > /dev/console'
	jr run -d --console-socket "$T/console" -b "$BUNDLE" "$ID"
	received
	same "$output" "$(printf '/dev/pts/0\n0\nconsole')"
}

@test "exec gives its program a terminal of its own, by socket and from one's own" {
	bundle
	command_is sleep 1000
	started "$ID"
	receiver expect:ready send:'typed\n' expect:'read typed'
	jr exec -d -t --console-socket "$T/console" "$ID" sh -c 'tty; echo ready; read x; echo "read $x"'
	received
	same "$output" "$(printf '/dev/pts/0\nready\ntyped\nread typed')"
	on_terminal size:20x70 expect:20\ 70 size:21x71 expect:changed expect:21\ 71 send:'\x03' expect:caught -- \
		"$JAILRT" --root "$STATES" exec -t "$ID" \
		sh -c 'trap "echo changed; stty size" WINCH; trap "echo caught; exit 6" INT; stty size
			while :; do sleep 0.05; done'
	same "$status" 6
}

@test "on a real terminal the program has its size, and learns when it changes" {
	with_terminal
	script 'trap "echo changed; stty size" WINCH; trap "exit 7" INT; stty size
		while :; do sleep 0.05; done'
	run_on_terminal size:30x90 expect:'30 90' size:31x91 expect:changed expect:'31 91' \
		size:50x20 expect:changed expect:'50 20' send:'\x03'
	same "$status" 7
}

@test "the caller's terminal decides the size, the config's is for where there is none" {
	with_terminal '.process.consoleSize = {height: 33, width: 99}'
	command_is sh -c 'read x; stty size'
	run_on_terminal size:30x90 send:'\n' expect:'30 90'
	same "$status" 0
	same "$(setsid --wait "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" <<< "" | tail -n 1)" "33 99"
}

@test "keys go to the program: Ctrl-C, Ctrl-backslash and Ctrl-Z are its own" {
	with_terminal
	script 'trap "echo int" INT; trap "echo quit" QUIT; trap "echo stop" TSTP
		echo ready; while :; do sleep 0.05; done'
	run_on_terminal expect:ready send:'\x03' expect:int send:'\x1c' expect:quit send:'\x1a' expect:stop \
		touch:"$T/done" &
	local player=$!
	wait_for 40 test -e "$T/done"
	jr kill "$ID" KILL
	wait $player
	# Without a handler the first process of a pid namespace is not hit by its terminal; its child is.
	script 'trap : INT; echo ready; cat; echo "cat ended with $?"'
	run_on_terminal expect:ready send:'typed\n' expect:typed expect:typed send:'\x03' expect:'cat ended with 130'
	same "$status" 0
}

@test "what is typed is shown once, and each line begins at the left" {
	with_terminal
	script 'echo ready; read x; echo "read $x"; echo end'
	run_on_terminal expect:ready send:'some words\n'
	same "$status" 0
	same "$output" "$(printf 'ready\r\nsome words\r\nread some words\r\nend\r')"
}

@test "the terminal's modes are those from before when the program has ended, however it ended" {
	local how
	with_terminal
	for how in 'exit 3' 'stty raw -echo; exit 5'; do
		script "echo begun; read x; $how"
		MODES_AFTER=$T/after run_on_terminal modes:"$T/before" expect:begun modes:"$T/while" send:'\n'
		[ "$status" -ge 3 ]
		cmp "$T/before" "$T/after"
		run cmp "$T/before" "$T/while"
		same "$status" 1
	done
	script 'echo begun; sleep 1000'
	MODES_AFTER=$T/after run_on_terminal modes:"$T/before" expect:begun touch:"$T/begun" &
	local player=$!
	wait_for 40 test -e "$T/begun"
	jr kill "$ID" KILL
	wait $player
	cmp "$T/before" "$T/after"
	command_is /no/such/program
	MODES_AFTER=$T/after run_on_terminal modes:"$T/before"
	fails_with 1 "no such file or directory"
	cmp "$T/before" "$T/after"
}

@test "all that is said comes out, the last words too" {
	with_terminal
	script 'seq 1 50000; echo; printf "the end"'
	run_on_terminal
	same "$status" 0
	same "${lines[0]}" $'1\r'
	same "${lines[49999]}" $'50000\r'
	same "${lines[-1]}" "the end"
	same "$(tr -d '\r' <<< "$output" | grep -c '^[0-9]')" 50000
}

@test "without any terminal of the caller's it still has one, and its input ends where the caller's does" {
	with_terminal
	script 'tty; cat'
	same "$(printf 'words\n\004' | setsid --wait "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" | sort -u)" \
		"$(printf '/dev/pts/0\nwords' | sort)"
	command_is echo fine
	same "$(setsid --wait "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" < /dev/null)" fine
}

@test "a terminal that nobody would hold, and a socket for none, are refused" {
	with_terminal
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "a terminal is wanted, and nobody would hold it. Fix: give --console-socket"
	run jr run -d -b "$BUNDLE" "$ID"
	fails_with 1 "a terminal is wanted, and nobody would hold it"
	run jr create --console-socket "$T/none" -b "$BUNDLE" "$ID"
	fails_with 1 "console socket '$T/none': connect: No such file or directory"
	run jr state "$ID"
	fails_with 1 "container does not exist"
	same "$(cgroups_of "$ID")" ""
	config '.process.terminal = false'
	run jr create --console-socket "$T/none" -b "$BUNDLE" "$ID"
	fails_with 1 "--console-socket is given, and no terminal is wanted"
	config '.process.terminal = true | del(.mounts[] | select(.destination == "/dev/pts"))'
	run_on_terminal
	fails_with 1 "mount devpts on /dev/pts"
}

@test "the path of the console socket may be longer than the kernel's 108 characters" {
	local long
	with_terminal
	long=$T/$(printf 'x%.0s' {1..120})
	mkdir "$long"
	receiver
	mv "$T/console" "$long/console"
	command_is echo fine
	jr run -d --console-socket "$long/console" -b "$BUNDLE" "$ID"
	received
	same "$output" fine
}

@test "without a terminal the program has none, even where its caller has" {
	bundle
	script '[ -e /dev/console ] || echo no console; echo x 2>/dev/null > /dev/tty || echo no tty'
	on_terminal -- "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	same "$status" 0
	same "$output" "$(printf 'no console\r\nno tty\r')"
}
