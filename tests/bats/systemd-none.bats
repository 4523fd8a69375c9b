#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# systemd's cgroups where there is no systemd, and what that costs others: nothing.
load helpers

# loads COMMAND…: which libraries it opens.
loads() {
	LD_DEBUG=files LD_DEBUG_OUTPUT="$T/loaded" "$@" > out 2>&1 || true
	cat "$T"/loaded.* 2>/dev/null || true # a static program loads none
}

@test "without a bus the start fails and leaves nothing" {
	bundle
	command_is true
	export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/none"
	run jr --systemd-cgroup run -b "$BUNDLE" "$ID"
	fails_with 1 "system bus"
	fails_with 1 "--cgroup-manager cgroupfs"
	run jr --cgroup-manager systemd create -b "$BUNDLE" "$ID"
	fails_with 1 "system bus"
	[ -z "$(jr list -q 2>/dev/null)" ]
	run jr --cgroup-manager cgroupfs run -b "$BUNDLE" "$ID"
	says ""
}

@test "a user without a session is told what names one" {
	local dir as_user=(setpriv --reuid 1000 --regid 1000 --clear-groups --reset-env)
	dir=$(mktemp -d)
	later rm -rf "$dir"
	bundle
	cp "$BUNDLE/config.json" "$dir/"
	chmod -R a+rX "$dir"
	run "${as_user[@]}" "$JAILRT" --systemd-cgroup plan "$dir"
	fails_with 1 "XDG_RUNTIME_DIR"
	run "${as_user[@]}" env XDG_RUNTIME_DIR="$dir" "$JAILRT" --systemd-cgroup plan "$dir"
	fails_with 1 "the user's bus: No such file"
}

@test "without the library the start names it and its package" {
	bundle
	command_is true
	mkdir lib
	echo nothing > lib/libsystemd.so.0
	run env LD_LIBRARY_PATH="$T/lib" "$JAILRT" --root "$STATES" --systemd-cgroup run -b "$BUNDLE" "$ID"
	fails_with 1 "libsystemd.so.0"
	fails_with 1 "package libsystemd0"
	run env LD_LIBRARY_PATH="$T/lib" "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
}

@test "runs without systemd's cgroups do not load the library" {
	bundle
	command_is true
	export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/none"
	loads "$JAILRT" --root "$STATES" --systemd-cgroup run -b "$BUNDLE" "$ID" > with
	grep -q libsystemd with
	rm "$T"/loaded.*
	loads "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID" > without
	not grep libsystemd without
}

@test "without its program the start names that, and leaves nothing" {
	bundle
	command_is true
	strings -a "$JAILRT" | grep -m 1 '^/.*/jailrt-systemd$' > place
	[ ! -e "$(cat place)" ] || skip "jailrt is installed here"
	cp "$JAILRT" alone
	run ./alone --root "$STATES" --systemd-cgroup run -b "$BUNDLE" "$ID"
	fails_with 1 "needs the program '$(cat place)': No such file"
	fails_with 1 "--cgroup-manager cgroupfs"
	[ -z "$(jr list -q)" ]
	run ./alone --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
}

@test "its program, of another version, is refused" {
	bundle
	command_is true
	install -m 755 "$JAILRT" "$(dirname "$JAILRT")/jailrt-systemd" .
	sed -i 's/\x000\.1\.0\x00/\x000.1.9\x00/g' jailrt-systemd
	run ./jailrt --root "$STATES" --systemd-cgroup run -b "$BUNDLE" "$ID"
	fails_with 1 "of version 0.1.9, and jailrt of $("$JAILRT" --version | sed -n 's/^commit: //p')"
}

@test "a config whose cgroup is systemd's is refused in a form that it has not" {
	bundle '.annotations = {"run.oci.systemd.subgroup": "a/b"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "annotations.run.oci.systemd.subgroup"
	run jr features
	says '"systemdUser": true'
}
