#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# spec writes a config to start from; features tells what the program knows.
load helpers
load life

rootfs() {
	mkdir -p "$1"
	cp -al "$ROOTFS" "$1/rootfs"
}

@test "spec writes config.json into the current directory, with the contents that people edit" {
	run jr spec
	same "$status" 0
	same "$output" ""
	same "$(ls)" config.json
	same "$(stat -c %a config.json)" 644
	local c
	c() { jq -c "$1" config.json; }
	same "$(c .ociVersion)" '"1.3.0"'
	same "$(c .process.args)" '["sh"]'
	same "$(c .process.terminal)" true
	same "$(c .root)" '{"path":"rootfs","readonly":true}'
	same "$(c '.hostname | length > 0')" true
	same "$(c '[.process.user.uid, .process.user.gid]')" '[0,0]'
	same "$(c .process.cwd)" '"/"'
	same "$(c '[.process.env[] | split("=")[0]]')" '["PATH","TERM"]'
	same "$(c .process.noNewPrivileges)" true
	local set
	for set in bounding effective permitted; do
		same "$(c ".process.capabilities.$set")" '["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]'
	done
	same "$(c '.process.capabilities | [has("inheritable"), has("ambient")]')" '[false,false]'
	same "$(c .process.rlimits)" '[{"type":"RLIMIT_NOFILE","soft":1024,"hard":1024}]'
	same "$(c '[.mounts[] | .destination + " " + .type]')" \
		'["/proc proc","/dev tmpfs","/dev/pts devpts","/dev/shm tmpfs","/dev/mqueue mqueue","/sys sysfs","/sys/fs/cgroup cgroup"]'
	same "$(c '.mounts[] | select(.destination == "/dev/pts").options | index("gid=5") != null')" true
	same "$(c '[.mounts[] | select(.options and (.options | index("ro"))).destination]')" '["/sys","/sys/fs/cgroup"]'
	same "$(c '[.linux.namespaces[].type] - ["cgroup"]')" '["pid","network","ipc","uts","mount"]'
	same "$(c .linux.resources.devices)" '[{"allow":false,"access":"rwm"}]'
	same "$(c '.linux.maskedPaths | index("/proc/kcore") != null')" true
	same "$(c '.linux.readonlyPaths | index("/proc/sys") != null')" true
	same "$(c '.linux | has("uidMappings")')" false
}

@test "what spec writes is indented for people, and ends in a newline" {
	jr spec
	same "$(tail -c 2 config.json | od -An -c | tr -d ' ')" '}\n'
	same "$(sed -n 2p config.json)" '    "ociVersion": "1.3.0",'
	same "$(jq --indent 4 . config.json)" "$(cat config.json)"
}

@test "spec overwrites no config.json, be it a file or a dangling link" {
	echo precious > config.json
	run jr spec
	fails_with 1 "spec: a config.json exists already; it is not overwritten"
	same "$(cat config.json)" precious
	rm config.json
	ln -s "$T/elsewhere" config.json
	run jr spec
	fails_with 1 "exists already"
	[ ! -e elsewhere ]
}

@test "spec -b and --bundle write into another directory, which must be there" {
	mkdir a b
	jr spec -b a
	jr spec --bundle=b
	[ -f a/config.json ]
	cmp a/config.json b/config.json
	[ ! -e config.json ]
	run jr spec -b none
	fails_with 1 "'none'"
	fails_with 1 "No such file or directory"
	touch file
	run jr spec -b file
	fails_with 1 "Not a directory"
	run jr spec a
	fails_with 1 "too many arguments"
}

@test "spec says when the disk is full, and leaves no half of a config" {
	mkdir tiny
	mount -t tmpfs -o size=4k,nr_inodes=3 none tiny
	later umount "$T/tiny"
	head -c 4096 /dev/zero > tiny/fill
	run jr spec -b tiny
	fails_with 1 "No space left on device"
	[ ! -e tiny/config.json ]
}

@test "what spec writes runs as it is, with a busybox root: its limits hold inside" {
	rootfs .
	jr spec
	local code=0
	command script -qec "'$JAILRT' --root '$STATES' run -b . $ID" /dev/null > out 3>&- <<-'EOF' || code=$?
		echo user $(id -u):$(id -g) in $PWD on $(hostname)
		echo caps $(grep CapEff /proc/self/status)
		touch /x
		echo nnp $(grep NoNewPrivs /proc/self/status)
		ls -d /sys/fs/cgroup /dev/pts /dev/shm /dev/mqueue | wc -l
		exit 6
	EOF
	same "$code" 6
	tr -d '\r' < out > clean
	cat clean
	grep -q '^user 0:0 in / on jailrt$' clean
	grep -q '^caps CapEff: 0000000020000420$' clean
	grep -q 'touch: /x: Read-only file system' clean
	grep -q '^nnp NoNewPrivs: 1$' clean
	grep -q -x 4 clean
}

@test "what spec writes is planned without a terminal too, and created, started and deleted" {
	rootfs .
	jr spec
	jq '.process.terminal = false | .process.args = ["sh", "-c", "exit 6"]' config.json > new
	mv new config.json
	run jr run "$ID"
	same "$status" 6
	jr create "$ID"
	is_status "$ID" created
	jr start "$ID"
	wait_for 10 is_status "$ID" stopped
	jr delete "$ID"
}

@test "spec --rootless maps the caller alone, and runs without any privilege" {
	# Above the folder of this test there are some that nobody but root may enter.
	local home
	home=$(mktemp -d /tmp/jailrt-test.XXXXXX)
	later rm -rf "$home"
	cp -a "$ROOTFS" "$home/rootfs"
	chown 1000:1000 "$home"
	cd "$home"
	plain() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
	plain "$JAILRT" spec --rootless
	same "$(stat -c %u config.json)" 1000
	same "$(jq -c '.linux.uidMappings + .linux.gidMappings' config.json)" \
		'[{"containerID":0,"hostID":1000,"size":1},{"containerID":0,"hostID":1000,"size":1}]'
	same "$(jq -c '[.linux.namespaces[].type] | index("user") != null' config.json)" true
	jq '.process.terminal = false
		| .process.args = ["sh", "-c", "id -u; cat /proc/self/uid_map | tr -s \" \"; exit 6"]' \
		config.json > "$T/new"
	cp "$T/new" config.json
	run plain env XDG_RUNTIME_DIR="$home" "$JAILRT" run "$ID"
	echo "$output"
	same "$status" 6
	same "$output" "0
 0 1000 1"
	same "$(plain env XDG_RUNTIME_DIR="$home" "$JAILRT" list -q)" ""
	[ -d "$home/jailrt" ]
}

@test "features is JSON with the versions, hooks, namespaces and capabilities that there are" {
	jr features > f
	same "$(jq -c '[.ociVersionMin, .ociVersionMax]' f)" '["1.0.0","1.3.0"]'
	same "$(jq -c .hooks f)" \
		'["prestart","createRuntime","createContainer","startContainer","poststart","poststop"]'
	same "$(jq -c '.linux.namespaces | sort' f)" \
		'["cgroup","ipc","mount","network","pid","time","user","uts"]'
	same "$(jq -c '.linux.cgroup | [.v1, .v2]' f)" '[true,true]'
	# Each that the kernel has; how many there are it says itself.
	[ "$(jq '.linux.capabilities | unique | length' f)" -gt "$(cat /proc/sys/kernel/cap_last_cap)" ]
	same "$(jq -c '[.linux.capabilities[] | select(startswith("CAP_") | not)]' f)" '[]'
	same "$(jq -r '.annotations["org.jailrt.version"]' f)" "$(jr --version | head -n 1 | cut -d ' ' -f 3)"
	same "$(jq -c '.potentiallyUnsafeConfigAnnotations | index("org.jailrt.") != null' f)" true
	run jr features x
	fails_with 1 "too many arguments"
}

@test "features has the types of the spec's schema" {
	jr features | jq -e '
		def strings: type == "array" and all(.[]; type == "string") and (unique | length) == length;
		def enabled: type == "object" and (.enabled | type) == "boolean";
		(.hooks | strings) and (.mountOptions | strings) and (.linux.namespaces | strings)
		and (.linux.capabilities | strings)
		and all(.linux.cgroup[]; type == "boolean")
		and all(.linux["seccomp", "apparmor", "selinux", "intelRdt", "netDevices"]; enabled)
		and all(.annotations[]; type == "string")
		and (.potentiallyUnsafeConfigAnnotations | strings)'
}

@test "each namespace, capability and mount option that features names is taken by a config" {
	bundle
	jr features > f
	config '.linux.namespaces = [$f[0].linux.namespaces[] | {type: .}]
		| .linux.uidMappings = [{containerID: 0, hostID: 1000, size: 10}]
		| .linux.gidMappings = [{containerID: 0, hostID: 1000, size: 10}]
		| .process.capabilities.bounding = $f[0].linux.capabilities' --slurpfile f f
	jr plan -b "$BUNDLE" > /dev/null
	local word other
	other=$(jq -c '.mounts[1]' "$BUNDLE/config.json")
	for word in $(jq -r '.mountOptions[]' f); do
		case $word in
		copy-symlink | *-nofollow)
			config '.mounts[1] = {destination: "/b", source: "/etc", options: ["bind", $w]}' --arg w "$word" ;;
		*)
			config '.mounts[1] = $m | .mounts[1].options = [$w]' --arg w "$word" --argjson m "$other" ;;
		esac
		run jr plan -b "$BUNDLE"
		[ "$status" -eq 0 ] || { echo "$word: $output"; return 1; }
		# A word of its own is no word for the filesystem.
		[[ $output != *"options=[\"$word\"]"* && $output != *"options=$word"* ]] || { echo "$word"; return 1; }
	done
}
