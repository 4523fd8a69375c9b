#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The pidfd that engines are handed: --pidfd-socket, run.oci.pidfd_receiver.
load helpers
load life

# receiver NAME: listens on $T/NAME; what came is in $T/NAME.told: the text, and the pid behind the pidfd.
# With $T/NAME.kill the process is ended by it, and the pidfd tells of the end.
receiver() {
	rm -f "$1" "$1.listening" "$1.told"
	cat > receiver.py <<-'EOF'
		import os, re, select, signal, socket, sys, time
		name = sys.argv[1]
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind(name)
		s.listen()
		open(name + ".listening", "w").close()
		c, _ = s.accept()
		text, fds, _, _ = socket.recv_fds(c, 4096, 4)
		info = open(f"/proc/self/fdinfo/{fds[0]}").read()
		pid = re.search(r"^Pid:\t(-?\d+)$", info, re.M).group(1)
		open(name + ".new", "w").write(f"{len(fds)} {text.decode()} {pid}\n")
		os.rename(name + ".new", name + ".told")
		while not os.path.exists(name + ".kill"):
		    time.sleep(0.05)
		signal.pidfd_send_signal(fds[0], signal.SIGKILL)
		select.select([fds[0]], [], [])
		open(name + ".ended", "w").close()
	EOF
	python3 receiver.py "$1" 3>&- 2> receiver.err &
	later kill $!
	wait_for 10 test -e "$1.listening"
}

@test "create hands over a pidfd of the container's process, which can be ended by it" {
	bundle
	command_is sleep 1000
	receiver sock
	jr create --pidfd-socket "$T/sock" -b "$BUNDLE" "$ID"
	wait_for 10 test -e sock.told
	same "$(cat sock.told)" "1 standard $(pid_of "$ID")"
	jr start "$ID"
	touch sock.kill
	wait_for 10 test -e sock.ended
	wait_for 10 is_status "$ID" stopped
}

@test "run hands it over too, in the foreground and detached" {
	bundle
	command_is sleep 1000
	receiver sock
	jr run --detach --pidfd-socket sock -b "$BUNDLE" "$ID"
	wait_for 10 test -e sock.told
	same "$(cat sock.told)" "1 standard $(pid_of "$ID")"
	jr delete --force "$ID"
	receiver other
	jr run --pidfd-socket other -b "$BUNDLE" "$ID-2" 3>&- > out 2>&1 &
	local runner=$!
	wait_for 10 test -e other.told
	same "$(cut -d' ' -f1,2 other.told)" "1 standard"
	touch other.kill
	local status=0
	wait "$runner" || status=$?
	same "$status" 137
}

@test "exec hands over a pidfd of its own process" {
	bundle
	command_is sleep 1000
	started "$ID"
	receiver sock
	jr exec --detach --pid-file pid --pidfd-socket "$T/sock" "$ID" sleep 2000
	wait_for 10 test -e sock.told
	same "$(cat sock.told)" "1 setns $(cat pid)"
	[ "$(cat pid)" != "$(pid_of "$ID")" ]
	touch sock.kill
	wait_for 10 test -e sock.ended
	is_status "$ID" running
}

@test "the annotation does it, too, for the first process alone" {
	bundle '.annotations["run.oci.pidfd_receiver"] = $s' --arg s "$T/sock"
	command_is sleep 1000
	receiver sock
	receiver other
	started "$ID"
	wait_for 10 test -e sock.told
	same "$(cat sock.told)" "1 standard $(pid_of "$ID")"
	jr exec "$ID" true
	jr delete --force "$ID"
	# Both at once.
	rm -f sock sock.told
	receiver sock
	jr create --pidfd-socket other -b "$BUNDLE" "$ID"
	wait_for 10 test -e sock.told -a -e other.told
	same "$(cat sock.told)" "$(cat other.told)"
}

@test "where nobody listens the start fails, and nothing is left" {
	bundle
	run jr create --pidfd-socket "$T/none" -b "$BUNDLE" "$ID"
	fails_with 1 "pidfd socket '$T/none': connect: No such file or directory"
	[ ! -e "$STATES/$ID" ]
	config '.annotations["run.oci.pidfd_receiver"] = "/no/such/socket"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "pidfd socket '/no/such/socket'"
	config 'del(.annotations)'
	command_is sleep 1000
	started "$ID"
	run jr exec --pidfd-socket "$T/none" "$ID" true
	fails_with 255 "pidfd socket '$T/none'"
}
