#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# process.consoleSize: the size of the terminal that the program is given.
load helpers
load life

# holder: takes the terminal that is sent to $T/console, writes its size to $T/size, and holds it.
holder() {
	rm -f console listening size
	cat > holder.py <<-'EOF'
		import fcntl, os, socket, struct, termios, time
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind("console")
		s.listen()
		open("listening", "w").close()
		c, _ = s.accept()
		_, fds, _, _ = socket.recv_fds(c, 4096, 4)
		rows, columns = struct.unpack("hhhh", fcntl.ioctl(fds[0], termios.TIOCGWINSZ, b"\0" * 8))[:2]
		open("size.new", "w").write(f"{rows} {columns}\n")
		os.rename("size.new", "size")
		while os.path.exists("size"):
		    time.sleep(0.05)
	EOF
	python3 holder.py 3>&- 2> holder.err &
	later kill $!
	wait_for 10 test -e listening
}

@test "the terminal has the size of the config before the program runs" {
	bundle '.process.terminal = true | .process.consoleSize = {height: 7, width: 1234} | .root.readonly = false'
	script 'stty size > /tmp/seen; sleep 1000'
	holder
	jr create --console-socket "$T/console" -b "$BUNDLE" "$ID"
	wait_for 10 test -e size
	same "$(cat size)" "7 1234"
	jr start "$ID"
	wait_for 10 test -s "$BUNDLE/rootfs/tmp/seen"
	same "$(cat "$BUNDLE/rootfs/tmp/seen")" "7 1234"
}

@test "in the foreground a terminal without a size leaves the config's" {
	bundle '.process.terminal = true | .process.consoleSize = {height: 7, width: 123}'
	script "sleep 0.5; stty size"
	sized() { command script -qec "stty rows $1 cols $2; '$JAILRT' --root '$STATES' run -b '$BUNDLE' $ID" /dev/null 3>&- < <(sleep 5 3>&-) | tr -d '\r'; }
	same "$(sized 0 0)" "7 123"
	same "$(sized 24 80)" "24 80"
}

@test "exec has the size of its process file, and none of the config" {
	bundle '.process.consoleSize = {height: 7, width: 1234} | .root.readonly = false'
	command_is sleep 1000
	started "$ID"
	jq '.process | .terminal = true | .consoleSize = {height: 3, width: 29999} | .args = ["sh", "-c", "stty size > /tmp/seen"]' \
		"$BUNDLE/config.json" > process.json
	holder
	jr exec --detach --console-socket "$T/console" --process process.json "$ID"
	wait_for 10 test -s "$BUNDLE/rootfs/tmp/seen"
	same "$(cat "$BUNDLE/rootfs/tmp/seen")" "3 29999"
}

@test "without a terminal the size has no meaning, and a size that is none is refused" {
	bundle '.process.consoleSize = {height: 7, width: 12}'
	script 'stty size 2>&1; true'
	run jr run -b "$BUNDLE" "$ID" < /dev/null
	[[ "$output" != *"7 12"* ]]
	[ "$status" -eq 0 ]
	local bad
	for bad in '{height: 65536, width: 1}' '{height: -1, width: 1}' '{height: 1}' '{width: 1}' '[1, 2]'; do
		config ".process.consoleSize = $bad"
		run jr run -b "$BUNDLE" "$ID"
		fails_with 1 "process.consoleSize"
	done
}
