#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

SAMPLES=$BATS_TEST_DIRNAME/../data/nsjail

@test "convert: text and JSON, there and back, lose nothing of the samples" {
	local f
	for f in "$SAMPLES"/*.cfg "$SAMPLES"/configs/*.cfg "$SAMPLES"/configs/*.json; do
		[[ "$f" == *listen-repl* ]] && continue # its mode is none
		jr convert --to nsjail "$f" > one
		jr convert --to nsjail-json "$f" > two.json
		jq . two.json > /dev/null
		jr convert --to nsjail two.json > three
		cmp one three || { echo "$f"; false; }
	done
}

@test "convert: a command line that does what the config does" {
	cat > jail.cfg <<-EOF
		hostname: "it's" time_limit: 9 mount_proc: true
		mount { src: "$ROOTFS" dst: "/" is_bind: true }
		mount { dst: "/tmp" fstype: "tmpfs" rw: true options: "size=64k" }
		envar: "A=x y" uidmap { inside_id: "5" } gidmap { inside_id: "6" }
		exec_bin { path: "/bin/sh" arg: "-c" arg: "hostname; echo \$A; id -u; id -g; df -k /tmp | grep -c 64" }
	EOF
	jr convert --to argv jail.cfg > line
	cat line
	run jr nsjail -q --config jail.cfg
	same "$(grep -v '\[W\]' <<< "$output")" "$(printf "it's\nx y\n5\n6\n1")"
	first=$(grep -v '\[W\]' <<< "$output")
	eval "set -- $(sed 's/^nsjail//' line)"
	run jr nsjail -q "$@"
	same "$(grep -v '\[W\]' <<< "$output")" "$first"
}

@test "convert: what an option cannot say is an error with its place, or left out" {
	echo 'mount { dst: "/x" src_content: "y" } exec_bin { path: "/bin/true" }' > jail.cfg
	run jr convert --to argv jail.cfg
	fails_with 1 "mount[0] (jail.cfg:1:7): no option says this: a mount with src_content"
	run jr convert --to argv --lossy jail.cfg
	says "warning: mount[0]"
	says "nsjail --disable_proc -- /bin/true"
	run jr convert --to toml jail.cfg
	fails_with 1 "--to toml"
	run jr convert --to argv missing.cfg
	fails_with 1 "missing.cfg"
}
