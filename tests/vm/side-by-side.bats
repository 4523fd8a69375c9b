#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same bundles under jailrt, runc and crun where there is cgroup v2 alone; few, since each run is emulated. More of
# them on v1: tests/bats/side-by-side.bats.
load ../bats/helpers
load ../bats/life
load ../bats/side-by-side

LAYOUT=v2
HOST=()

@test "limits, devices, and keys of v2" {
	observed '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_MKNOD"])
		| .linux.resources = {memory: {limit: 134217728, reservation: 67108864, swap: 268435456}, pids: {limit: 77},
			cpu: {shares: 512, quota: 50000, period: 200000, cpus: "0", mems: "0"}, unified: {"memory.high": "100663296"},
			devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}]}
		| .linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 432, uid: 3, gid: 4}]'
	alike resources
}

@test "podman's config, in a user namespace" {
	observed
	engine_config podman-run
	config '.linux.namespaces += [{type: "user"}, {type: "cgroup"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod o+x "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	chown -hR 100000:100000 "$BUNDLE/pristine"
	alike podman-run
}

@test "whatever is listed as different is so" {
	none_unused
}
