# SPDX-License-Identifier: Apache-2.0
# Scenarios of podman as root: limits, devices, networks, user namespaces.

# cgroup_file V1-CONTROLLER V1-FILE V2-FILE: of the container named $N.
cgroup_file() {
	local pid path
	pid=$(inspect '{{.State.Pid}}')
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		path=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$3
	else
		path=/sys/fs/cgroup/$1$(awk -F: -v c="$1" '$2 == c { print $3 }' "/proc/$pid/cgroup")/$2
	fi
	cat "$path"
}

scenario pause 'pause, unpause'
s_pause() {
	up bb sh -c 'i=0; while :; do i=$((i + 1)); echo $i > /tmp/i; sleep 0.02; done'
	p pause "$N" > said
	inspect '{{.State.Status}}'
	local root before
	root=/proc/$(inspect '{{.State.Pid}}')/root
	before=$(cat "$root/tmp/i")
	sleep 0.2
	is "$before" "$(cat "$root/tmp/i")"
	refuses 'container state improper' p exec "$N" true
	p unpause "$N" > said
	inspect '{{.State.Status}}'
	p exec "$N" echo goes on
}

scenario stats 'stats'
s_stats() {
	sleeper --memory 64m --pids-limit 20
	p stats --no-stream --format '{{.Name}} {{.PIDs}}' "$N"
	[ "$(p stats --no-stream --format json "$N" | jq -r '.[0].mem_usage' | cut -d/ -f2 | tr -d ' ')" = 67.11MB ]
}

scenario limits '--memory, --memory-swap, --pids-limit, --cpus, --cpuset-cpus, --cpu-shares, --blkio-weight'
s_limits() {
	sleeper --memory 64m --memory-swap 96m --memory-reservation 32m --pids-limit 77 --cpus 0.5 --cpuset-cpus 0 \
		--cpu-shares 512
	cgroup_file memory memory.limit_in_bytes memory.max
	cgroup_file memory memory.soft_limit_in_bytes memory.low
	cgroup_file pids pids.max pids.max
	cgroup_file cpu cpu.cfs_quota_us cpu.max
	cgroup_file cpuset cpuset.cpus cpuset.cpus
	cgroup_file cpu cpu.shares cpu.weight
	p exec "$N" sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max 2>/dev/null' || true
}

scenario limit-pids 'the limit of tasks holds'
s_limit_pids() {
	runs --pids-limit 5 bb sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done' 2> said || true
	grep -c -i "can't fork" said
}

scenario oom 'a program that is killed for want of memory'
s_oom() {
	up --memory 16m --memory-swap 16m bb sh -c 'x=$(head -c 100000000 /dev/zero | tr "\0" x)'
	is 137 "$(p wait "$N")"
	inspect '{{.State.ExitCode}} {{.State.OOMKilled}}'
}

scenario update 'update'
s_update() {
	sleeper --memory 64m
	p update --memory 100m --cpus 0.25 "$N" > said
	cgroup_file memory memory.limit_in_bytes memory.max
	cgroup_file cpu cpu.cfs_quota_us cpu.max
}

scenario cgroup-parent '--cgroup-parent, and what is cleaned up'
s_cgroup_parent() {
	sleeper --cgroup-parent /theparent
	# The second version's hierarchy beside the first's is used for what only it can do.
	grep -v ^0:: "/proc/$(inspect '{{.State.Pid}}')/cgroup" | cut -d: -f3 | grep -c ^/theparent/
	p rm -f -t 0 "$N" > said
	# podman leaves conmon's, in which that still may be.
	find /sys/fs/cgroup -path '*/theparent/libpod-*' -type d | wc -l
	until_ok 10 remove_parent
}
remove_parent() {
	find /sys/fs/cgroup -depth -path '*/theparent*' -type d -exec rmdir {} + || true
	[ -z "$(find /sys/fs/cgroup -name theparent)" ]
}

scenario device '--device, with a path and rights of its own; others are refused'
s_device() {
	runs --device /dev/fuse bb stat -c '%n %A %t:%T' /dev/fuse
	runs --device /dev/kmsg:/dev/other:r bb sh -c 'exec 2>&1
		test -e /dev/other && : 3< /dev/other && echo read; : > /dev/other' || true
	runs --cap-add mknod bb sh -c 'exec 2>&1; mknod /dev/x b 7 0 && echo made; : < /dev/x' || true
	runs --device-cgroup-rule 'c 10:229 rwm' --cap-add mknod bb \
		sh -c 'mknod /dev/k c 10 229; : < /dev/k && echo opened'
	p run --rm --network none --privileged bb sh -c 'test -e /dev/kmsg && : < /dev/kmsg && echo privileged'
}

scenario volume-recursive '--volume of a folder with a mount below: ro, rro, propagation'
s_volume_recursive() {
	mkdir -p v/sub
	mount -t tmpfs tmpfs v/sub
	runs -v "$PWD/v:/v:ro" bb sh -c 'exec 2>&1; touch /v/x; touch /v/sub/x && echo below'
	sleeper -v "$PWD/v:/v:rslave"
	mkdir v/late
	mount -t tmpfs tmpfs v/late
	p exec "$N" grep -c ' /v/late ' /proc/mounts
	p rm -f -t 0 "$N" > said
	umount v/sub v/late
}

scenario volume-idmap '--volume idmap' crun
s_volume_idmap() {
	mkdir v
	touch v/file
	runs --uidmap 0:20000:1000 --gidmap 0:20000:1000 -v "$PWD/v:/v:idmap" bb stat -c '%u %g' /v/file
	runs --uidmap 0:20000:1000 --gidmap 0:20000:1000 -v "$PWD/v:/v:idmap" bb touch /v/new
	stat -c '%u %g' v/new
}

scenario userns-auto '--userns=auto, and a size'
s_userns_auto() {
	runs --userns auto:size=2000 bb cat /proc/self/uid_map | awk '{ print $1, ($2 >= 100000), $3 }'
	runs --userns auto bb sh -c 'touch /x; stat -c %u /x'
	sleeper --userns auto:size=3000
	p exec "$N" id
}

scenario network-bridge '--network bridge: an address, a port, names'
s_network_bridge() {
	trap 'p rm -f -t 0 "$N" > said; p network rm -f "$N" > said' EXIT
	p network create "$N" > said
	p run -d --network "$N" --name "$N" -p 127.0.0.1:7788:7777 bb nc -ll -p 7777 -e echo served > id
	until_ok 5 eval 'nc_host 7788 | grep served'
	p run --rm --network "$N" bb ip -o -4 addr show eth0 | awk '{ print $2, $3, substr($4, 1, 3) }'
	until_ok 5 eval 'p run --rm --network "$N" bb nc "$N" 7777 < /dev/null | grep served'
	p run --rm --network "$N" bb nslookup "$N" 2>&1 | grep -c Address
}
nc_host() {
	timeout 2 socat - "TCP:127.0.0.1:$1" < /dev/null
}

scenario hooks 'hooks of --hooks-dir see the state'
s_hooks() {
	mkdir hooks
	cat > hooks/h.json <<-END
		{"version": "1.0.0", "when": {"always": true}, "stages": ["createRuntime", "poststop"],
		 "hook": {"path": "$PWD/hook"}}
	END
	printf '#!/bin/sh\njq -r ".status, (.pid > 0), (.bundle | length > 0)" >> %s\n' "$PWD/seen" > hook
	chmod +x hook
	p --hooks-dir "$PWD/hooks" run --rm --network none bb true
	cat seen
	printf '#!/bin/sh\necho no >&2; exit 3\n' > hook
	refuses 'hook' p --hooks-dir "$PWD/hooks" run --rm --network none bb true
}

scenario privileged '--privileged: devices, /sys, capabilities'
s_privileged() {
	runs --privileged bb sh -c 'mkdir /m; mount -t tmpfs x /m && echo mounts
		grep -c " /sys/fs/cgroup" /proc/self/mountinfo'
	runs --privileged bb awk '$5 == "/sys" { print $6 }' /proc/self/mountinfo
}

scenario annotations 'a jail that is stricter by annotations' none
s_annotations() {
	exits 137 runs --annotation org.jailrt.time_limit=1 bb sleep 50
}
