#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Values in a config.json that cannot be: each is told with its name and place, and nothing is made.
load helpers
load life
load bad

# bats test_tags=slow
@test "a value of the wrong type, for each kind of field" {
	good_bundle
	local filter words
	while IFS='|' read -r filter words; do
		with "$filter" "$words"
	done <<-'EOF'
		.hostname = 1|hostname (
		.ociVersion = 1|ociVersion (
		.process.terminal = "yes"|process.terminal (
		.process.user = 1000|process.user (
		.process.env = "A=b"|process.env (
		.process.env = [["x"]]|process.env[0] (
		.process.args = {}|process.args (
		.process.args = [1]|process.args[0] (
		.process.rlimits = {}|process.rlimits (
		.mounts = ["x"]|mounts[0] (
		.mounts[0].options = "ro"|mounts[0].options (
		.annotations = []|annotations (
		.annotations = {a: 1}|annotations.a (
		.linux = []|linux (
		.linux.namespaces += ["pid"]|linux.namespaces[5] (
		.linux.resources.pids.limit = "5"|linux.resources.pids.limit (
		.linux.resources.memory.limit = 1.5|linux.resources.memory.limit (
		.linux.sysctl = {"kernel.msgmax": 5}|linux.sysctl.kernel.msgmax (
		.linux.maskedPaths = "x"|linux.maskedPaths (
		.hooks = {prestart: {}}|hooks.prestart (
		.root = "rootfs"|root (
		.root.readonly = 1|root.readonly (
	EOF
}

# bats test_tags=slow
@test "numbers too large, too small, or none" {
	good_bundle
	local filter words
	while IFS='|' read -r filter words; do
		with "$filter" "$words"
	done <<-'EOF'
		.linux.resources.memory.limit = 1e300|expected an integer, found '1e+300'
		.linux.resources.memory.limit = 99999999999999999999|linux.resources.memory.limit (
		.process.user.uid = 4294967295|4294967295 is not between 0 and 4294967294
		.process.user.uid = -1|process.user.uid (
		.process.user.additionalGids = [-1]|process.user.additionalGids[0] (
		.process.user.umask = 512|512 is not between 0 and 511
		.process.oomScoreAdj = 1001|1001 is not between -1000 and 1000
		.process.oomScoreAdj = 99999999999999999999999|process.oomScoreAdj (
		.process.consoleSize = {height: 1, width: 65536}|process.consoleSize.width (
		.linux.resources.cpu.shares = -1|linux.resources.cpu.shares (
		.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]|the soft limit is above the hard one
		.linux.timeOffsets = {monotonic: {secs: 99999999999999999999}}|linux.timeOffsets.monotonic.secs (
	EOF
	# jq would round it.
	sed 's/"uid": 0/"uid": 18446744073709551617/' good.json > "$BUNDLE/config.json"
	refused "process.user.uid ($BUNDLE/config.json:"
}

# bats test_tags=slow
@test "versions of the spec: another major, and what is no version" {
	good_bundle
	local v
	for v in 2.0.0 0.9.0 10.0.0; do
		with ".ociVersion = \"$v\"" "config.json:2:17): version $v is of another major than 1. Fix: "
	done
	for v in "" abc 1 1.0 1.x.0 1.0.0.0 "1.0.0 " " 1.0.0" -1.0.0 99999999999999999999.0.0; do
		with ".ociVersion = \"$v\"" "ociVersion ($BUNDLE/config.json:2:17): '$v' is no version such as 1.3.0"
	done
	for v in 1.0.0 1.0.2-dev 1.99.0 1.3.0+more; do
		cp good.json "$BUNDLE/config.json"
		config ".ociVersion = \"$v\""
		jr run -b "$BUNDLE" "$ID"
	done
}

# bats test_tags=slow
@test "words that are none of those that there are" {
	good_bundle
	local filter words
	while IFS='|' read -r filter words; do
		with "$filter" "$words"
	done <<-'EOF'
		.linux.namespaces += [{type: "foo"}]|linux.namespaces[5].type (
		.linux.namespaces += [{type: ""}]|unknown value ''
		.linux.namespaces += [{type: "pid"}]|a second namespace of type pid
		.linux.namespaces += [{}]|'type' is missing
		.linux.namespaces[0].path = "pid"|'pid' is not an absolute path
		.process.rlimits = [{type: "RLIMIT_FOO", soft: 1, hard: 1}]|'RLIMIT_FOO' is no resource limit
		.linux.seccomp = {defaultAction: "SCMP_ACT_NOPE"}|linux.seccomp.defaultAction (
		.linux.rootfsPropagation = "x"|unknown value 'x'
		.linux.devices = [{path: "/dev/x", type: "z"}]|'z' is not one of c, b, u, p
	EOF
	not grep -q "did you mean ''" <<< "$output"
}

# bats test_tags=slow
@test "what is due and missing" {
	good_bundle
	with 'del(.ociVersion)' "'ociVersion' is missing"
	with 'del(.root)' "'root' is missing"
	with '.root = {}' "root ($BUNDLE/config.json:"
	with '.root.path = ""' "root.path ($BUNDLE/config.json:"
	with 'del(.process)' "'process' is missing"
	with 'del(.process.args)' "args: the program to run is missing"
	with '.process.args = []' "args: the program to run is missing"
	with 'del(.process.cwd)' "'cwd' is missing"
	with '.process.cwd = "here"' "'here' is not an absolute path"
	with '.mounts += [{type: "tmpfs"}]' "'destination' is missing"
	with '.mounts += [{destination: "", type: "tmpfs"}]' "an empty destination"
	with '.hooks = {prestart: [{}]}' "'path' is missing"
	with '.hooks = {prestart: [{path: "hook"}]}' "'hook' is not an absolute path"
	with '.hooks = {prestart: [{path: "/bin/true", timeout: 0}]}' "hooks.prestart[0].timeout ("
	with '.hostname = ("x" * 65)' "hostname ($BUNDLE/config.json:"
	with '.linux.sysctl = {"net/../kernel/hostname": "x"}' "linux.sysctl."
	with '.linux.cgroupsPath = "../../x"' "linux.cgroupsPath ("
}
