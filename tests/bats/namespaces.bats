#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load keys

# Kinds as /proc/PID/ns calls them, and as the config does.
KINDS="pid net ipc uts user cgroup time mnt"
declare -gA TYPES=([pid]=pid [net]=network [ipc]=ipc [uts]=uts [user]=user [cgroup]=cgroup [time]=time
	[mnt]=mount)

# namespaces KIND[=PATH]...: the config has these, and no host name if none of them is uts.
namespaces() {
	local n list=
	for n in "$@"; do
		list+="${list:+,}{\"type\": \"${TYPES[${n%%=*}]}\""
		[[ "$n" != *=* ]] || list+=", \"path\": \"${n#*=}\""
		list+="}"
	done
	config '.linux.namespaces = $n' --argjson n "[$list]"
	[[ " $*" == *" uts"* ]] || config 'del(.hostname)'
}

# map_root [JQ-FILTER]: maps ids for the user namespace, which owns the root filesystem then.
map_root() {
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}] '"${1-}"
	chown -R 100000:200000 "$BUNDLE/rootfs"
}

# holder UNSHARE-OPTIONS: a process in new namespaces; HOLDER is its pid.
holder() {
	unshare "$@" --kill-child sh -c "echo > '$T/held'; exec sleep 1000" 3>&- &
	UNSHARE=$!
	disown
	later kill -KILL $UNSHARE
	wait_for 10 test -e "$T/held"
	HOLDER=$UNSHARE
	[[ "$*" != *--fork* ]] || HOLDER=$(pgrep -P $UNSHARE)
}

# The namespaces of PID, one a line: "pid 4026531836".
ns_of() {
	local kind
	for kind in $KINDS; do
		echo "$kind $(readlink "/proc/$1/ns/$kind")"
	done
}

LIST_NS='for k in pid net ipc uts user cgroup time mnt; do echo "$k $(readlink /proc/self/ns/$k)"; done'

# differ A B: the kinds that are not the same in both lists.
differ() {
	diff <(echo "$1") <(echo "$2") | sed -n 's/^> \([a-z]*\) .*/\1/p' | sort | tr '\n' ' '
}

@test "a namespace that is asked for is new, all others are the caller's" {
	local kind host
	host=$(ns_of self)
	for kind in pid net ipc uts user cgroup time; do
		bundle
		namespaces mnt $kind
		# The host's message queues cannot be mounted from another user namespace.
		[ $kind != user ] || map_root '| .mounts |= map(select(.type != "mqueue"))'
		script "$LIST_NS"
		run jr run -b "$BUNDLE" "$ID"
		says ""
		echo "asked for: $kind; new: $(differ "$host" "$output")"
		[ "$(differ "$host" "$output")" = "$(printf '%s\n' mnt $kind | sort | tr '\n' ' ')" ]
	done
}

@test "all eight kinds can be new at once" {
	bundle
	namespaces $KINDS
	map_root
	script "$LIST_NS"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$(differ "$(ns_of self)" "$output")" = "$(printf '%s\n' $KINDS | sort | tr '\n' ' ')" ]
}

@test "a namespace is joined by path, all others are new" {
	local kind held
	holder --pid --net --ipc --uts --cgroup --time --fork
	held=$(ns_of "$HOLDER")
	for kind in pid net ipc uts cgroup time; do
		bundle
		namespaces mnt pid net ipc uts cgroup time
		config '(.linux.namespaces[] | select(.type == $t)).path = $p' \
			--arg t "${TYPES[$kind]}" --arg p "/proc/$HOLDER/ns/$kind"
		script "$LIST_NS"
		run jr run -b "$BUNDLE" "$ID"
		says ""
		echo "joined $kind: $output"
		[[ "$(differ "$held" "$output")" != *"$kind "* ]]
		[ "$(differ "$held" "$output")" = "$(printf '%s\n' mnt pid net ipc uts cgroup time |
			grep -v "^$kind$" | sort | tr '\n' ' ')" ]
	done
}

@test "joins go together with a new user namespace" {
	local held
	holder --net --ipc --uts
	held=$(ns_of "$HOLDER")
	bundle
	namespaces mnt pid user "net=/proc/$HOLDER/ns/net" "ipc=/proc/$HOLDER/ns/ipc" \
		"uts=/proc/$HOLDER/ns/uts"
	map_root
	# Nobody in the new user namespace may mount the sysfs of a network that belongs to the host.
	config 'del(.hostname) | .mounts |= map(select(.type != "sysfs" and .type != "mqueue"))'
	script "$LIST_NS; cat /proc/self/uid_map"
	run jr run -b "$BUNDLE" "$ID"
	echo "$output"
	says ""
	[ "$(differ "$held" "$(grep -v 100000 <<< "$output")")" = "mnt pid user " ]
	[[ "$(tail -n 1 <<< "$output")" =~ ^\ +0\ +100000\ +1000$ ]]
}

@test "a user namespace is joined by path, with namespaces of its own or new ones" {
	local held
	holder --user --net --ipc --uts --map-root-user
	held=$(ns_of "$HOLDER")
	bundle
	namespaces mnt pid cgroup "user=/proc/$HOLDER/ns/user" "net=/proc/$HOLDER/ns/net" \
		"ipc=/proc/$HOLDER/ns/ipc" "uts=/proc/$HOLDER/ns/uts"
	# Group 5 is not mapped.
	config 'del(.hostname) | (.mounts[] | select(.type == "devpts")).options -= ["gid=5"]'
	script "$LIST_NS; head -n 1 /proc/self/uid_map; grep Groups /proc/self/status"
	# In there groups cannot be dropped any more: they have been before.
	run setpriv --groups 4,5 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	[ "$(differ "$held" "$(head -n 8 <<< "$output")")" = "cgroup mnt pid " ]
	[[ "${lines[8]}" =~ ^\ +0\ +0\ +1$ ]]
	[[ "${lines[9]}" =~ ^Groups:[[:space:]]*$ ]]
}

@test "a mount namespace is joined by path, and gets the container's root" {
	local host
	host=$(wc -l < /proc/self/mountinfo)
	holder --mount
	bundle
	namespaces pid ipc net uts "mnt=/proc/$HOLDER/ns/mnt"
	script 'readlink /proc/self/ns/mnt; ls /'
	run jr run -b "$BUNDLE" "$ID"
	says "$(readlink "/proc/$HOLDER/ns/mnt")"
	[ "$(tail -n +2 <<< "$output" | tr '\n' ' ')" = "$(ls "$ROOTFS" | tr '\n' ' ')" ]
	[ "$(wc -l < /proc/self/mountinfo)" = "$host" ]
}

@test "the caller's own mount namespace is not joined: its root would be exchanged" {
	bundle
	namespaces pid "mnt=/proc/self/ns/mnt"
	run unshare --mount "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.namespaces[1]"
	fails_with 1 "'/proc/self/ns/mnt' is the caller's own"
}

@test "what a path must be is said when it is something else" {
	bundle
	touch "$T/file"
	namespaces mnt "net=$T/file"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.namespaces[1]"
	fails_with 1 "'$T/file' is no namespace"
	namespaces mnt "net=/proc/self/ns/uts"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'/proc/self/ns/uts' is a namespace of another type than network"
	namespaces mnt "net=$T/none"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'$T/none': No such file or directory"
	namespaces mnt "net=ns"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "'ns' is not an absolute path"
	mkfifo "$T/fifo"
	namespaces mnt "ipc=$T/fifo"
	run timeout -s KILL 10 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	fails_with 1 "'$T/fifo' is no namespace"
	run jr state "$ID"
	fails_with 1 "container does not exist"
}

@test "a second namespace of a type, and an unknown type, are refused with their place" {
	bundle
	namespaces mnt pid pid
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.namespaces[2]"
	fails_with 1 "a second namespace of type pid"
	namespaces mnt
	config '.linux.namespaces += [{type: "disk"}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.namespaces[1].type"
	fails_with 1 "'disk'"
}

@test "a new network has the loopback device, up; a joined one is left as it is" {
	bundle
	script 'ls /sys/class/net; cat /sys/class/net/lo/flags; ip -o -4 addr show lo'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[0]} ${lines[1]}" = "lo 0x9" ] # IFF_UP | IFF_LOOPBACK
	[[ "${lines[2]}" == *" 127.0.0.1/8 "* ]]
	holder --net
	config '(.linux.namespaces[] | select(.type == "network")).path = $p' \
		--arg p "/proc/$HOLDER/ns/net"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[1]}" = 0x8 ] # IFF_LOOPBACK
}

# uptime_of PID: in whole seconds, by CLOCK_BOOTTIME and CLOCK_MONOTONIC of its time namespace.
uptime_of() {
	nsenter --time --target "$1" /usr/bin/python3 -c \
		'import time; print(*(int(time.clock_gettime(c)) for c in (time.CLOCK_BOOTTIME, 1)))'
}

@test "clocks are set in a new time namespace" {
	local boot mono here
	bundle
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets =
		{boottime: {secs: 500000000, nanosecs: 5}, monotonic: {secs: 900000000, nanosecs: 999999999}}'
	script 'cat /proc/uptime /proc/self/timens_offsets; exec sleep 1000'
	jr run -d -b "$BUNDLE" "$ID" > up
	wait_for 10 grep -q boottime up
	[ "$(sed -n 's/^\([mb][a-z]*\)  */\1 /p' up | tr -s ' \n' ' ')" = \
		"monotonic 900000000 999999999 boottime 500000000 5 " ]
	sed -i 2,3d up
	here=$(cut -d. -f1 /proc/uptime)
	[ "$(cut -d. -f1 up)" -ge 500000000 ]
	[ "$(cut -d. -f1 up)" -le $((500000010 + here)) ]
	read -r boot mono < <(uptime_of "$(jr state "$ID" | jq .pid)")
	[ $((boot / 100000000)) -eq 5 ]
	[ $((mono / 100000000)) -eq 9 ]
	# The process that made it was not in it.
	[ "$(cut -d. -f1 /proc/uptime)" -lt 500000000 ]
}

@test "clocks are not set without a new time namespace, nor to a time before the start" {
	bundle '.linux.timeOffsets = {boottime: {secs: 5}}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.timeOffsets"
	fails_with 1 "clocks are set in a new time namespace only"
	holder --time --fork
	config '.linux.namespaces += [{type: "time", path: $p}]' --arg p "/proc/$HOLDER/ns/time"
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "clocks are set in a new time namespace only"
	config 'del(.linux.namespaces[-1].path) | .linux.timeOffsets.boottime.secs = -4000000000'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "set the clock 'boottime'"
	fails_with 1 "Numerical result out of range"
}

@test "host name and domain name are the container's alone" {
	local host domain
	host=$(cat /proc/sys/kernel/hostname) domain=$(cat /proc/sys/kernel/domainname)
	bundle '.hostname = "inner" | .domainname = "inner.example"'
	script 'hostname; cat /proc/sys/kernel/domainname'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "inner inner.example" ]
	[ "$(cat /proc/sys/kernel/hostname) $(cat /proc/sys/kernel/domainname)" = "$host $domain" ]
}

@test "names without a UTS namespace of the container's own are refused" {
	bundle '.linux.namespaces |= map(select(.type != "uts")) | .hostname = "inner"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "the host name would be the host's without a UTS namespace"
	config 'del(.hostname) | .domainname = "inner"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "the domain name would be the host's without a UTS namespace"
	bundle '.hostname = "x" * 65'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "a host name longer than 64 bytes"
}

@test "the session keyring is new, and the caller's with --no-new-keyring" {
	[ "$(uname -m)" = x86_64 ] || skip "the numbers of keyctl(2) are for x86_64"
	bundle '.linux.maskedPaths = []'
	script 'cat /proc/keys'
	run with_key cat /proc/keys
	[[ "$output" == *test-key:* ]]
	run with_key "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says "_ses.$ID"
	[[ "$output" != *test-key:* ]]
	run with_key "$JAILRT" --root "$STATES" run --no-new-keyring -b "$BUNDLE" "$ID-d"
	says "test-key:"
	[[ "$output" != *_ses.d* ]]
}

@test "the container's own cgroup is the root of its cgroup namespace" {
	bundle '.linux.namespaces += [{type: "cgroup"}]'
	script 'cut -d: -f3 /proc/self/cgroup | sort -u'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$output" = / ]
}

@test "the program is process 1 of a new pid namespace, and sees its own processes only" {
	bundle
	script 'echo $$; ls /proc | grep -c "^[0-9]"; echo'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "${lines[*]}" = "1 3" ]
}

@test "ids are mapped as the config says, and files of the root have them" {
	bundle
	namespaces $KINDS
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10},
			{containerID: 500, hostID: 300000, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 20}]
		| .root.readonly = false | .process.user = {uid: 500, gid: 7}'
	script 'cat /proc/self/uid_map /proc/self/gid_map; id -u; id -g; touch /tmp/mine'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$(tr -s ' ' <<< "$output" | tr '\n' ';')" = \
		" 0 100000 10; 500 300000 1; 0 200000 20;500;7;" ]
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/tmp/mine")" = 300000:200007 ]
}

@test "what an IPC namespace brings along belongs to the root of the user namespace that comes with it" {
	bundle
	namespaces $KINDS
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	script 'stat -c "%a %u:%g" /dev/mqueue'
	run jr run -b "$BUNDLE" "$ID"
	[ "$output" = "1777 0:0" ]
}

@test "mappings that cannot be are refused with their place" {
	bundle '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.uidMappings"
	fails_with 1 "mappings without a user namespace"
	config '.linux.namespaces += [{type: "user"}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "user ids are mapped and group ids are not"
	config '.linux.gidMappings = .linux.uidMappings | .process.user.uid = 10'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "user 10 is not mapped into the user namespace"
	config '.process.user = {uid: 1, gid: 1, additionalGids: [3, 11]}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "group 11 is not mapped into the user namespace"
	config '.process.user.additionalGids = [] | .linux.uidMappings[0].size = 0'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "linux.uidMappings[0].size"
	config '.linux.uidMappings[0] = {containerID: 0, hostID: 4294967290, size: 10}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "the ids go beyond 4294967294"
	config '.linux.uidMappings = [{containerID: 0, hostID: 1000, size: 10},
		{containerID: 5, hostID: 2000, size: 10}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "the ranges 0 and 1 overlap"
	config '.linux.uidMappings = [] | .linux.gidMappings = []'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "a user namespace without mappings"
}

# as_root_of PID COMMAND…: in its mount namespace, whose root that is of.
as_root_of() {
	local pid=$1
	shift
	nsenter --mount="/proc/$pid/ns/mnt" /bin/busybox "$@"
}

@test "nothing of the host's tree is in the container's, to whoever looks from outside too" {
	local pid
	bundle '.root.readonly = false'
	echo inner > "$BUNDLE/rootfs/mark"
	echo host > "$T/mark-of-the-host"
	script 'grep -c " / / " /proc/self/mountinfo; exec sleep 1000'
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1 < /dev/null
	pid=$(jr state "$ID" | jq .pid)
	wait_for 10 test -s out
	[ "$(as_root_of "$pid" cat /mark)" = inner ]
	[ "$(as_root_of "$pid" cat /../mark)" = inner ]
	run as_root_of "$pid" ls "$T/mark-of-the-host"
	[ "$status" -ne 0 ]
	# One root, and mounts of the container alone.
	[ "$(awk '$5 == "/"' "/proc/$pid/mountinfo" | wc -l)" = 1 ]
	[ "$(awk '{ print $5 }' "/proc/$pid/mountinfo" | sort | uniq -d)" = "" ]
	[ -z "$(awk -v t="$BATS_RUN_TMPDIR" 'index($5, t) == 1' "/proc/$pid/mountinfo")" ]
	# What is beneath the root, if anybody could take that away: nothing, and not the host's.
	as_root_of "$pid" umount -l / || true
	[ -z "$(as_root_of "$pid" cat "$T/mark-of-the-host" 2> /dev/null || true)" ]
}
