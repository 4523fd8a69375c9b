#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# An ordinary user, whom the machine need not know.
USER_ID=54321

setup_suite_file() {
	jailrt_for_users
}

# as_user COMMAND...: without root's rights, and in no cgroup of its own.
as_user() {
	setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups --bounding-set=-all --inh-caps=-all \
		env HOME="$T" XDG_RUNTIME_DIR="$T/runtime" "$@"
}

ujr() {
	as_user "$BATS_FILE_TMPDIR/jailrt" --root "$T/ustates" "$@"
}

# user_bundle [FILTER]: the user's own bundle; its root is the one id that a user may map.
user_bundle() {
	chmod 755 "$T"
	install -d -o $USER_ID -g $USER_ID -m 700 "$T/ustates" "$T/runtime"
	bundle '.linux.namespaces += [{type: "user"}] | del(.linux.resources) | .root.readonly = false'
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = .linux.uidMappings' --argjson u $USER_ID
	# A plain user can name no other group of the terminal, and mount no other sysfs than its own.
	config '(.mounts[] | select(.type == "devpts").options) |= map(select(startswith("gid=") | not))'
	[ $# -eq 0 ] || config "$@"
	# Links to what the user does not own would be followed by chown.
	rm -rf "$BUNDLE/rootfs"
	cp -a "$ROOTFS" "$BUNDLE/rootfs"
	chown -Rh $USER_ID:$USER_ID "$BUNDLE"
}

end_user_containers() {
	local id
	for id in $(ujr list -q 2> /dev/null); do
		ujr delete --force "$id" || true
	done
}

@test "a bundle with one id runs without any privilege, and its root is that user" {
	user_bundle
	script 'id -u; id -g; cat /proc/self/uid_map | tr -s " "; cat /proc/self/setgroups; hostname; touch /tmp/mine
		echo $$; mount -t tmpfs x /mnt 2> /dev/null || echo no mount'
	run ujr run -b "$BUNDLE" "$ID"
	same "$status" 0
	same "$output" "$(printf '0\n0\n 0 %s 1\ndeny\njailrt\n1\nno mount' $USER_ID)"
	same "$(stat -c %u:%g "$BUNDLE/rootfs/tmp/mine")" $USER_ID:$USER_ID
	run ujr list -q
	same "$output" ""
}

@test "oomScoreAdj is set for a user, too" {
	local own
	own=$(cat /proc/self/oom_score_adj)
	user_bundle ".process.oomScoreAdj = $((own + 100))"
	command_is cat /proc/self/oom_score_adj
	run ujr run -b "$BUNDLE" "$ID"
	same "$status $output" "0 $((own + 100))"
}

@test "the whole life cycle works for a user: create, start, state, exec, ps, kill, delete" {
	local pid
	user_bundle
	later end_user_containers
	command_is sleep 1000
	ujr create -b "$BUNDLE" "$ID"
	same "$(ujr state "$ID" | jq -r .status)" created
	ujr start "$ID"
	pid=$(ujr state "$ID" | jq .pid)
	same "$(ujr state "$ID" | jq -r .owner)" $USER_ID
	same "$(stat -c %u "/proc/$pid")" $USER_ID
	[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]
	same "$(ujr exec "$ID" sh -c 'id -u; readlink /proc/self/ns/user')" \
		"$(printf '0\n%s' "$(readlink "/proc/$pid/ns/user")")"
	same "$(ujr list -q)" "$ID"
	# Without a cgroup there is nobody to ask for pids but its init.
	ujr kill "$ID" KILL
	wait_for 20 gone "$pid"
	wait_for 20 user_stopped
	ujr delete "$ID"
	run ujr state "$ID"
	fails_with 1 "container does not exist"
}

user_stopped() {
	[ "$(ujr state "$ID" | jq -r .status)" = stopped ]
}

@test "a user's containers are not root's, and root's not the user's" {
	user_bundle
	later end_user_containers
	command_is sleep 1000
	ujr run -d -b "$BUNDLE" "$ID" < /dev/null > /dev/null 2>&1
	as_user "$BATS_FILE_TMPDIR/jailrt" list -q > own
	same "$(cat own)" ""
	run as_user "$BATS_FILE_TMPDIR/jailrt" --root "$STATES" list
	[ "$status" -ne 0 ] || same "$(wc -l <<< "$output")" 1
	chmod 711 "$T/ustates"
	run setpriv --reuid=54322 --regid=54322 --clear-groups "$BATS_FILE_TMPDIR/jailrt" --root "$T/ustates" kill "$ID" KILL
	same "$status" 1
	same "$(ujr state "$ID" | jq -r .status)" running
}

@test "without --root a user's states are below XDG_RUNTIME_DIR" {
	user_bundle
	command_is sleep 1000
	later as_user "$BATS_FILE_TMPDIR/jailrt" delete --force "$ID"
	as_user "$BATS_FILE_TMPDIR/jailrt" run -d -b "$BUNDLE" "$ID" < /dev/null > /dev/null 2>&1
	[ -d "$T/runtime/jailrt/$ID" ]
	same "$(stat -c %a:%u "$T/runtime/jailrt/$ID")" "700:$USER_ID"
	same "$(as_user "$BATS_FILE_TMPDIR/jailrt" list -q)" "$ID"
}

@test "networks, names and mounts of the user's container are its own" {
	user_bundle '.hostname = "user-jail"'
	script 'hostname; ls /sys/class/net; ip addr show lo | grep -c "inet 127.0.0.1"; ls /proc | grep -c "^[0-9]"
		stat -c %t:%T /dev/null; echo x > /dev/null && head -c 2 /dev/zero | wc -c; ls /dev/pts'
	run ujr run -b "$BUNDLE" "$ID"
	same "$status" 0
	same "${lines[0]}" user-jail
	same "${lines[1]}" lo
	same "${lines[2]}" 1
	[ "${lines[3]}" -lt 8 ]
	same "${lines[4]}" 1:3
	same "${lines[5]}" 2
	same "${lines[6]}" ptmx
}

@test "hooks, terminal, time and the report are the user's as they are root's" {
	user_bundle '.process.terminal = true | .process.consoleSize = {height: 22, width: 88}'
	config '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", $t]}]' --arg t "id -u > $T/runtime/hook"
	script 'read x; echo "$x"; stty size; exit 4'
	set +e
	echo words | as_user setsid --wait "$BATS_FILE_TMPDIR/jailrt" --root "$T/ustates" \
		run --report "$T/runtime/report" -b "$BUNDLE" "$ID" > out
	same "$?" 4
	set -e
	grep -q '^22 88' out
	grep -q '^words' out
	same "$(cat "$T/runtime/hook")" $USER_ID
	same "$(jq -c '[.cause, .exit_status]' "$T/runtime/report")" '["exited",4]'
}

# with_ranges COMMAND...: where the user has ranges of further ids.
with_ranges() {
	printf '%s:200000:65536\n' $USER_ID > "$T/sub"
	printf 'root:x:0:0:root:/root:/bin/sh\nranger:x:%s:%s::/:/bin/sh\n' $USER_ID $USER_ID > "$T/passwd"
	unshare --mount --propagation private sh -c 'mount --bind "$1/sub" /etc/subuid && mount --bind "$1/sub" /etc/subgid &&
		mount --bind "$1/passwd" /etc/passwd && shift && exec "$@"' sh "$T" "$@"
}

needs_helpers() {
	[ -u /usr/bin/newuidmap ] || [ -n "$(getcap /usr/bin/newuidmap 2> /dev/null)" ] || skip "no newuidmap here"
}

# Helpers of higher rights are of no use where no new ones can be got, or all are dropped from the bounding set.
as_ranger() {
	with_ranges setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups \
		env HOME="$T" "$BATS_FILE_TMPDIR/jailrt" --root "$T/ustates" "$@"
}

@test "ranges of ids are mapped by newuidmap and newgidmap, as far as they were granted" {
	needs_helpers
	user_bundle
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "no /etc/subuid here"
	config '.linux.uidMappings += [{containerID: 1, hostID: 200000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 0, gid: 0, additionalGids: [5]}
		| .process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	script 'cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; id -G; touch /tmp/other && chown 1000:7 /tmp/other && echo given'
	run as_ranger run -b "$BUNDLE" "$ID"
	says given
	same "$output" "$(printf ' 0 %s 1\n 1 200000 65536\n 0 %s 1\n 1 200000 65536\n0 5\ngiven' $USER_ID $USER_ID)"
	same "$(stat -c %u:%g "$BUNDLE/rootfs/tmp/other")" 200999:200006
	config '.process.user = {uid: 1000, gid: 1000}'
	script 'id -u; id -g'
	run as_ranger run -b "$BUNDLE" "$ID"
	same "$status $output" "0 1000
1000"
	config '.linux.uidMappings[1].hostID = 300000'
	run as_ranger run -b "$BUNDLE" "$ID"
	fails_with 1 "newuidmap"
	fails_with 1 "linux.uidMappings"
	run ujr list -q
	same "$output" ""
}

@test "an id that the user does not have is refused, and nothing is left" {
	user_bundle
	config '.linux.uidMappings[0].hostID = 0'
	run ujr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.uidMappings"
	config '.linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = 0' --argjson u $USER_ID
	run ujr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.gidMappings"
	config '.linux.gidMappings[0].hostID = $u | .process.user = {uid: 0, gid: 0, additionalGids: [5]}' --argjson u $USER_ID
	run ujr run -b "$BUNDLE" "$ID"
	fails_with 1 "group 5 is not mapped"
	run ujr list -q
	same "$output" ""
}

@test "without a user namespace a user is told that one is needed" {
	user_bundle '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	run ujr run -b "$BUNDLE" "$ID"
	fails_with 1 "Operation not permitted"
	fails_with 1 "user namespace"
}

@test "limits of cgroups that a user cannot make are refused, not passed over" {
	user_bundle '.linux.resources = {pids: {limit: 10}}'
	run ujr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.resources.pids"
	fails_with 1 "no cgroup can be made below"
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	command_is echo fine
	run ujr run -b "$BUNDLE" "$ID"
	says fine
}

@test "a root filesystem and a state directory that the user cannot use are told by name" {
	user_bundle
	chmod 700 "$BUNDLE/rootfs"
	chown 0:0 "$BUNDLE/rootfs"
	run ujr run -b "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	[[ "$output" == *"Permission denied"* ]]
	chown $USER_ID:$USER_ID "$BUNDLE/rootfs"
	mkdir -m 755 "$T/roots"
	run as_user "$BATS_FILE_TMPDIR/jailrt" --root "$T/roots/states" run -b "$BUNDLE" "$ID"
	fails_with 1 "$T/roots/states"
	fails_with 1 "Permission denied"
}

@test "what spec --rootless writes runs for the user as it is" {
	user_bundle
	rm "$BUNDLE/config.json"
	chown $USER_ID "$BUNDLE"
	as_user "$BATS_FILE_TMPDIR/jailrt" spec --rootless -b "$BUNDLE"
	same "$(jq -c '.linux.uidMappings' "$BUNDLE/config.json")" \
		"[{\"containerID\":0,\"hostID\":$USER_ID,\"size\":1}]"
	run as_user setsid --wait "$BATS_FILE_TMPDIR/jailrt" --root "$T/ustates" run -b "$BUNDLE" "$ID" <<< "id -u; exit 6"
	same "$status" 6
}

@test "an nsjail config runs for a user, who is itself inside" {
	user_bundle
	printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount_proc: true\n' "$BUNDLE/rootfs" > jail.cfg
	run ujr run --config jail.cfg -- sh -c 'id -u; cat /proc/self/uid_map | tr -s " "'
	same "$status" 0
	same "$output" "$(printf '%s\n %s %s 1' $USER_ID $USER_ID $USER_ID)"
}

# As podman and buildah call the runtime for a user.
@test "the root of a user namespace that cannot make cgroups runs without, and is refused limits" {
	user_bundle 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))
		| .linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	script 'id -u; cut -d: -f2- /proc/self/cgroup | sort'
	root_of_one() {
		as_user unshare --user --map-root-user --mount "$BATS_FILE_TMPDIR/jailrt" --root "$T/ustates" "$@"
	}
	run root_of_one run -b "$BUNDLE" "$ID"
	same "$status" 0
	same "$output" "$(echo 0; cut -d: -f2- /proc/self/cgroup | sort)"
	config '.linux.resources.memory = {limit: 67108864}'
	run root_of_one run -b "$BUNDLE" "$ID"
	fails_with 1 "no cgroup can be made below"
}

@test "rootless: an nsjail config and the bundle that is made of it" {
	chmod 755 "$T"
	install -d -o $USER_ID -g $USER_ID -m 700 "$T/ustates" "$T/runtime"
	install -d -m 755 both
	cat > jail.cfg <<-EOF
		mount { src: "$ROOTFS" dst: "/" is_bind: true }
		mount { dst: "/tmp" fstype: "tmpfs" rw: true options: "size=64k" }
		mount_proc: true hostname: "mine" keep_env: true cap: "CAP_SETUID" rlimit_nofile_type: SOFT
	EOF
	jr convert --to oci jail.cfg > both/config.json
	local script='id -u; hostname; ulimit -n; echo $HOME; umask; touch /x || grep CapEff /proc/self/status'
	ujr run --config jail.cfg -- /bin/sh -c "$script" > one 2>&1 < /dev/null
	ujr run -b both "$ID" /bin/sh -c "$script" > two 2>&1 < /dev/null
	cat one
	cmp one two
	same "$(head -2 one)" "$(printf '%s\nmine' $USER_ID)"
}
