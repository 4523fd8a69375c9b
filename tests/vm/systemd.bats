#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# On a machine with systemd and cgroup v2 alone: cgroups that systemd makes.
load ../bats/helpers
load ../bats/life

UNIT=jailrt-$ID.scope
SCOPE=/sys/fs/cgroup/system.slice/$UNIT

# sd ARGUMENTS: jailrt with systemd's cgroups.
sd() {
	jr --systemd-cgroup "$@"
}

resources() {
	config ".linux.resources = $1"
}

# property NAME [SYSTEMCTL-OPTIONS]: of the container's unit.
property() {
	systemctl show -P "$1" "${@:2}" "$UNIT"
}

sleeper() {
	bundle "$@"
	command_is sleep 1000
}

sd_started() {
	sd create -b "$BUNDLE" "$ID"
	sd start "$ID"
}

# A user of the guest's own: what is written to its /etc is gone with it.
USER_NAME=jailrt-test USER_ID=2345

setup_suite_file() {
	[ "$(hostname)" = guest ] || return 1
	useradd --uid $USER_ID --user-group --no-create-home --shell /bin/sh $USER_NAME
}

# as_user COMMAND…: with a systemd of the user's own.
as_user() {
	"$BATS_TEST_DIRNAME/as-user" $USER_NAME "$@"
}

@test "a scope in system.slice has the container's processes and its limits, and goes with it" {
	sleeper
	resources '{memory: {limit: 67108864, swap: 100663296, reservation: 33554432}, pids: {limit: 55},
		cpu: {quota: 50500, period: 200000, shares: 2048, cpus: "0", mems: "0"}}'
	sd_started
	same "$(property ActiveState) $(property Slice) $(property Delegate)" "active system.slice yes"
	same "$(property MemoryMax) $(property MemorySwapMax) $(property MemoryLow)" "67108864 33554432 33554432"
	same "$(property TasksMax) $(property AllowedCPUs) $(property AllowedMemoryNodes)" "55 0 0"
	same "$(property CPUWeight) $(property CPUQuotaPerSecUSec)" "174 260ms"
	same "$(cat $SCOPE/memory.max $SCOPE/memory.swap.max $SCOPE/pids.max | paste -sd' ')" "67108864 33554432 55"
	# What systemd rounds, the file has exactly.
	same "$(cat $SCOPE/cpu.max)" "50500 200000"
	same "$(cat $SCOPE/cgroup.procs)" "$(pid_of "$ID")"
	sd exec -d --pid-file pid "$ID" sleep 1000 3>&-
	same "$(cat "/proc/$(cat pid)/cgroup")" "0::/system.slice/$UNIT"
	systemctl daemon-reload
	same "$(cat $SCOPE/memory.max $SCOPE/pids.max | paste -sd' ')" "67108864 55"
	jr delete --force "$ID"
	[ ! -e "$SCOPE" ]
	same "$(property LoadState)" not-found
}

@test "update is told to systemd, too; what is refused changes nothing" {
	sleeper
	resources '{memory: {limit: 67108864}, cpu: {quota: 50000, period: 200000}}'
	sd_started
	jr update --memory 32M --cpu-quota 100000 --pids-limit 44 "$ID"
	same "$(property MemoryMax) $(property CPUQuotaPerSecUSec) $(property TasksMax)" "33554432 500ms 44"
	same "$(cat $SCOPE/memory.max $SCOPE/pids.max $SCOPE/cpu.max | paste -sd' ')" "33554432 44 100000 200000"
	run jr update --memory 16M --cpuset-cpus 4000 "$ID"
	[ "$status" -eq 1 ]
	same "$(property MemoryMax) $(cat $SCOPE/memory.max)" "33554432 33554432"
}

@test "cgroupsPath names slice and unit, annotations set properties; pause, resume and kill work there" {
	UNIT=some-$ID.scope
	sleeper '.linux.cgroupsPath = "jail-rt.slice:some:" + $id | .annotations = {
		"org.systemd.property.TimeoutStopSec": "uint64 7", "org.systemd.property.KillSignal": "10",
		"org.systemd.property.CollectMode": "\u0027inactive-or-failed\u0027",
		"org.systemd.property.After": "[\u0027a.service\u0027, \"b.service\"]"}' --arg id "$ID"
	sd_started
	local dir=/sys/fs/cgroup/jail.slice/jail-rt.slice/$UNIT
	same "$(cat "$dir/cgroup.procs")" "$(pid_of "$ID")"
	same "$(property TimeoutStopUSec) $(property KillSignal) $(property CollectMode)" "7s 10 inactive-or-failed"
	[[ " $(property After) " == *" a.service "* && " $(property After) " == *" b.service "* ]]
	jr pause "$ID"
	is_status "$ID" paused
	grep -q 'frozen 1' "$dir/cgroup.events"
	jr resume "$ID"
	jr kill "$ID" KILL
	wait_for 60 is_status "$ID" stopped
	jr delete "$ID"
	[ ! -e "$dir" ]
	config '.annotations = {"org.systemd.property.ExecStart": "[\u0027/bin/sh\u0027]"}'
	run sd create -b "$BUNDLE" "$ID"
	fails_with 1 "annotations.org.systemd.property.ExecStart"
	systemctl stop jail.slice
}

@test "a unit that is another's is refused, and a start that fails leaves none" {
	systemd-run --quiet --unit "$UNIT" --scope sleep 1000 3>&- &
	local other=$!
	wait_for 60 systemctl is-active --quiet "$UNIT"
	sleeper
	run sd create -b "$BUNDLE" "$ID"
	fails_with 1 "$UNIT"
	kill "$other"
	wait_for 60 eval '! systemctl is-active --quiet "$UNIT"'
	command_is /no/such/program
	run sd run -b "$BUNDLE" "$ID"
	fails_with 1 "/no/such/program"
	[ ! -e "$SCOPE" ]
	same "$(property LoadState)" not-found
	script 'cat /proc/self/cgroup'
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	run sd run -b "$BUNDLE" "$ID"
	says "0::/system.slice/$UNIT"
}

@test "a subgroup has the limits and the processes; what is delegated is below it, and has none" {
	bundle '.annotations = {"run.oci.systemd.subgroup": "container", "run.oci.delegate-cgroup": "inner"}
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	resources '{pids: {limit: 55}, memory: {limit: 67108864}}'
	script 'cat /proc/self/cgroup; cd /sys/fs/cgroup; echo +pids > cgroup.subtree_control; mkdir new; cat pids.max new/pids.max; echo ready; sleep 1000'
	sd create -b "$BUNDLE" "$ID" > out
	jr start "$ID"
	wait_for 60 grep -q ready out
	same "$(paste -sd' ' out)" "0::/inner 55 max ready"
	same "$(cat $SCOPE/container/memory.max $SCOPE/container/pids.max | paste -sd' ')" "67108864 55"
	grep -qx "$(pid_of "$ID")" "$SCOPE/container/inner/cgroup.procs"
	jr exec -d --pid-file pid "$ID" sleep 1000 3>&-
	same "$(cat "/proc/$(cat pid)/cgroup")" "0::/system.slice/$UNIT/container/inner"
	jr delete --force "$ID"
	[ ! -e "$SCOPE" ]
}

@test "the root of a user namespace has its cgroup for itself where it can write to it" {
	local manager
	bundle '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$T" "$BATS_FILE_TMPDIR" "$BUNDLE"
	resources '{pids: {limit: 55}}'
	script 'cd /sys/fs/cgroup && mkdir inner && echo 0 > inner/cgroup.procs && cat /proc/self/cgroup; echo max 2>/dev/null > pids.max || echo kept'
	for manager in systemd cgroupfs; do
		run jr --cgroup-manager $manager run -b "$BUNDLE" "$ID"
		same "${lines[*]}" "0::/inner kept"
	done
	config '.mounts[-1].options = ["ro"]'
	run sd run -b "$BUNDLE" "$ID"
	[[ "$output" == *kept* && "$output" != */inner* ]]
}

@test "a user's containers are scopes of the user's own systemd, with limits" {
	local home
	home=$(mktemp -d /mnt/user.XXXXXX)
	later rm -rf "$home"
	bundle
	"$JAILRT" spec --rootless -b "$home"
	cp -a "$BUNDLE/rootfs" "$home/"
	BUNDLE=$home
	config '.process.terminal = false | .linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = $u' --argjson u $USER_ID
	command_is sleep 1000
	resources '{memory: {limit: 67108864}, pids: {limit: 55}}'
	chown -R $USER_NAME: "$home"
	chmod 755 "$home"
	cat > "$home/script" <<-EOF
		cd "$home"
		r() { "$JAILRT" --root "$home/states" --systemd-cgroup "\$@"; }
		r create -b . "$ID" < /dev/null > created 2>&1 || { cat created; exit; }
		r start "$ID"
		dir=/sys/fs/cgroup/user.slice/user-$USER_ID.slice/user@$USER_ID.service/user.slice/$UNIT
		cat \$dir/memory.max \$dir/pids.max
		systemctl --user show -P MemoryMax $UNIT
		r update --memory 32M "$ID"
		systemctl --user show -P MemoryMax $UNIT
		r exec "$ID" cat /proc/self/cgroup
	EOF
	later as_user "$JAILRT" --root "$home/states" delete --force "$ID"
	run as_user bash "$home/script"
	same "${lines[*]}" "67108864 55 67108864 33554432 0::/"
	# From outside of the user's systemd only that can put a process into the scope.
	run setpriv --reuid $USER_NAME --regid $USER_NAME --init-groups --reset-env env XDG_RUNTIME_DIR=/run/user/$USER_ID \
		"$JAILRT" --root "$home/states" exec "$ID" cat /proc/self/cgroup
	same "$output" "0::/"
	as_user "$JAILRT" --root "$home/states" delete --force "$ID"
	[ ! -e "/sys/fs/cgroup/user.slice/user-$USER_ID.slice/user@$USER_ID.service/user.slice/$UNIT" ]
}
