# SPDX-License-Identifier: Apache-2.0
# For the tests of attacks, loaded behind helpers.

# with_host_programs: the container has the host's programs and libraries, read-only: an attacker that can
# do whatever python can.
with_host_programs() {
	local dir
	for dir in /usr /lib /lib64; do
		[ -e $dir ] || continue
		mkdir -p "$BUNDLE/rootfs$dir"
		config '.mounts += [{destination: $d, source: $d, options: ["rbind", "ro"]}]' --arg d $dir
	done
}

# with_capabilities NAME...: the container's root has these, too.
with_capabilities() {
	local name
	for name in "$@"; do
		config '.process.capabilities |= map_values(. + [$c] | unique)' --arg c "$name"
	done
}

# with_user: a user namespace; its root is 100000 on the host.
with_user() {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .mounts |= map(select(.type != "mqueue"))'
	chown -hR 100000:100000 "$BUNDLE/rootfs"
}

pid_of() {
	jr state "$1" | jq .pid
}

# marker DIR: a directory of the host that no container may change; unmarked says whether one did.
marker() {
	MARKER=$1
	mkdir -p "$MARKER"
	echo untouched > "$MARKER/file"
	MARKED=$(list_marker)
}

list_marker() {
	find "$MARKER" -printf '%P %y %m %U:%G %s %l\n' | sort
	cat "$MARKER/file"
}

unmarked() {
	[ "$(list_marker)" = "$MARKED" ] || { list_marker; return 1; }
}
