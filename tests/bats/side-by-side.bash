# SPDX-License-Identifier: Apache-2.0
# For the tests that compare jailrt with runc and crun (tests/side-by-side), loaded behind helpers. LAYOUT is that
# of the cgroups: v1 or v2.

setup_suite_file() {
	export SEEN="$BATS_FILE_TMPDIR/seen"
	: > "$SEEN"
}

# observed [FILTER] [JQ-OPTIONS]: a bundle of little more than the program that looks around; beside it, $in, what
# may be mounted.
observed() {
	BUNDLE="$T/observed"
	rm -rf "$BUNDLE"
	mkdir -p "$BUNDLE/pristine"/{etc,proc,sys,dev,tmp,root,run,var,home,masked-folder,read-only} "$BUNDLE/in/folder"
	mkdir -m 1777 "$BUNDLE/in/shm"
	cp "${BUILD:-$BATS_TEST_DIRNAME/../../build}/observe" "$BUNDLE/pristine/observe"
	cp "$ROOTFS/etc/passwd" "$ROOTFS/etc/group" "$BUNDLE/pristine/etc/"
	echo contents | tee "$BUNDLE/pristine/masked-file" "$BUNDLE/pristine/masked-folder/file" \
		"$BUNDLE/pristine/read-only/file" "$BUNDLE/in/file" > "$BUNDLE/in/folder/file"
	chmod 1777 "$BUNDLE/pristine/tmp"
	jr spec -b "$BUNDLE"
	# A version that all of them know.
	config '.ociVersion = "1.0.2" | .process.terminal = false | .linux.cgroupsPath = $p' --arg p "/$ID"
	[ $# -eq 0 ] || config "$@" --arg in "$BUNDLE/in"
}

# engine_config NAME: the bundle has the config that an engine wrote, its host's paths and namespaces replaced, and
# without its hooks.
engine_config() {
	jq '.root.path = "rootfs" | del(.hooks) | .linux.cgroupsPath = $id
		| .linux.namespaces |= map(if .path then del(.path) else . end)
		| .mounts |= map(if .source and (.source | startswith("/"))
			then .source = $in + (if .destination == "/dev/shm" then "/shm" elif .destination == "/data" then "/folder" else "/file" end)
			else . end)' --arg id "/$ID" --arg in "$BUNDLE/in" \
		"$BATS_TEST_DIRNAME/../data/engine-configs/$1.config.json" > "$BUNDLE/config.json"
}

# alike CASE [PEER…]: the bundle is seen to be the same under all of them, but for what is listed.
alike() {
	local case=$1 peer
	shift
	no_san "it is compared as it is installed"
	[ $# -gt 0 ] || set -- runc crun
	[ "$LAYOUT" != v1 ] || grep -q ' - cgroup .*memory' /proc/self/mountinfo || skip "this machine has no cgroup v1"
	for peer in "$@"; do
		command -v "$peer" > /dev/null || skip "no $peer here"
	done
	T=$T JAILRT=$JAILRT "${HOST[@]}" "$BATS_TEST_DIRNAME/../side-by-side" \
		compare "$LAYOUT" "$case" "$BUNDLE" "$ID" "$SEEN" "$@" || { : > "$SEEN.failed"; return 1; }
	echo "$BATS_TEST_DESCRIPTION" >> "$SEEN.tests"
}

# The last test of a file: whatever is listed has been met. Only where all others have run.
none_unused() {
	local tests
	tests=$(grep -c '^@test' "$BATS_TEST_FILENAME")
	[ ! -e "$SEEN.failed" ] && [ "$(sort -u "$SEEN.tests" | wc -l)" = $((tests - 1)) ] || skip "not all tests of the file have run and passed"
	"$BATS_TEST_DIRNAME/../side-by-side" unused "$LAYOUT" "$SEEN"
}
