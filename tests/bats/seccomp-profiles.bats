#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load life

# The profiles of seccomp-profiles/: real programs do real work under each, and something dangerous is
# stopped. The name of a test is that of the profile, as seccomp-profiles/README.md says.

setup_suite_file() {
	gcc -O -static -pthread -o "$BATS_FILE_TMPDIR/calls" "$BATS_TEST_DIRNAME/../calls.c"
}

# room: a bundle whose root has the host's programs, read-only, and a /tmp; a network of its own.
room() {
	[ "$(uname -m)" = x86_64 ] || skip "the numbers of calls are x86_64's"
	bundle
	local there dir
	# What the programs need of /etc; java's is named by its version.
	there=$(ls -d /usr /lib /lib64 /etc/alternatives /etc/ssl /etc/java-*-openjdk 2> /dev/null)
	config '.root.readonly = true | .linux.maskedPaths = [] | .mounts += ($there | map(
			{destination: ., type: "bind", source: ., options: ["rbind", "ro"]})) + [
		{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]},
		{destination: "/calls", type: "bind", source: $calls, options: ["bind", "ro"]}]' \
		--arg calls "$BATS_FILE_TMPDIR/calls" --argjson there "$(jq -Rn '[inputs]' <<< "$there")"
	for dir in $there; do
		mkdir -p "$BUNDLE/rootfs$dir"
	done
	touch "$BUNDLE/rootfs/calls"
}

# under PROFILE COMMAND...: in that room.
under() {
	local profile=$1
	shift
	command_is "$@"
	run jr run --seccomp-profile "$profile" -b "$BUNDLE" "$ID"
}

# needs PROGRAM
needs() {
	command -v "$1" > /dev/null || skip "$1 is not installed"
}

# refuses PROFILE ERRNO NUMBER [ARGUMENT...]: the call fails there.
refuses() {
	local profile=$1 errno=$2
	shift 2
	under "$profile" /calls "$@"
	same "$status $output" "0 $errno"
}

# kills PROFILE NUMBER [ARGUMENT...]
kills() {
	local profile=$1
	shift
	under "$profile" /calls "$@"
	same "$status" 159
}

# refuses_written_code PROFILE: memory that is written and run at once, new, changed, and by a key.
refuses_written_code() {
	refuses "$1" 13 9 0 4096 7 0x22 -1 0
	refuses "$1" 13 10 0 4096 7
	refuses "$1" 13 329 0 4096 7 -1
	under "$1" /calls 9 0 4096 5 0x22 -1 0
	same "$status $output" "0 0"
}

# refuses_attacks PROFILE: mount, unshare, ptrace, bpf, keyctl, a user namespace, a raw socket, io_uring.
refuses_attacks() {
	refuses "$1" 1 165
	refuses "$1" 1 272 0x10000000
	refuses "$1" 1 101
	refuses "$1" 1 321
	refuses "$1" 1 250
	refuses "$1" 1 56 0x10000011
	refuses "$1" 38 41 17 3
	refuses "$1" 1 425
	refuses "$1" 38 435
}

@test "default" {
	room
	config '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_SETUID",
		"CAP_SETGID", "CAP_MKNOD", "CAP_FOWNER", "CAP_SYS_ADMIN"])'
	under default /bin/sh -ec 'cd /tmp; echo other:x:1001:1001::/:/bin/sh >> /etc/passwd; echo text > f; chown other f; ls -l f
		mknod null c 1 3; su other -s /bin/sh -c "id -un; cat f"; seq 100 | sort -rn | head -1
		tar cf - f | tar tf -; (sleep 0.1 & wait); hostname'
	says "other"
	says "100"
	# With the capability, so it is the profile that says no.
	refuses default 1 165
	refuses default 1 272 0x10000000
	refuses default 1 321
	refuses default 1 56 0x10000011
	refuses default 38 41 40 1
	refuses default 38 9999
}

# What only ours allows: calls that are newer than the engines' lists, memory keys, which docker's old one has
# not, and a personality whose upper half the kernel does not look at.
@test "default is at least as strict as what engines ship" {
	local config
	for config in "$BATS_TEST_DIRNAME"/../data/engine-configs/*.config.json; do
		[ "$(jq '.linux.seccomp.syscalls | length' "$config")" -gt 5 ] || continue
		run jr seccomp diff --arch x86_64 default "$config"
		[ "$status" -eq 1 ]
		sed -n "/only 'default'/,/only '[^d]/s/^  \\([a-z0-9_]*\\).*/\\1/p" <<< "$output"
	done | sort -u > more
	same "$(paste -sd' ' more)" "cachestat fchmodat2 futex_requeue futex_wait futex_waitv futex_wake map_shadow_stack mseal personality pkey_alloc pkey_free pkey_mprotect"
}

@test "untrusted" {
	room
	under untrusted /usr/bin/python3 -c 'import subprocess, threading, tempfile, multiprocessing
t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()
print(subprocess.check_output(["/bin/sh", "-c", "echo child | tr a-z A-Z"]).decode())
with tempfile.TemporaryFile() as f: f.write(b"x")
with multiprocessing.Pool(2) as p: print(sum(p.map(abs, range(-10, 10))))'
	says "CHILD"
	says "100"
	kills untrusted 165
	kills untrusted 272 0x10000000
	kills untrusted 101
	kills untrusted 56 0x10000011
	kills untrusted 16 0 0x5412
	refuses untrusted 1 41 2 1
}

@test "python" {
	room
	under python /usr/bin/python3 -c 'import asyncio, hashlib, json, os, sqlite3, subprocess, tempfile, threading
import multiprocessing, socket, signal, time, urllib.request, http.server
os.chdir(tempfile.mkdtemp())
db = sqlite3.connect("db"); db.execute("create table t (n)"); db.executemany("insert into t values (?)", [(i,) for i in range(100)]); db.commit()
print("sum", db.execute("select sum(n) from t").fetchone()[0])
print(subprocess.run("echo shell | sha256sum | head -c 8", shell=True, capture_output=True, text=True).stdout)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("served", len(urllib.request.urlopen("http://127.0.0.1:%d/" % server.server_port).read()) > 0)
async def work():
    p = await asyncio.create_subprocess_exec("/bin/echo", "async", stdout=asyncio.subprocess.PIPE)
    return (await p.communicate())[0].decode().strip()
print(asyncio.run(work()))
signal.setitimer(signal.ITIMER_REAL, 0.05); signal.signal(signal.SIGALRM, lambda *a: print("alarm")); time.sleep(0.2)
with multiprocessing.Pool(2) as pool: print("pool", sum(pool.map(len, ["a", "bb"])))
try: socket.getaddrinfo("localhost", 80)
except socket.gaierror: pass
os.symlink("db", "link"); os.rename("link", "link2"); os.remove("link2"); os.utime("db"); os.chmod("db", 0o600)'
	for words in "sum 4950" "served True" async alarm "pool 3"; do says "$words"; done
	refuses_attacks python
	refuses_written_code python
}

@test "node" {
	needs node
	room
	under node "$(readlink -f "$(command -v node)")" -e '
const http = require("http"), fs = require("fs"), { Worker } = require("worker_threads");
const { execFileSync } = require("child_process"), crypto = require("crypto"), zlib = require("zlib");
fs.mkdirSync("/tmp/d"); fs.writeFileSync("/tmp/d/f", "text"); fs.renameSync("/tmp/d/f", "/tmp/d/g");
console.log(fs.readFileSync("/tmp/d/g", "utf8"), execFileSync("/bin/echo", ["child"]).toString().trim());
console.log(zlib.gunzipSync(zlib.gzipSync("zip")).toString(), crypto.pbkdf2Sync("a", "b", 1000, 8, "sha256").length);
const server = http.createServer((q, r) => r.end("served")).listen(0, "127.0.0.1", () =>
	http.get({ port: server.address().port, host: "127.0.0.1" }, r => r.on("data", d => {
		console.log(d.toString());
		new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", { eval: true })
			.on("message", m => { console.log("worker", m); server.close(); process.exit(0); });
	})));'
	for words in "text child" "zip 8" served "worker 42"; do says "$words"; done
	refuses_attacks node
	# For its compilers.
	refuses node 0 9 0 4096 7 0x22 -1 0
}

@test "jvm" {
	needs java
	room
	local java
	java=$(dirname "$(readlink -f "$(command -v java)")")
	under jvm "$java/java" -Xmx128m -version
	says "64-Bit"
	# A program in Java of the runtime's own: keys, a store on disk, threads of the collector and compilers.
	under jvm "$java/keytool" -J-Xmx128m -genkeypair -alias a -keyalg EC -keystore /tmp/store -storepass secret1 \
		-dname CN=x -storetype PKCS12 -v
	says "/tmp/store"
	refuses_attacks jvm
	# For its compilers.
	refuses jvm 0 9 0 4096 7 0x22 -1 0
}

@test "go" {
	needs runc
	room
	# runc is a program in Go; these commands of it run in any jail.
	under go /bin/sh -ec 'cd /tmp; "$0" --root /tmp/r spec; grep -c ociVersion config.json; "$0" --root /tmp/r list
		"$0" --version; GOMAXPROCS=4 GODEBUG=gctrace=1 "$0" --root /tmp/r features | head -c 300' "$(command -v runc)"
	says "go: go1"
	says "ociVersionMin"
	refuses_attacks go
	refuses_written_code go
}

@test "static" {
	room
	under static /calls
	same "$status $output" "0 worked"
	refuses static 1 57
	refuses static 1 41 1 1
	refuses static 1 165
	refuses static 1 56 17
	refuses static 38 9999
	refuses_written_code static
}

@test "shell" {
	room
	under shell /bin/sh -ec 'cd /tmp; trap "echo trapped" USR1; kill -USR1 $$
		for i in 3 1 2; do echo $i > f$i; done; cat f* | sort | tr "\n" " "; echo
		find . -name "f[12]" | wc -l; (sleep 0.1; echo late) & wait; awk "BEGIN { print 6 * 7 }"
		tar czf a.tgz f1; tar tzf a.tgz; sed -i s/1/one/ f1; cat f1; rm f2; ln -s f3 l; readlink l
		mkfifo p; echo through > p & cat p; date +%Y > /dev/null; ps > /dev/null; timeout 5 true'
	for words in trapped "1 2 3" late 42 one through; do says "$words"; done
	under shell /usr/bin/bash -ec 'x=$(seq 5 | paste -sd+); echo $((x)); exec 3<>/tmp/f; echo 4 >&3; ls /usr | head -1'
	says 15
	refuses shell 38 41 2 1
	refuses shell 1 165
	refuses shell 1 101
}

@test "network-client" {
	room
	config '.linux.namespaces |= map(select(.type != "network"))'
	mkdir site
	echo "from outside" > site/page
	/usr/bin/python3 -u -c 'import http.server, os
os.chdir("site")
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_port, flush=True); server.serve_forever()' > port 2> /dev/null &
	later kill $!
	wait_for 10 test -s port
	under network-client /bin/wget -q -O - "http://127.0.0.1:$(cat port)/page"
	same "$status $output" "0 from outside"
	under network-client /usr/bin/python3 -c 'import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:%s/page" % sys.argv[1]).read().decode())' "$(cat port)"
	says "from outside"
	# It cannot listen.
	refuses network-client 1 50 0 1
	refuses_attacks network-client
}

@test "network-server" {
	room
	under network-server /bin/sh -ec 'echo served > /tmp/page; httpd -p 127.0.0.1:8080 -h /tmp
		wget -q -O - http://127.0.0.1:8080/page
		mkfifo /tmp/in; nc -l -p 8081 < /tmp/in > /tmp/got & exec 3> /tmp/in # who hears the end first, says nothing
		until echo told | nc 127.0.0.1 8081; do sleep 0.1; done; wait; cat /tmp/got; killall httpd'
	says served
	says told
	refuses_attacks network-server
}

@test "minimal" {
	room
	command_is /bin/sh -c :
	under minimal /bin/echo said
	same "$status $output" "0 said"
	under minimal /bin/expr 6 '*' 7
	same "$status $output" "0 42"
	[ "$(printf 'a\nb\n' | { command_is /bin/sort -r; jr run --seccomp-profile minimal -b "$BUNDLE" "$ID"; } |
		paste -sd' ')" = "b a" ]
	under minimal /bin/cat /etc/passwd
	same "$status" 159
	kills minimal 57
	kills minimal 9 0 4096 7 0x22 -1 0
	kills minimal 41 1 1
	kills minimal 165
}

@test "readonly" {
	room
	echo "1 2 3 4" > "$BUNDLE/rootfs/numbers"
	config '.root.readonly = false'
	under readonly /usr/bin/python3 -c 'import os, threading
t = threading.Thread(target=lambda: print("sum", sum(map(int, open("/numbers").read().split())))); t.start(); t.join()
print(len(os.listdir("/usr/bin")) > 0)
for what in (lambda: open("/tmp/f", "w"), lambda: open("/numbers", "a"), lambda: os.mkdir("/tmp/d"), lambda: os.unlink("/numbers"),
	lambda: os.fork(), lambda: __import__("socket").socket()):
    try: what(); print("let through")
    except OSError as e: print(e.errno)'
	same "$(paste -sd' ' <<< "$output")" "sum 10 True 1 1 1 1 1 1"
	refuses readonly 1 1 0
	refuses readonly 1 165
	refuses_written_code readonly
	refuses readonly 38 437
}

@test "default-log" {
	room
	under default-log /calls
	same "$status $output" "0 worked"
	under default-log /bin/grep -E '^Seccomp:' /proc/self/status
	says "Seccomp:	2"
	# All is let through, but the calls of other architectures: x32's here.
	kills default-log 0x40000027
}

# --- how a profile is chosen ------------------------------------------------------------------------------

seccomp_filters() {
	run jr run "$@"
	same "$status" 0
	same "$(tail -n 1 <<< "$output")" "Seccomp_filters:	$FILTERS"
}

@test "option, jail object and annotation choose a profile, and an nsjail config can" {
	local FILTERS=1
	bundle
	command_is /bin/grep Seccomp_filters /proc/self/status
	seccomp_filters -b "$BUNDLE" --seccomp-profile shell "$ID"
	config '.jail = {seccomp_profile: ["shell"]}'
	seccomp_filters -b "$BUNDLE" "$ID"
	config 'del(.jail) | .annotations = {"org.jailrt.seccomp_profile": "shell"}'
	seccomp_filters -b "$BUNDLE" "$ID"
	for profile in 'seccomp_profile: "minimal"' ''; do
		printf 'mount { src: "%s" dst: "/" is_bind: true }\n%s\n' "$ROOTFS" "$profile" > jail.cfg
		run jr run --config jail.cfg ${profile:+--seccomp-profile shell} -- /bin/cat /etc/passwd
		[ "$status" -eq "$([ -n "$profile" ] && echo 159 || echo 0)" ]
	done
	run jr run --config jail.cfg --seccomp-profile minimal -- /bin/cat /etc/passwd
	same "$status" 159
}

@test "a profile and the config's own filter hold both: neither loosens the other" {
	room
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["getpid"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]}'
	refuses shell 7 39
	refuses shell 1 165
	refuses shell 0 102
	config '.annotations = {"org.jailrt.seccomp_profile": "static"}'
	refuses shell 1 57
	refuses shell 7 39
	printf 'mount { src: "%s" dst: "/" is_bind: true }\nmount { src: "%s" dst: "/tmp/calls" is_bind: true }
		seccomp_string: "ERRNO(7) { getpid } DEFAULT ALLOW"\n' "$ROOTFS" "$BATS_FILE_TMPDIR/calls" > jail.cfg
	touch "$ROOTFS/tmp/calls"
	run jr run --config jail.cfg --seccomp-profile shell -- /tmp/calls 39
	same "$(tail -n 1 <<< "$output")" 7
	run jr run --config jail.cfg --seccomp-profile shell -- /tmp/calls 165
	same "$(tail -n 1 <<< "$output")" 1
}

@test "a further process of the container is under the profile too" {
	room
	command_is sleep 100
	jr run -d --seccomp-profile shell -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
	run jr exec "$ID" /calls 165
	same "$status $output" "0 1"
	jr delete --force "$ID"
}

@test "a profile that is not there is an error, wherever it is chosen" {
	bundle
	command_is true
	run jr run --seccomp-profile pyton -b "$BUNDLE" "$ID"
	fails_with 1 "there is no seccomp profile 'pyton'; did you mean 'python'?"
	run jr create --seccomp-profile ../x -b "$BUNDLE" "$ID"
	fails_with 1 "there is no seccomp profile '../x'"
	config '.annotations = {"org.jailrt.seccomp_profile": "/etc/passwd"}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "there is no seccomp profile '/etc/passwd'"
	config '.annotations = {"run.oci.seccomp_bpf_data": "BgAAAAAA/38="}'
	run jr run --seccomp-profile shell -b "$BUNDLE" "$ID"
	fails_with 1 "the config has a finished seccomp program"
	run jr state "$ID"
	[ "$status" -eq 1 ]
}

@test "further profiles are looked for below the PREFIX of the install, whatever it was built for" {
	local from
	from=$(dirname "$JAILRT")
	[ -e "$from/libjailrt.a" ] || skip "what was built is not here"
	mkdir "$T/build"
	cp -a "$from"/{gen,spec,runtime,hooks,jailrt,libjailrt.a} "$T/build/"
	make -s -C "$BATS_TEST_DIRNAME/../.." BUILD="$T/build" PREFIX="$T/prefix" install > made 2>&1 || { cat made; false; }
	echo 'ERRNO(5) { read } DEFAULT ALLOW' > "$T/prefix/share/jailrt/seccomp-profiles/own.policy"
	run "$T/prefix/bin/jailrt" seccomp test own read
	[[ "$output" == *ERRNO* || "$output" == *EIO* ]]
	run "$T/prefix/bin/jailrt" seccomp test other read
	fails_with 2 "$T/prefix/share/jailrt/seccomp-profiles"
}
