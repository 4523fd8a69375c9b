# SPDX-License-Identifier: Apache-2.0
# containerd's CRI plugin, which is what a kubelet speaks to, with the files of contrib/containerd and
# contrib/kubernetes. Handlers are named like runtimes.
engine_about='containerd by CRI, as Kubernetes asks it'
engine_peers='runc crun'
. "$here/containerd.bash"
export CRI_MESSAGES=$W/messages

cri() {
	"$here/cri" "$@"
}

engine_versions() {
	containerd --version | awk '{ print $1, $3 }'
}

engine_begin() {
	containerd_begin
	mkdir -p "$CRI_MESSAGES"
	protoc -I "$here" --python_out "$CRI_MESSAGES" cri.proto
	docker_archive "$W/pause.tar" localhost/pause:latest '{"Env": ["PATH=/bin"], "Cmd": ["sh", "-c",
		"trap exit TERM INT; while :; do sleep 1000 & wait $!; done"]}'
	docker_archive "$W/bb.tar" docker.io/library/busybox:latest '{"Env": ["PATH=/bin"], "Cmd": ["sh"]}'
	ctr -n k8s.io image import "$W/pause.tar"
	ctr -n k8s.io image import "$W/bb.tar"
	# The network's bridge stays.
	echo '{"metadata": {"name": "first", "uid": "first", "namespace": "default"}, "hostname": "first"}' \
		> "$W/first.json"
	local id
	id=$(cri runp runc "$W/first.json")
	cri stopp "$id"
	cri rmp "$id"
}

engine_reset() {
	local id
	for id in $(cat "$W/pods" 2>/dev/null); do
		cri stopp "$id"
		cri rmp "$id"
	done
	rm -rf "$W/pods" "$W/logs"
	# As a kubelet does.
	find /sys/fs/cgroup -depth -path '*/kubepods*' -type d -exec rmdir {} +
}

engine_left() { containerd_left; }

# pod [JQ-FILTER]: a sandbox $POD, of the configuration pod.json.
pod() {
	jq -n --arg n "$N" --arg l "$W/logs" '{metadata: {name: $n, uid: $n, namespace: "default"}, hostname: $n,
		log_directory: $l, linux: {cgroup_parent: ("/kubepods/" + $n)}} |'" ${1:-.}" > pod.json
	mkdir -p "$W/logs"
	POD=$(cri runp "$RT" pod.json)
	echo "$POD" >> "$W/pods"
}

# container FILTER COMMAND…: $C in it, started. jq would take words for its options, but for the x.
container() {
	local filter=$1
	shift
	made=$RANDOM$RANDOM
	jq -n --arg n "c$made" '{metadata: {name: $n}, image: {image: "busybox"}, command: [$ARGS.positional[][1:]],
		log_path: ($n + ".log"), linux: {security_context: {namespace_options: {pid: "CONTAINER"}}}} |
		'"$filter" --args "${@/#/x}" > config.json
	C=$(cri create "$POD" config.json pod.json)
	cri start "$C"
}
SLEEPER='trap "exit 3" TERM; while :; do sleep 1000 & wait $!; done'
sleeper() {
	container "${1:-.}" sh -c "$SLEEPER"
}

is_now() {
	cri status "$1" | jq -r '"\(["created", "running", "exited"][.state]) \(.exit_code) \(.reason)"'
}

# cgroup CONTROLLER FILE…: of $C.
cgroup() {
	local procs
	procs=$(find /sys/fs/cgroup -path "*/$C/cgroup.procs" | head -n 1)
	cgroup_says "$(head -n 1 "$procs")" "$@"
}

# ended: waits for $C, and tells its log without times.
ended() {
	until_ok 10 eval 'is_now "$C" | grep -q exited'
	is_now "$C"
	sed 's/^[^ ]* //' "$W/logs/c$made.log"
}

scenario pod 'a sandbox: its address, its end'
s_pod() {
	pod
	cri statusp "$POD" | jq -c '.state, .runtime_handler, (.network.ip | test("^10\\.88\\.5\\."))'
	cri stopp "$POD"
	cri statusp "$POD" | jq -c .state
	cri rmp "$POD"
	: > "$W/pods"
	refuses 'no runtime for "nosuch"' cri runp nosuch pod.json
}

scenario container 'a container: created, started, stopped, removed; its log'
s_container() {
	pod
	sleeper
	is_now "$C"
	cri stop "$C" 10
	is_now "$C"
	cri rm "$C"
	refuses 'not found' cri start "$C"
	container . sh -c 'echo out; sleep 0.3; echo err >&2; exit 7'
	ended
	container . sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	cri stop "$C" 1
	is_now "$C"
}

scenario run-missing 'a program that is not there, or may not be run'
s_run_missing() {
	pod
	refuses 'executable file not found in $PATH' container . nosuch
	refuses 'no such file or directory' container . /nosuch
	refuses 'permission denied' container . /etc/passwd
}

scenario world 'what a container sees of itself'
s_world() {
	pod
	container '.linux.security_context.masked_paths = ["/proc/keys", "/sys/firmware"] |
		.linux.security_context.readonly_paths = ["/proc/sys"]' sh -c \
		'id; pwd; hostname; env | grep -v _PORT | sort; umask; cd /dev; stat -c "%N %F %a %t:%T" *; cd /
		grep -E "^(Cap|NoNewPrivs|Seccomp:|Sig[BC]|ShdPnd)" /proc/self/status; ls /proc/self/fd | wc -l
		cat /proc/self/limits /proc/self/oom_score_adj /proc/1/comm; ls /sys/fs/cgroup
		awk "{ print \$5, \$6 }" /proc/self/mountinfo | grep -vE "/proc/[a-z]+[ _-]|firmware|/sys/fs/cgroup "
		cat /proc/keys | wc -c; (echo x > /proc/sys/kernel/hostname) 2>&1 || true'
	ended
}

scenario exec 'exec: output, status, a time limit'
s_exec() {
	pod
	sleeper
	code cri exec "$C" sh -c 'id; pwd; cat /proc/self/oom_score_adj; exit 5'
	cri exec "$C" sh -c 'echo err >&2' 2>&1
	refuses 'executable file not found in $PATH' cri exec "$C" nosuch
	refuses 'permission denied' cri exec "$C" /etc/passwd
	cri stop "$C" 5
	refuses CONTAINER_EXITED cri exec "$C" true
}

scenario shared 'containers of a pod share network, names and, if asked, processes'
s_shared() {
	local first
	pod
	sleeper
	first=$C
	sleeper '.linux.security_context.namespace_options.pid = "POD"'
	for n in net ipc uts; do
		is "$(cri exec "$first" readlink /proc/self/ns/$n)" "$(cri exec "$C" readlink /proc/self/ns/$n)"
	done
	cri exec "$C" ps -o comm | sort | uniq -c
	cri exec "$first" cat /proc/1/cmdline | tr '\0' ' ' | cut -c1-12
}

scenario host 'the network and processes of the node'
s_host() {
	pod 'del(.hostname) | .linux.security_context.namespace_options = {network: "NODE", pid: "NODE"}'
	sleeper '.linux.security_context.namespace_options = {network: "NODE", pid: "NODE"}'
	is "$(readlink /proc/self/ns/net)" "$(cri exec "$C" readlink /proc/self/ns/net)"
	is "$(readlink /proc/self/ns/pid)" "$(cri exec "$C" readlink /proc/self/ns/pid)"
}

scenario limits 'memory, processors; an update of them; use'
s_limits() {
	pod
	sleeper '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_period: 100000, cpu_quota: 50000,
		cpu_shares: 512, cpuset_cpus: "0", oom_score_adj: 900}'
	cgroup memory memory.limit_in_bytes
	cgroup cpu cpu.cfs_quota_us cpu.shares
	cgroup cpuset cpuset.cpus
	cri exec "$C" cat /proc/1/oom_score_adj
	echo '{"memory_limit_in_bytes": 134217728, "cpu_quota": 30000, "cpu_period": 100000, "cpu_shares": 300}' \
		> update.json
	cri update "$C" update.json
	cgroup memory memory.limit_in_bytes
	cgroup cpu cpu.cfs_quota_us cpu.shares
	cri exec "$C" sh -c 'echo > /dev/null && echo devices as before'
	cri stats "$C" | jq '(.memory.value.value | tonumber > 0), (.cpu.value.value | tonumber > 0)'
}

scenario oom 'too much memory: killed, and told so'
s_oom() {
	pod
	container '.linux.resources.memory_limit_in_bytes = 16777216' \
		sh -c 'sleep 1; tail -c 60m /dev/zero > /dev/null; echo $?; sleep 1; exit 9'
	ended | sort
}

scenario security 'users, capabilities, seccomp, a read-only root filesystem'
s_security() {
	pod
	container '.linux.security_context += {run_as_user: {value: 1000}, run_as_group: {value: 5},
		supplemental_groups: [2000], readonly_rootfs: true, no_new_privs: true,
		capabilities: {drop_capabilities: ["ALL"], add_capabilities: ["NET_BIND_SERVICE"]}}' sh -c \
		'id; touch /x 2>&1 || echo refused; grep -E "^(Cap|NoNew)" /proc/self/status'
	ended
	container '.linux.security_context.seccomp.profile_type = 0' sh -c \
		'grep Seccomp: /proc/self/status; unshare -U true 2>&1 || echo refused'
	ended
}

scenario mounts 'folders of the node; a sysctl of the pod'
s_mounts() {
	mkdir -p "$W/logs/data"
	echo there > "$W/logs/data/file"
	pod '.linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "99"}'
	container '.mounts = [{container_path: "/v", host_path: "'"$W"'/logs/data", readonly: true},
		{container_path: "/w", host_path: "'"$W"'/logs/data"}]' sh -c \
		'cat /v/file; touch /v/x 2>&1 || echo refused; touch /w/made
		cat /proc/sys/net/ipv4/ip_unprivileged_port_start'
	ended
	ls "$W/logs/data"
}

scenario tty 'a terminal'
s_tty() {
	pod
	container '.tty = true' sh -c 'tty; test -t 0 && echo terminal'
	until_ok 10 eval 'is_now "$C" | grep -q exited'
	sed 's/^[^ ]* //' "$W/logs/c$made.log" | tr -d '\r'
}

scenario manifest 'the pod and the RuntimeClass that contrib/kubernetes ships'
s_manifest() {
	local handler
	handler=$(sed -n 's/^handler: //p' "$here/../../contrib/kubernetes/runtimeclass.yaml")
	is "$handler" "$(sed -n 's/^ *runtimeClassName: //p' "$here/../../contrib/kubernetes/pod.yaml")"
	is jailrt "$handler"
	cri pod "$here/../../contrib/kubernetes/pod.yaml" > both
	head -n 1 both > pod.json
	tail -n 1 both > config.json
	POD=$(cri runp "$RT" pod.json)
	echo "$POD" >> "$W/pods"
	C=$(cri create "$POD" config.json pod.json)
	cri start "$C"
	cri exec "$C" sh -c 'id; hostname; touch /x 2>&1 || echo refused; grep -E "^(Cap|NoNew)" /proc/self/status'
	cgroup memory memory.limit_in_bytes
	cgroup cpu cpu.cfs_quota_us
	cri stop "$C" 5
	is_now "$C"
}
