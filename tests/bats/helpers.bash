# SPDX-License-Identifier: Apache-2.0
# What behaviour tests share. Each test has a folder of its own, $T, with a state directory and bundles;
# whatever it leaves is removed, and being left is a failure: of processes, mounts, cgroups, namespaces.
# Names of containers begin with $ID, which no other test on the machine has at the same time: cgroups are
# named by them.

: "${JAILRT:=$BATS_TEST_DIRNAME/../../build/jailrt}"
SAN=${SAN-}
ID=${ID_PREFIX:-t}$$r$RANDOM

# A busybox root filesystem, made once a file.
setup_file() {
	export ROOTFS="$BATS_FILE_TMPDIR/rootfs"
	mkdir -p "$ROOTFS"/{bin,etc,proc,sys,dev,tmp,root,run,var,home}
	cp /bin/busybox "$ROOTFS/bin/busybox"
	local applet
	for applet in $(/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -sf busybox "$ROOTFS/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' > "$ROOTFS/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' > "$ROOTFS/etc/group"
	chmod 1777 "$ROOTFS/tmp"
	type -t setup_suite_file >/dev/null && setup_suite_file || true
}

setup() {
	T=$(mktemp -d "$BATS_FILE_TMPDIR/t.XXXXXX")
	[ -z "$SAN" ] || sanitizers_write_to "$T.san"
	STATES="$T/states"
	CONTAINERS=0
	LATER=
	LEFT_BEFORE=$(left)
	cd "$T"
}

# later COMMAND...: is done when the test ends, however it ends; the last one first.
later() {
	LATER="$(printf '%q ' "$@")"$'\n'"$LATER"
}

# bats looks at the status of the whole, not of each command.
teardown() {
	local id bad=0
	eval "$LATER"
	for id in $("$JAILRT" --root "$STATES" list -q 2>/dev/null); do
		"$JAILRT" --root "$STATES" delete --force "$id" || true
	done
	cd /
	[ -z "$SAN" ] || no_findings "$T.san" || bad=1
	# A test that failed has said why; its left-overs would only hide that.
	if [ "${BATS_TEST_COMPLETED:-}" = 1 ]; then
		no_left_overs || bad=1
	fi
	rm -rf "$T" || bad=1
	return $bad
}

# jr ARGUMENTS: jailrt with this test's state directory.
jr() {
	"$JAILRT" --root "$STATES" "$@"
}

# bundle [JQ-FILTER]: makes a bundle in $BUNDLE: the config that `spec` writes, without a terminal, changed
# by the filter. Its root filesystem is a copy of its own; but for /bin, whose many links take their time.
bundle() {
	CONTAINERS=$((CONTAINERS + 1))
	BUNDLE="$T/bundle$CONTAINERS"
	mkdir -p "$BUNDLE/rootfs"
	cp -al "$ROOTFS/bin" "$BUNDLE/rootfs/"
	cp -a "$ROOTFS"/[!b]* "$BUNDLE/rootfs/"
	"$JAILRT" spec -b "$BUNDLE"
	config '.process.terminal = false'
	[ $# -eq 0 ] || config "$@"
}

# config FILTER [JQ-OPTIONS]: changes $BUNDLE/config.json.
config() {
	local filter=$1
	shift
	jq "$@" "$filter" "$BUNDLE/config.json" > "$BUNDLE/config.new"
	mv "$BUNDLE/config.new" "$BUNDLE/config.json"
}

# command_is ARGUMENTS: what the container runs.
command_is() {
	local a list=
	for a in "$@"; do
		list+="${list:+,}$(printf '%s' "$a" | jq -Rs .)"
	done
	config '.process.args = $a' --argjson a "[$list]"
}

# script TEXT: the container runs this with sh.
script() {
	command_is sh -c "$1"
}

status_of() {
	jr state "$1" | jq -r .status
}

# wait_for SECONDS COMMAND: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { echo "gave up waiting for: $*"; return 1; }
		sleep 0.05
	done
}

is_status() {
	[ "$(status_of "$1")" = "$2" ]
}

# What a test could leave: its own processes, mounts and cgroups; others may be at work on the machine.
left() {
	echo "processes: $(pgrep -f -- "--root $BATS_FILE_TMPDIR" || true)"
	echo "mounts: $(grep -c -F "$BATS_FILE_TMPDIR" /proc/self/mountinfo || true)"
	echo "cgroups: $(cgroups_of "$ID")"
}

# cgroups_of NAME: the cgroups of all containers whose names begin so.
cgroups_of() {
	find /sys/fs/cgroup -type d -name "$1*" 2>/dev/null || true
}

no_left_overs() {
	local now
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		now=$(left)
		[ "$now" = "$LEFT_BEFORE" ] && return 0
		sleep 0.2
	done
	printf 'left over, before:\n%s\nnow:\n%s\n' "$LEFT_BEFORE" "$now"
	return 1
}

# not COMMAND: must fail. A plain "! COMMAND" is no check: the shell does not end a test for it.
not() {
	if "$@"; then
		echo "succeeded: $*"
		return 1
	fi
}

# fails_with STATUS TEXT: of the last `run`.
fails_with() {
	[ "$status" -eq "$1" ] || { echo "status $status, not $1: $output"; return 1; }
	[[ "$output" == *"$2"* ]] || { echo "'$output' does not hold '$2'"; return 1; }
}

# says TEXT: the last `run` succeeded, and its output holds the text.
says() {
	[ "$status" -eq 0 ] || { echo "status $status: $output"; return 1; }
	[[ "$output" == *"$1"* ]] || { echo "'$output' does not hold '$1'"; return 1; }
}

# needs_capability CAP_NAME NUMBER: skips where the machine does not give it.
needs_capability() {
	local effective=$((16#$(awk '/^CapEff/ { print $2 }' /proc/self/status)))
	(((effective >> $2) & 1)) || skip "this machine does not give $1"
}

# sanitizers_write_to FOLDER: there, and not among what a test may take for jailrt's words or throw away;
# whoever jailrt runs as. Where a container's process has no way there any more, it says so and ends.
sanitizers_write_to() {
	local options="log_path=$1/report:log_exe_name=1:exitcode=86:disable_coredump=0"
	mkdir "$1"
	chmod 1777 "$1"
	export ASAN_OPTIONS=$options UBSAN_OPTIONS=$options:print_stacktrace=1
}

no_findings() {
	local reports
	reports=$(find "$1" -type f)
	[ -z "$reports" ] || cat $reports
	rm -rf "$1"
	[ -z "$reports" ]
}

# traced: this test cannot look for leaks, which is done by a thread that traces: it is under strace itself,
# or short of threads.
traced() {
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
}

# no_san: limits of memory and address space do not go with sanitizers.
no_san() {
	[ -z "$SAN" ] || skip "not with sanitizers: $1"
}
