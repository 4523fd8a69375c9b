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

# both FILE COMMAND...: run by the config, and by the bundle that is made of it: the same output and status.
both() {
	local file=$1 one two
	shift
	[ -e "$file" ] || file=$SAMPLES/$file
	rm -rf bundle
	mkdir bundle
	jr convert --to oci "$file" > bundle/config.json
	one=$(jr run --config "$file" -- "$@" 2> first < /dev/null; echo "status $?")
	two=$(jr run -b bundle $ID "$@" 2> second < /dev/null; echo "status $?")
	same "$two" "$one" || { cat first second; return 1; }
	echo "$file: $one" >> seen
}

@test "convert: the samples as bundles: each does what its config does" {
	mkdir -p home/Documents home/bin
	echo letter > home/Documents/f
	[ -e /tmp/.X11-unix ] || { mkdir /tmp/.X11-unix && later rmdir /tmp/.X11-unix; }
	export HOME=$T/home
	both blog-python-sandbox.cfg /usr/bin/python3 -c "print('hello from sandbox')"
	sed '/^log_fd/d' "$SAMPLES/tooljet-full.cfg" > tooljet.cfg # it is no file
	both tooljet.cfg /usr/bin/python3 -c "print('inside')"
	both configs/test-basic.cfg /bin/sh -c 'id -u; hostname; ulimit -a; grep Cap /proc/self/status; ls /; pwd; nice'
	both configs/test-basic.cfg /usr/bin/strace -o /dev/null /bin/true
	both configs/test-seccomp.cfg /usr/bin/strace -o /dev/null /bin/true
	both configs/static-busybox-with-execveat.cfg /bin/busybox sh -c 'echo "$(busybox id -u)"'
	both configs/home-documents-with-xorg-no-net.cfg /bin/false
	both configs/home-documents-with-xorg-no-net.cfg /bin/cat /user/Documents/f
	both configs/bash-with-fake-geteuid.cfg /bin/bash -c 'exit 5'
	both configs/imagemagick-convert.cfg /bin/true
	grep -q "hello from sandbox" seen
	grep -q inside seen
	grep -q "letter" seen
	grep -q "fake-geteuid.cfg: status 5" seen
	grep -q "test-seccomp.cfg: status 1" seen
	same "$(jr list -q)" ""
}

@test "convert: all samples to a bundle and back: the same document from then on" {
	local f n=0
	for f in "$SAMPLES"/*.cfg "$SAMPLES"/configs/*; do
		[[ "$f" == *listen-repl* ]] && continue # its mode is none
		jr convert --to oci "$f" > one.json
		jq -e '.ociVersion and .jail.bare' one.json > /dev/null
		jr convert --to nsjail one.json > two.cfg
		jr convert --from nsjail --to oci two.cfg > three.json
		jr convert --to nsjail - < three.json > four.cfg
		cmp two.cfg four.cfg || { echo "$f"; false; }
		n=$((n + 1))
	done
	[ $n -gt 12 ]
}

@test "convert: a bundle as an nsjail config runs the same, from the bundle's own directory" {
	bundle '.process.rlimits = [] | .process.capabilities = ("bounding effective permitted inheritable ambient" / " " | map({(.): ["CAP_KILL"]}) | add)
		| .mounts = [{destination: "/proc", type: "proc", source: "proc"},
		{destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"]},
		{destination: "/data", source: "data", options: ["rbind", "ro"]}]
		| del(.linux.maskedPaths, .linux.readonlyPaths, .linux.resources) | .hostname = "box"
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings | .linux.namespaces += [{type: "user"}]
		| .process.user = {uid: 7, gid: 8} | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]}'
	mkdir "$BUNDLE/data" "$BUNDLE/rootfs/data"
	chown 100000:100000 "$BUNDLE/rootfs" "$BUNDLE/rootfs/dev"
	echo kept > "$BUNDLE/data/f"
	chmod 755 "$T"
	script 'hostname; id -u; id -g; cat /data/f; touch /data/x || mkdir /tmp/x; grep CapEff /proc/self/status; echo > /dev/null'
	jr convert --from oci --to nsjail "$BUNDLE/config.json" > jail.cfg
	jr run -b "$BUNDLE" $ID > one 2>&1 || { cat one; false; }
	jr run --config jail.cfg > two 2>&1 || { cat two; false; }
	cat one
	cmp one two
	grep -q "Argument list too long" one
	same "$(jr convert --to nsjail "$BUNDLE/config.json")" "$(cd "$BUNDLE" && jr convert --to nsjail - < config.json)"
	jr convert --to nsjail-json "$BUNDLE/config.json" | jq -e '.hostname == "box"'
}

@test "convert: what nsjail cannot say is an error with its place, or a warning each" {
	bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .annotations = {a: "b"}'
	run jr convert --to nsjail "$BUNDLE/config.json"
	fails_with 1 "an nsjail config cannot say this"
	fails_with 1 "($BUNDLE/config.json:"
	jr convert --lossy --to nsjail "$BUNDLE/config.json" > jail.cfg 2> said
	grep -q "warning: linux.sysctl.net.ipv4.ip_forward (.*): left out" said
	grep -q "warning: annotations.a (.*): left out" said
	run jr run --config jail.cfg -- echo runs
	says runs
}

@test "convert: files of neither kind, of the other kind, empty, and an output that takes nothing" {
	echo '{"ociVersion": "1.0.0"}' > config.json
	echo 'hostname: "x"' > jail.cfg
	run jr convert --from oci --to oci jail.cfg
	fails_with 1 "--from oci: jail.cfg is no OCI config"
	run jr convert --from nsjail --to oci config.json
	fails_with 1 "--from nsjail: config.json is an OCI config"
	run jr convert --from toml --to oci config.json
	fails_with 1 "--from toml: nsjail and oci are all there is"
	run jr convert jail.cfg
	fails_with 1 "--to is missing"
	run jr convert --to oci
	fails_with 1 "an argument is missing"
	run jr convert --to oci - < /dev/null
	fails_with 1 "stdin is empty"
	run jr convert --to nsjail - <<< '{"a": 1}'
	fails_with 1 "stdin:1:2: neither an OCI config"
	run jr convert --to nsjail - <<< '{"ociVersion": "1.0.0", "proces": {}}'
	fails_with 1 "stdin:1:25: unknown key 'proces'"
	run jr convert --to oci "$T"
	fails_with 1 "is no regular file"
	run bash -c '"$JAILRT" convert --to oci jail.cfg > /dev/full'
	fails_with 1 "No space left on device"
}

@test "convert: what is no UTF-8 cannot be JSON" {
	printf 'hostname: "a\\xffb"\n' > jail.cfg
	run jr convert --to oci jail.cfg
	fails_with 1 "hostname (jail.cfg:1:11): JSON cannot say this"
	run jr convert --to nsjail-json jail.cfg
	fails_with 1 "hostname (jail.cfg:1:11): JSON cannot say this"
	run jr convert --to nsjail jail.cfg
	says 'hostname: "a'
}
