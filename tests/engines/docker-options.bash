# SPDX-License-Identifier: Apache-2.0
# docker: what `docker run` may be told.

scenario read-only 'a root filesystem that is not written to; a tmpfs'
s_read_only() {
	runs --read-only --tmpfs /tmp:size=1m,mode=1777 bb sh -c \
		'touch /x 2>&1 || echo refused; touch /tmp/x; df /tmp | tail -n 1'
}

scenario volumes 'folders of the host, read-only or not; named volumes'
s_volumes() {
	echo there > "$S/file"
	runs -v "$S:/v:ro" bb sh -c 'cat /v/file; touch /v/x 2>&1 || echo refused'
	runs -v "$S:/v" bb touch /v/made
	ls "$S"
	runs --mount "type=bind,src=$S,dst=/v,bind-propagation=rslave" bb sh -c \
		'grep -c " /v .* master:" /proc/self/mountinfo || true'
	docker volume create kept > /dev/null
	runs -v kept:/home bb sh -c 'echo kept > /home/file'
	runs -v kept:/home:ro bb cat /home/file
	docker volume rm kept
	refuses 'bind source path does not exist' runs --mount "type=bind,src=$W/none,dst=/v" bb true
}

scenario capabilities 'more, fewer, none'
s_capabilities() {
	runs --cap-add SYS_ADMIN --cap-drop CHOWN bb grep Cap /proc/self/status
	runs --cap-drop ALL bb grep Cap /proc/self/status
	runs --cap-drop ALL --cap-add NET_BIND_SERVICE -u 1000 bb grep Cap /proc/self/status
	runs --security-opt no-new-privileges bb grep NoNew /proc/self/status
}

scenario privileged 'every capability and device there is'
s_privileged() {
	runs --privileged bb grep CapEff /proc/self/status
}

scenario seccomp 'the default profile, none, one from a file'
s_seccomp() {
	runs bb sh -c 'grep Seccomp: /proc/self/status; unshare -U true 2>&1 || echo refused'
	runs --security-opt seccomp=unconfined bb grep Seccomp: /proc/self/status
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
		"action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' > "$S/profile.json"
	runs --security-opt "seccomp=$S/profile.json" bb sh -c 'mkdir /a 2>&1 || echo refused'
}

scenario devices 'devices, and rules for them'
s_devices() {
	runs --device /dev/zero:/dev/other:r bb sh -c \
		'stat -c %F:%t:%T /dev/other; head -c 3 /dev/other | wc -c
		dd if=/dev/null of=/dev/other count=0 2>&1 || echo refused'
	runs --device-cgroup-rule 'c 10:* rwm' bb sh -c \
		'mknod /f c 10 229 && dd if=/f of=/dev/null count=0 2>&1 && echo allowed'
	runs bb sh -c 'mknod /f c 10 229 && dd if=/f of=/dev/null count=0 2>&1 || echo refused'
}

scenario ulimits 'limits of the process; a score for the killer'
s_ulimits() {
	runs --ulimit nofile=100:200 --ulimit core=0 --oom-score-adj 500 bb sh -c \
		'ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj'
}

scenario sysctl 'kernel parameters, names, shared memory'
s_sysctl() {
	runs --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=1111 -h some --domainname body.org \
		--shm-size 2m bb sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax; hostname
		cat /proc/sys/kernel/domainname; df /dev/shm | tail -n 1'
}

scenario user 'users, groups, a directory, an environment'
s_user() {
	runs -u 1000:5 --group-add 2000 -w /tmp/made -e A=b bb sh -c 'id; pwd; env | sort' |
		sed 's/HOSTNAME=.*//'
	runs -u user bb id
	exits 125 runs -u nobody-here bb id
}

scenario init 'an init of docker'\''s own'
s_init() {
	code runs --init bb sh -c 'cat /proc/1/comm; exit 6'
}

scenario limits 'memory, swap, processors, processes, input and output'
s_limits() {
	sleeper --memory 64m --memory-reservation 32m --cpus 0.3 --pids-limit 20 --cpuset-cpus 0 \
		--cpu-shares 300
	cgroup memory memory.limit_in_bytes memory.memsw.limit_in_bytes memory.soft_limit_in_bytes
	cgroup cpu cpu.cfs_quota_us cpu.shares
	cgroup cpuset cpuset.cpus
	cgroup pids pids.max
	runs --pids-limit 5 bb sh -c 'for i in 1 2 3 4 5 6 7; do sleep 1 & done; wait' 2> forks || echo "exit $?"
	sort -u forks
}

scenario cgroup-v1 'what only the first version of cgroups has'
s_cgroup_v1() {
	runs --memory 64m --oom-kill-disable --memory-swappiness 10 bb \
		cat /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory/memory.swappiness
	runs --device-cgroup-rule 'c 10:* rwm' bb sort /sys/fs/cgroup/devices/devices.list |
		grep -x 'c 10:\* rwm'
}

scenario cgroups 'a parent for the cgroup; a cgroup namespace or the host'\''s'
s_cgroups() {
	local line=memory:
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || line=^0::
	runs --cgroup-parent /engines bb grep "$line" /proc/self/cgroup
	rmdir /sys/fs/cgroup/engines /sys/fs/cgroup/*/engines 2>/dev/null || true
	runs --cgroupns private bb grep "$line" /proc/self/cgroup
	runs --cgroupns host bb grep "$line" /proc/self/cgroup
}

scenario namespaces 'those of the host, and of another container'
s_namespaces() {
	local n
	for n in pid ipc uts; do
		is "$(readlink /proc/self/ns/$n)" "$(runs --$n host bb readlink /proc/self/ns/$n)"
	done
	is "$(readlink /proc/self/ns/net)" \
		"$(docker run --runtime "$RT" --rm --network host bb readlink /proc/self/ns/net)"
	sleeper --ipc shareable
	is "$(docker exec "$N" readlink /proc/self/ns/net)" "$(docker run --runtime "$RT" --rm \
		--network "container:$N" bb readlink /proc/self/ns/net)"
	is "$(docker exec "$N" readlink /proc/self/ns/pid)" \
		"$(runs --pid "container:$N" --ipc "container:$N" bb readlink /proc/self/ns/pid)"
}

scenario bridge 'a network: a port of the host, a name, a second network'
s_bridge() {
	up -p 127.0.0.1:8081:80 bb sh -c 'mkdir /web; echo served > /web/i; exec httpd -f -p 80 -h /web'
	until_ok 10 busybox wget -q -O page http://127.0.0.1:8081/i
	cat page
	rm page
	docker run --runtime "$RT" --rm --link "$N:peer" bb wget -q -O - http://peer/i
	docker network create --subnet 172.29.5.0/24 "$N-net" > /dev/null
	docker network connect "$N-net" "$N"
	docker exec "$N" ip -o -4 addr | grep -c 'scope global'
	docker run --runtime "$RT" --rm --network "$N-net" bb wget -q -O - "http://$N/i"
	docker network disconnect "$N-net" "$N"
	docker network rm "$N-net"
}
