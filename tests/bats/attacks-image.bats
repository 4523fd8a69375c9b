#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load attack

# What an image or a shared volume could do to the machine: devices that are swapped while a
# container is made, cgroups that are the host's, files that a runtime leaves behind.

# racer NAME OTHER DIR: DIR/NAME and DIR/OTHER are exchanged (RENAME_EXCHANGE) until the test ends.
racer() {
	python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(sys.argv[3], os.O_PATH | os.O_DIRECTORY)
libc.prctl(1, 9) # PR_SET_PDEATHSIG, SIGKILL
while libc.renameat2(fd, sys.argv[1].encode(), fd, sys.argv[2].encode(), 2) == 0:
    pass' "$@" 3>&- &
	RACER=$!
	disown
	later kill -KILL $RACER
}

# with_shared_dev: /dev is a directory of the host that other containers could have, too.
with_shared_dev() {
	local dev
	mkdir -p "$T/dev/pts" "$T/dev/shm" "$T/dev/mqueue"
	for dev in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do
		mknod -m 666 "$T/dev/${dev% *}" c 1 "${dev#* }"
	done
	mknod -m 666 "$T/dev/tty" c 5 0
	config '.mounts |= map(if .destination == "/dev" then {destination: "/dev", source: $d, options: ["bind"]} else . end)' \
		--arg d "$T/dev"
}

# CVE-2025-31133, CVE-2025-62161
# bats test_tags=slow
@test "/dev/null exchanged for a symlink to the kernel's files while masks are made: they hold" {
	local i core good=0
	core=$(cat /proc/sys/kernel/core_pattern)
	marker "$T/marker"
	bundle '.root.readonly = false | .linux.maskedPaths = ["/proc/uptime", "/secret", "/proc/sys/kernel/core_pattern"]'
	with_shared_dev
	echo secret > "$BUNDLE/rootfs/secret"
	ln -s /proc/sys/kernel/core_pattern "$T/dev/other"
	racer null other "$T/dev"
	with_capabilities CAP_DAC_OVERRIDE CAP_SYS_ADMIN
	script 'echo x > /proc/sys/kernel/core_pattern; echo x > /secret
		stat -c "%F %t:%T" /proc/uptime /secret /proc/sys/kernel/core_pattern | sort -u; cat /secret'
	for ((i = 0; i < 150; i++)); do
		run jr run -b "$BUNDLE" "$ID" 0<&- < /dev/null
		if [ "$status" -eq 0 ]; then
			good=$((good + 1))
			[ "$output" = "character special file 1:3" ] || { echo "$output"; return 1; }
		fi
		[[ "$output" != *secret$'\n'* ]]
	done
	kill -0 $RACER
	echo "# $good of 150 came through" >&3
	[ "$good" -gt 0 ]
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$core" ]
	unmarked
}

# CVE-2025-52565, CVE-2026-88264
# bats test_tags=slow
@test "/dev/console and the terminal's end exchanged for symlinks to the host: nothing is bound or made there" {
	local i met=0 good=0 name
	marker "$T/marker"
	bundle '.root.readonly = false | .process.terminal = true'
	with_shared_dev
	touch "$T/dev/console"
	ln -s "$MARKER/file" "$T/dev/other"
	racer console other "$T/dev"
	script 'tty; stat -c %F /dev/console'
	for ((i = 0; i < 60; i++)); do
		run env script -qec "'$JAILRT' --root '$STATES' run -b '$BUNDLE' '$ID'" /dev/null
		if [[ "$output" == *"is a symlink"* ]]; then
			met=$((met + 1))
		elif [[ "$output" == */dev/* ]]; then
			good=$((good + 1))
		fi
	done
	kill -0 $RACER
	echo "# $good came through, $met were refused" >&3
	[ "$good" -gt 0 ] && [ "$met" -gt 0 ]
	kill -STOP "$RACER"
	wait_for 10 grep -q '^State:.T' "/proc/$RACER/status"
	unmarked
	for name in console other; do
		[ -L "$T/dev/$name" ] || [ ! -s "$T/dev/$name" ]
	done
	not grep -F "$T/dev" /proc/self/mountinfo
}

# CVE-2023-25809
@test "a plain user's container without a cgroup namespace cannot write to the host's cgroups" {
	local options user=54321
	cp "$JAILRT" "$T/jailrt"
	for options in '["ro"]' '["rw"]' '[]'; do
		bundle 'del(.linux.namespaces[] | select(.type == "cgroup")) | .linux.namespaces += [{type: "user"}]
			| .linux.uidMappings = [{containerID: 0, hostID: 54321, size: 1}] | .linux.gidMappings = .linux.uidMappings
			| del(.linux.resources)
			| (.mounts[] | select(.destination == "/sys/fs/cgroup").options) |= $o' --argjson o "$options"
		config '(.mounts[] | select(.type == "devpts").options) |= map(select(startswith("gid=") | not))
			| .mounts |= map(select(.type != "mqueue"))'
		rm -rf "$BUNDLE/rootfs"
		cp -a "$ROOTFS" "$BUNDLE/rootfs"
		chown -hR $user:$user "$BUNDLE"
		install -d -o $user -g $user "$T/user"
		local dir=$T
		while [ "$dir" != / ]; do
			[[ "$dir" != "${BATS_RUN_TMPDIR}"* ]] || chmod o+x "$dir"
			dir=$(dirname "$dir")
		done
		script 'for f in $(find /sys/fs/cgroup -name cgroup.procs -o -name tasks -o -name release_agent -o -name "*.max"); do
				{ echo $$ > $f; } 2> /dev/null && echo "written $f"
			done
			for d in $(find /sys/fs/cgroup -type d); do mkdir $d/made 2> /dev/null && echo "made in $d"; done; echo ended'
		run setpriv --reuid=$user --regid=$user --clear-groups --bounding-set=-all --inh-caps=-all \
			"$T/jailrt" --root "$T/user" run -b "$BUNDLE" "$ID"
		echo "$options: $output"
		[[ "$output" != *written* ]]
		# The tmpfs around the hierarchies is the container's own; of the host's no directory is.
		[[ "$output" != *"made in /sys/fs/cgroup/"* ]]
		[ "$status" -ne 0 ] || [[ "$output" == *ended ]]
	done
	[ -z "$(find /sys/fs/cgroup -name made)" ]
}

# CVE-2025-24965: crun's handler for virtual machines wrote a file of its own into the image, through symlinks.
@test "nothing of the runtime's own is left in the image, or written through its symlinks" {
	local before
	marker "$T/marker"
	bundle
	ln -s "$MARKER/file" "$BUNDLE/rootfs/.krun_config.json"
	ln -s "$MARKER/new" "$BUNDLE/rootfs/.krun_vm.json"
	ln -s "$MARKER/new" "$BUNDLE/rootfs/config.json"
	ln -s "$MARKER/new" "$BUNDLE/rootfs/.pivot_root"
	config '.annotations = {"run.oci.handler": "krun"}'
	before=$(find "$BUNDLE/rootfs" -printf '%P %y %l\n' | sort)
	command_is true
	run jr run -b "$BUNDLE" "$ID"
	config '.annotations = {}'
	run jr run -b "$BUNDLE" "$ID"
	says ""
	[ "$(find "$BUNDLE/rootfs" -printf '%P %y %l\n' | sort)" = "$before" ]
	unmarked
}

# CVE-2026-41579: the image's own /dev/pts/ptmx and /dev/ptmx must not be what is removed or followed.
@test "/dev/ptmx and what else is linked in /dev does not follow or remove what is there" {
	local name
	marker "$T/marker"
	bundle '.root.readonly = false'
	with_shared_dev
	for name in ptmx fd stdin stdout stderr core; do
		ln -s "$MARKER/file" "$T/dev/$name"
	done
	script 'readlink /dev/ptmx; readlink /dev/fd'
	run jr run -b "$BUNDLE" "$ID"
	unmarked
	[ "$(readlink "$T/dev/stdin")" = "$MARKER/file" ]
	[[ "$output" != *untouched* ]]
}

@test "core scheduling is refused where the kernel has none, and never left out" {
	# PR_SCHED_CORE, PR_SCHED_CORE_GET: with it the kernel says so.
	if python3 -c '
import ctypes
n = ctypes.c_ulong()
raise SystemExit(ctypes.CDLL(None).prctl(62, 0, 0, 0, ctypes.byref(n)) != 0)'; then
		skip "this kernel has core scheduling"
	fi
	printf 'mount { src: "/" dst: "/" is_bind: true }\nuse_core_scheduling: true\nclone_newnet: false\n' > jail.cfg
	run jr run --config jail.cfg -- /bin/echo the program ran
	[ "$status" -ne 0 ]
	[[ "$output" == *core* ]] || { echo "$output"; return 1; }
	[[ "$output" != *"the program ran"* ]]
	# An annotation that asks for it is not passed over either.
	bundle '.annotations = {"org.jailrt.use_core_scheduling": "true"}'
	script 'echo the program ran'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "use_core_scheduling"
	[[ "$output" != *"the program ran"* ]]
}

@test "the tests that docs/security.md names are there" {
	python3 - "$BATS_TEST_DIRNAME/../.." <<-'END'
		import re, sys
		top = sys.argv[1]
		named = 0
		for row in open(f"{top}/docs/security.md"):
		    cells = row.strip().strip("|").split(" | ")
		    if not row.startswith("| ") or cells[0] in (" CVE", " what") or cells[-1].strip() == "–":
		        continue
		    tests = cells[-1].strip()
		    assert re.search(r"[a-z]", tests), row
		    lines = []
		    for part, file in re.findall(r'"([^"]*)"|(tests/[\w./-]+|labels|[a-z]+(?:-[a-z]+)+)', tests):
		        if file:
		            with open(f"{top}/{file}" if file.startswith("tests/") else f"{top}/tests/bats/{file}.bats") as f:
		                lines = [l for l in f if l.startswith("@test")] if "/golden/" not in file else []
		        else:
		            assert any(part in l for l in lines), f"no test '{part}' in {row}"
		        named += 1
		assert named > 60, named
	END
}
