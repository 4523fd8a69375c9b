#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# Programs and configs as people have them, none made for these tests. Fetching a Debian takes minutes.
BATS_TEST_TIMEOUT=900

# The host's own Debian, whose keys it has.
suite() {
	local ID= VERSION_CODENAME=
	. /etc/os-release
	[ "$ID" = debian ] && echo "$VERSION_CODENAME" || echo stable
}

# debian: a Debian minbase tree in $DEBIAN, made once for as long as the machine runs.
debian() {
	command -v debootstrap > /dev/null || skip "no debootstrap here"
	local cache=/var/tmp/jailrt-tests-debian-$(cut -c1-8 /proc/sys/kernel/random/boot_id)
	DEBIAN=$cache/root
	mkdir -p -m 700 "$cache"
	[ "$(stat -c %u "$cache")" = "$(id -u)" ] || skip "$cache is somebody else's"
	# One makes it, others that come meanwhile wait.
	exec 8> "$cache/lock"
	flock 8
	if [ ! -e "$cache/done" ]; then
		rm -rf "$DEBIAN"
		debootstrap --variant=minbase "$(suite)" "$DEBIAN" > "$cache/log" 2>&1 ||
			{ exec 8>&-; skip "debootstrap cannot: $(tail -n 1 "$cache/log")"; }
		touch "$cache/done"
	fi
	exec 8>&-
	bundle '.root = {path: $r, readonly: true}' --arg r "$DEBIAN"
	config '.process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]'
}

in_debian() {
	command_is "$@"
	run jr run -b "$BUNDLE" "$ID"
}

# bats test_tags=slow
@test "a Debian of debootstrap runs its own programs: apt, perl, dpkg" {
	debian
	in_debian apt-get --version
	says "apt "
	in_debian perl -e 'printf "%s %s %d\n", $^O, join(",", map { $_ * 2 } 1..3), $$'
	same "$status $output" "0 linux 2,4,6 1"
	in_debian dpkg -l
	says "ii  apt "
	# The host's own packages are others.
	same "$(grep -c '^ii' <<< "$output")" "$(grep -c '^Status: install ok installed' "$DEBIAN/var/lib/dpkg/status")"
	in_debian sh -c '. /etc/os-release; echo $ID; ls /proc | grep -c "^[0-9]"; touch /etc/x || echo refused'
	same "${lines[0]} ${lines[-1]}" "debian refused"
	[ "${lines[1]}" -lt 6 ]
}

# bats test_tags=slow
@test "users are added and packages removed in a writable copy of Debian" {
	debian
	mkdir up work merged
	mount -t overlay overlay -o "lowerdir=$DEBIAN,upperdir=$T/up,workdir=$T/work" merged
	later umount merged
	config '.root = {path: $r}
		| .process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETUID", "CAP_SETGID"])' \
		--arg r "$T/merged"
	in_debian sh -c 'useradd --system --shell /bin/false tester
		install -o tester -m 640 /etc/debian_version /root/owned; stat -c "%U %a" /root/owned
		dpkg --purge --force-depends mawk > /dev/null 2>&1; dpkg -s mawk 2>&1 | grep -c "not installed"'
	same "$output" "$(printf 'tester 640\n1')"
	[ ! -e "$DEBIAN/root/owned" ]
	[ -e "$T/up/root/owned" ]
}

# bats test_tags=slow
@test "Python runs in the host's own tree, read-only, and can change nothing of it" {
	local python
	python=$(PATH=/usr/bin:/bin command -v python3) || skip "no python3 here"
	bundle '.root = {path: "/", readonly: true} | .process.env = ["PATH=/usr/bin:/bin"]'
	cat > program.py <<-'EOF'
		import json, os, socket, subprocess, sys, threading, hashlib
		done = []
		threads = [threading.Thread(target=lambda i=i: done.append(hashlib.sha256(b"x" * i).hexdigest())) for i in range(8)]
		[t.start() for t in threads]
		[t.join() for t in threads]
		a, b = socket.socketpair()
		a.send(b"over a socket")
		try:
		    open("/written", "w")
		    wrote = "wrote"
		except OSError as e:
		    wrote = e.strerror
		print(json.dumps({"pid": os.getpid(), "threads": len(done), "socket": b.recv(99).decode(), "root": wrote,
		    "child": subprocess.run(["uname", "-s"], capture_output=True, text=True).stdout.strip(),
		    "hosts_processes": len([p for p in os.listdir("/proc") if p.isdigit()]) > 5}))
	EOF
	command_is "$python" -c "$(cat program.py)"
	run jr run -b "$BUNDLE" "$ID"
	same "$status" 0
	same "$output" '{"pid": 1, "threads": 8, "socket": "over a socket", "root": "Read-only file system", "child": "Linux", "hosts_processes": false}'
	[ ! -e /written ]
}

@test "what runc spec and crun spec write runs as it is, with a busybox root" {
	local tool
	for tool in runc crun; do
		command -v $tool > /dev/null || skip "no $tool here"
		bundle
		rm "$BUNDLE/config.json"
		(cd "$BUNDLE" && $tool spec)
		same "$(jq -r '.process.args[0], .process.terminal, .root.readonly' "$BUNDLE/config.json" | tr '\n' ' ')" \
			"sh true true "
		run setsid --wait "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" <<-'EOF'
			hostname; tty; id -u; touch /x || echo refused; exit 9
		EOF
		same "$status" 9
		tr -d '\r' <<< "$output" > out
		grep -q "^$(jq -r .hostname "$BUNDLE/config.json")" out
		grep -q '^/dev/pts/0$' out
		grep -q '^refused$' out
	done
}

@test "what runc spec --rootless writes runs as it is, for its user" {
	command -v runc > /dev/null || skip "no runc here"
	local dir
	bundle
	rm "$BUNDLE/config.json"
	for dir in "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_FILE_TMPDIR" "$T"; do [ ! -d "$dir" ] || chmod o+x "$dir"; done
	rm -rf "$BUNDLE/rootfs"
	cp -a "$ROOTFS" "$BUNDLE/rootfs"
	chown -Rh 54321:54321 "$BUNDLE"
	install -m 755 "$JAILRT" "$T/jailrt"
	install -d -o 54321 "$T/own"
	as="setpriv --reuid=54321 --regid=54321 --clear-groups env HOME=$T XDG_RUNTIME_DIR=$T/own"
	(cd "$BUNDLE" && $as runc spec --rootless)
	run setsid --wait $as "$T/jailrt" --root "$T/own/states" run -b "$BUNDLE" "$ID" <<< 'id -u; exit 8'
	same "$status" 8
	same "$(tr -d '\r' <<< "$output" | grep -x 0)" 0
}

@test "configs that engines wrote are loaded and planned, with every mount and limit in the plan" {
	local config name mount
	for config in "$BATS_TEST_DIRNAME"/../data/engine-configs/*.config.json; do
		name=$(basename "$config" .config.json)
		mkdir "$T/$name"
		jq '.' "$config" > "$T/$name/config.json"
		run jr plan "$T/$name"
		echo "$name"
		same "$status" 0
		while read -r mount; do
			grep -q -F " target=$mount " <<< "$output"
		done < <(jq -r '.mounts[].destination' "$config")
		grep -q "^init   exec args=\[\"\?$(jq -r '.process.args[0]' "$config")" <<< "$output"
		[ "$(jq 'has("linux") and (.linux | has("seccomp"))' "$config")" = false ] ||
			grep -q '^init   seccomp length=' <<< "$output"
		same "$(jr plan --json "$T/$name" | jq -r 'map(select(.step == "exec")) | length')" 1
	done
}
