#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore, as far as this kernel goes: what is refused, and what criu is asked for. That
# processes really come back is tested where criu works: tests/vm/criu.bats.
load helpers
load life

sleeper() {
	bundle "$@"
	command_is sleep 1000
}

# recorded ARGUMENTS: jailrt with a criu that only writes down what it is asked for, to $T/asked.
recorded() {
	run env CRIU_RECORD="$T/asked" "$JAILRT" --root "$STATES" \
		--criu "$BATS_TEST_DIRNAME/criu-recorder.py" "$@"
}

# asked LINE: criu was asked for that.
asked() {
	grep -qxF -- "$1" "$T/asked" || { cat "$T/asked"; echo "does not hold: $1"; return 1; }
}

not_asked() {
	! grep -q "^$1 " "$T/asked"
}

@test "checkpoint and restore without criu: said with the remedy, and nothing has changed" {
	mkdir empty images
	sleeper
	started "$ID"
	PATH=$T/empty run "$JAILRT" --root "$STATES" checkpoint --image-path images "$ID"
	fails_with 1 "criu is not installed"
	[[ "$output" == *"apt-get install criu"* ]]
	is_status "$ID" running
	PATH=$T/empty run "$JAILRT" --root "$STATES" restore -b "$BUNDLE" --image-path images "${ID}r"
	fails_with 1 "criu is not installed"
	same "$(jr list -q)" "$ID"
	run jr --criu /no/such/criu checkpoint --image-path images "$ID"
	fails_with 1 "/no/such/criu is not installed"
}

@test "checkpoint of a container that does not run is refused" {
	sleeper
	run jr checkpoint "$ID"
	fails_with 1 "container does not exist"
	jr create -b "$BUNDLE" "$ID"
	run jr checkpoint "$ID"
	fails_with 1 "cannot checkpoint a container that is created"
	jr start "$ID"
	jr kill "$ID" KILL
	wait_for 10 is_status "$ID" stopped
	run jr checkpoint "$ID"
	fails_with 1 "container not running"
	[ ! -e checkpoint ]
}

@test "restore of an id that is taken, or without images or bundle, is refused and leaves nothing" {
	sleeper
	started "$ID"
	mkdir images
	recorded restore -b "$BUNDLE" --image-path images "$ID"
	fails_with 1 "already exists"
	is_status "$ID" running
	recorded restore -b "$BUNDLE" --image-path no-images "${ID}r"
	fails_with 1 "--image-path: open 'no-images'"
	[ ! -e no-images ]
	recorded restore -b "$T/no-bundle" --image-path images "${ID}r"
	fails_with 1 "no-bundle"
	recorded restore -b "$BUNDLE" "${ID}r" more
	fails_with 1 "too many arguments"
	same "$(jr list -q)" "$ID"
}

@test "checkpoint and restore with bad values: an error each, and the container goes on" {
	sleeper
	started "$ID"
	mkdir images
	touch file
	local flags
	while read -r flags; do
		recorded checkpoint --image-path images ${flags%%|*} "$ID"
		fails_with 1 "${flags##*|}"
		is_status "$ID" running
		[ ! -e asked ]
	done <<-'EOF2'
		--manage-cgroups-mode nope|manage_cgroups_mode
		--network-lock nope|network_lock
		--page-server nowhere|--page-server: 'nowhere' is not ADDRESS:PORT
		--page-server :80|--page-server
		--page-server host:65536|--page-server
		--page-server host:80x|--page-server
		--parent-path /images|--parent-path: '/images' is absolute
		--parent-path ../none|--parent-path '../none'
		--parent-path ../file|Not a directory
		--empty-ns ipc|--empty-ns: 'ipc'
		--status-fd 77|--status-fd 77: it is not open
		--status-fd x|status_fd
		--tcp-close|tcp-close
		--lsm-profile apparmor:x|lsm-profile
	EOF2
	for flags in --leave-running --parent-path=x --pre-dump --page-server=a:1 --status-fd=1 \
		--tcp-skip-in-flight --link-remap; do
		recorded restore -b "$BUNDLE" --image-path images $flags "${ID}r"
		fails_with 1 "unknown option"
	done
	same "$(jr list -q)" "$ID"
}

@test "checkpoint: each flag gets to criu" {
	sleeper
	started "$ID"
	mkdir -p parent
	exec 7> status
	recorded checkpoint --image-path new/images --work-path new/work --leave-running --tcp-established \
		--tcp-skip-in-flight --link-remap --ext-unix-sk --shell-job --file-locks \
		--manage-cgroups-mode full --parent-path ../../parent --lazy-pages --status-fd 7 \
		--page-server 127.0.0.1:4321 --empty-ns network --auto-dedup --network-lock nftables "$ID"
	exec 7>&-
	fails_with 1 "criu:"
	[[ "$output" == *"Object is remote"* ]]
	local line
	while read -r line; do
		asked "$line"
	done <<-EOF2
		action 1
		1 $T/new/images
		2 $(pid_of "$ID")
		3 1
		4 1
		5 1
		7 1
		8 1
		10 dump.log
		11 127.0.0.1 4321
		12 1
		13 $BUNDLE/rootfs
		14 ../../parent
		15 1
		16 1
		17 $T/new/work
		18 1
		34 4
		38 1073741824
		46 1
		48 1
		49 $T/status
		50 1
		64 2
	EOF2
	same "$(stat -c %a new/images)" 700
	recorded checkpoint "$ID"
	asked "1 $T/checkpoint"
	asked "34 3"
	local field
	for field in 3 4 5 7 8 11 14 15 16 17 18 38 46 48 49 52 64; do
		not_asked $field
	done
	recorded checkpoint --pre-dump "$ID"
	asked "action 4"
	asked "stdin /dev/null"
	asked "own session True"
	asked "15 1"
	is_status "$ID" running
}

@test "restore: each flag gets to criu, and what was the host's gets its new place" {
	sleeper
	mkdir images data
	: > pid
	config '.mounts += [{destination: "/data", type: "bind", source: $d, options: ["bind"]}]' --arg d "$T/data"
	jq -n '{mounts: ["/data", "/data/deep", "/proc/kcore"], stdio: ["pipe:[12]", "file[1:2] null", ""]}' > images/jailrt.json
	recorded restore --image-path images --work-path work -b "$BUNDLE" --tcp-established --tcp-close \
		--ext-unix-sk --shell-job --file-locks --manage-cgroups-mode ignore --network-lock skip \
		--lsm-profile apparmor:other --lsm-mount-context some_t --empty-ns network --auto-dedup \
		--lazy-pages --no-subreaper --no-pivot --detach --pid-file pid "$ID" < "$BUNDLE/config.json"
	fails_with 1 "criu:"
	local line
	while read -r line; do
		asked "$line"
	done <<-EOF2
		action 2
		stdin $BUNDLE/config.json
		own session False
		1 $T/images
		4 1
		5 1
		6 1
		7 1
		8 1
		10 restore.log
		13 $BUNDLE/rootfs
		16 1
		17 $T/work
		23 /data $T/data
		23 /data/deep $T/data/deep
		23 /proc/kcore /dev/null
		26 1
		27 pipe:[12] $BUNDLE/config.json
		27 file[1:2] /dev/null
		34 0
		38 1073741824
		48 1
		52 1
		53 apparmor:other
		63 some_t
		64 3
	EOF2
	same "$(jr list -q)" ""
	[ ! -s pid ]
	grep -q "$BUNDLE" /proc/self/mountinfo && return 1
	echo '{"stdio": ["", "file[1:2] file"]}' > images/jailrt.json
	recorded restore --image-path images -b "$BUNDLE" "$ID"
	fails_with 1 "fd 1 was a file when the container was written"
	echo '{"mounts": ["/elsewhere"]}' > images/jailrt.json
	recorded restore --image-path images -b "$BUNDLE" "$ID"
	fails_with 1 "'/elsewhere'"
}

@test "restore: joined namespaces are handed over, and the cgroup is the new container's" {
	local other
	unshare --net --ipc --uts sleep 1000 3>&- &
	other=$!
	later kill "$other"
	wait_for 10 runs "$other" sleep
	mkdir images
	sleeper '.linux.namespaces |= map(if .type == "network" then .path = "/proc/\($p)/ns/net"
		elif .type == "ipc" then .path = "/proc/\($p)/ns/ipc" else . end)' --arg p "$other"
	recorded restore --image-path images -b "$BUNDLE" "$ID"
	asked "27 extRootNetNS $(readlink "/proc/$other/ns/net")"
	asked "39 ipc /proc/$other/ns/ipc"
	grep -q "^25 .*/$ID\$" asked
	started "$ID"
	recorded checkpoint "$ID"
	asked "37 $(readlink "/proc/$other/ns/net" | tr -d :):extRootNetNS"
}

@test "checkpoint and restore: criu's own configuration is that of the annotation" {
	touch own.conf
	mkdir images
	sleeper '.annotations = {"org.criu.config": $f}' --arg f "$T/own.conf"
	started "$ID"
	recorded checkpoint "$ID"
	asked "51 $T/own.conf"
	recorded restore --image-path images -b "$BUNDLE" "${ID}r"
	asked "51 $T/own.conf"
	config '.annotations["org.criu.config"] = "/no/such.conf"'
	recorded restore --image-path images -b "$BUNDLE" "${ID}r"
	fails_with 1 "org.criu.config: '/no/such.conf'"
	config '.annotations["org.criu.config"] = ""'
	recorded restore --image-path images -b "$BUNDLE" "${ID}r"
	not_asked 51
}

@test "checkpoint that criu cannot make: its errors and its log are named, and the container goes on" {
	# What no kernel writes down: a process that is traced.
	local pid tracer
	sleeper
	started "$ID"
	pid=$(pid_of "$ID")
	strace -qq -o /dev/null -p "$pid" 3>&- &
	tracer=$!
	wait_for 10 grep -q "^TracerPid:.$tracer" "/proc/$pid/status"
	run jr checkpoint --image-path images --work-path logs "$ID"
	fails_with 1 "criu"
	[ -s logs/dump.log ]
	[[ "$output" == *"logs/dump.log"* ]]
	is_status "$ID" running
	kill "$tracer"
	wait "$tracer" || true
	is_status "$ID" running
}

@test "restore: the config is read as create reads it" {
	sleeper
	mkdir images
	jq '.unheard = 1' "$BUNDLE/config.json" > other.json
	recorded restore --strict --image-path images -b "$BUNDLE" -f other.json "$ID"
	fails_with 1 "other.json:"
	[[ "$output" == *unheard* ]]
	recorded restore --image-path images -b "$BUNDLE" -f none.json "$ID"
	fails_with 1 "none.json"
	recorded restore --image-path images -b "$BUNDLE" --set root.path=elsewhere "$ID"
	fails_with 1 "elsewhere"
	recorded restore --image-path images -b "$BUNDLE" --seccomp-profile pyhton "$ID"
	fails_with 1 "pyhton"
	[ ! -e asked ]
	# As it stands it is handed to criu.
	recorded restore --image-path images -b "$BUNDLE" -f other.json --set root.readonly=true \
		--seccomp-profile python "$ID"
	asked "action 2"
	same "$(jr list -q)" ""
}
