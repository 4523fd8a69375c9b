#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The jail object of a bundle's config.json: what only nsjail can say, held for containers too.
load helpers
load life
load nsjail

@test "the jail object: a policy of system calls, and its file, hold also for exec" {
	bundle '.jail.seccomp_string = ["POLICY p { ERRNO(7) { mkdir, mkdirat } }", "USE p DEFAULT ALLOW"]'
	script 'mkdir /tmp/a 2>&1'
	run jr run -b "$BUNDLE" $ID
	fails_with 1 "Argument list too long"
	echo 'ERRNO(7) { mkdir, mkdirat } DEFAULT ALLOW' > policy
	config 'del(.jail.seccomp_string) | .jail.seccomp_policy_file = $p' --arg p "$T/policy"
	command_is sleep 70
	started $ID
	rm policy
	run jr exec $ID sh -c 'mkdir /tmp/a 2>&1'
	fails_with 1 "Argument list too long"
}

@test "the jail object: a time limit, the mode RERUN and the background" {
	bundle '.jail.time_limit = 1'
	command_is sleep 70
	run jr run -b "$BUNDLE" $ID
	same "$status" 137
	config '.jail = {mode: "RERUN"} | .mounts += [{destination: "/out", source: $t, options: ["rbind"]}]' --arg t "$T"
	script 'echo x >> /out/runs'
	"$JAILRT" --root "$STATES" run -b "$BUNDLE" $ID 2> /dev/null &
	local pid=$!
	later kill_and_wait $pid
	wait_for 10 eval '[ "$(wc -l 2>/dev/null < runs)" -ge 3 ]'
	kill -TERM $pid
	wait $pid && status=0 || status=$?
	same "$status $(jr list -q)" "143 "
	config '.jail = {daemon: true}'
	script 'sleep 0.5; echo done > /out/done'
	run jr run -b "$BUNDLE" $ID
	same "$status" 0
	[ ! -e done ]
	wait_for 10 there done
	wait_for 10 eval '[ -z "$(jr list -q)" ]'
}

@test "the jail object: LISTEN serves a container for each connection" {
	bundle '.jail = {mode: "LISTEN", bindhost: "127.0.0.1", port: 0}'
	script 'read a; echo "$$ $a"'
	"$JAILRT" --root "$STATES" --log-level info run -b "$BUNDLE" $ID 2> listen &
	NJ=$!
	later kill_and_wait $NJ
	wait_for 10 grep -q 'Listening on' listen
	PORT=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' listen)
	# Also where the program ends before its client does.
	for i in 1 2 3 4; do
		exec 8<> "/dev/tcp/127.0.0.1/$PORT"
		echo hello >&8
		read -r line <&8
		exec 8>&-
		same "$line" "1 hello"
	done
	kill -0 $NJ
}

@test "the jail object: the process's environment, limits, capabilities, stdio and niceness" {
	bundle '.jail = {keep_env: true, envar: ["B=jail"], rlimit_nofile_type: "SOFT", keep_caps: true,
		nice_level: 7, stderr_to_null: true} | .process.env = ["A=own", "PATH=/bin"]
		| del(.process.capabilities, .process.rlimits)'
	script 'echo $A $B $C; ulimit -n; ulimit -Hn; cut -d" " -f19 /proc/self/stat; grep CapEff /proc/self/status; echo lost >&2'
	ulimit -Sn 500
	A=caller C=kept run jr run -b "$BUNDLE" $ID
	same "$output" "$(printf 'own jail kept\n500\n500\n7\n%s' "$(grep CapEff /proc/self/status)")"
}

@test "the jail object: a root of its own: a tmpfs, and a directory that is read-only with all beneath" {
	bundle 'del(.root) | .mounts = [] | del(.linux.maskedPaths, .linux.readonlyPaths)
		| .jail.mount = [{dst: "/", fstype: "tmpfs", options: "size=1m", rw: true},
		{src: $r, dst: "/bin", is_bind: true}, {dst: "/note", src_content: "aGVsbG8="},
		{src: "/note", dst: "/link", is_symlink: true}]' --arg r "$ROOTFS/bin"
	script 'cat /link; echo; touch /new && echo new; touch /bin/x || echo refused; ls /dev | wc -l'
	run jr run -b "$BUNDLE" $ID
	says "$(printf 'hello\nnew')"
	says refused
	[ "${lines[-1]}" -gt 5 ]
	mkdir -p tree/bin tree/sub
	mount --bind "$ROOTFS/bin" tree/bin
	later umount "$T/tree/bin"
	config '.jail.mount = [{src: $r, dst: "/", is_bind: true}] | .jail.bare = true' --arg r "$T/tree"
	script 'touch /a || touch /bin/a || ls /'
	run jr run -b "$BUNDLE" $ID
	same "$status" 0
	same "${lines[-2]} ${lines[-1]}" "bin sub"
}

@test "the jail object: bare is what nobody has asked for left out" {
	bundle '.jail.bare = true | .process.env = ["PATH=/bin"] | .mounts |= map(select(.destination != "/dev/pts"))
		| del(.linux.resources)'
	script 'umask; echo "home: $HOME"; ls -l /dev/null'
	umask 027
	run jr run -b "$BUNDLE" $ID
	fails_with 1 "/dev/null: No such file"
	same "${lines[0]} ${lines[1]}" "0027 home: "
	config '.process.cwd = "/missing"'
	run jr run -b "$BUNDLE" $ID
	fails_with 1 "/missing"
	command_is sleep 70
	config '.process.cwd = "/"'
	started $ID
	run cgroups_of $ID
	same "$output" ""
}

@test "the jail object: what the spec has a place for, or says too, is an error with its place" {
	bundle '.jail.hostname = "x"'
	run jr run -b "$BUNDLE" $ID
	fails_with 1 "jail.hostname ($BUNDLE/config.json:"
	fails_with 1 "the runtime-spec has a place for this. Fix: say it there: hostname"
	config '.jail = {keep_caps: true}'
	run jr create -b "$BUNDLE" $ID
	fails_with 1 "this and process.capabilities: give one of them"
	config '.jail = {mount: [{dst: "/", fstype: "tmpfs"}]}'
	run jr create -b "$BUNDLE" $ID
	fails_with 1 "jail.mount[0]"
	fails_with 1 "this and root: give one of them"
	config '.jail = {time_limits: 3}'
	run jr create -b "$BUNDLE" $ID
	fails_with 1 "unknown key 'time_limits'"
	same "$(jr list -q)" ""
}
