#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load attack

# The host's jailrt, out of reach of a container: CVE-2019-5736, CVE-2016-9962.

hash_of() {
	sha256sum < "$JAILRT"
}

# Ways to execute the program that a process is just now, as files of the rootfs.
leads_to_self() {
	printf '#!/proc/self/exe --version\n' > "$BUNDLE/rootfs/script"
	printf '#!/link\n' > "$BUNDLE/rootfs/script2"
	ln -s /proc/self/exe "$BUNDLE/rootfs/link"
	ln -s proc/thread-self/exe "$BUNDLE/rootfs/link2"
	chmod 755 "$BUNDLE/rootfs/script" "$BUNDLE/rootfs/script2"
}

WAYS="/proc/self/exe /proc/1/exe /proc/thread-self/exe /script /script2 /link /link2"

@test "a program that is /proc/self/exe is not jailrt, in run and in a user namespace" {
	local way user before
	before=$(hash_of)
	for user in : with_user; do
		bundle
		with_host_programs
		leads_to_self
		$user
		for way in $WAYS; do
			command_is $way --version
			run jr run -b "$BUNDLE" "$ID"
			fails_with 1 "exec format error"
			[[ "$output" != *"jailrt version"* ]]
		done
	done
	[ "$(hash_of)" = "$before" ]
}

@test "nor is it in create and start, nor with a process between" {
	bundle
	with_host_programs
	leads_to_self
	command_is /script
	jr create -b "$BUNDLE" "$ID" > out 2>&1
	# What waits for start is no host's program either, to the host's eyes.
	[ "$(stat -L -c %i "/proc/$(pid_of "$ID")/exe")" != "$(stat -c %i "$JAILRT")" ]
	[[ "$(readlink "/proc/$(pid_of "$ID")/exe")" == *"memfd:jailrt"* ]]
	run jr start "$ID"
	[ "$status" -ne 0 ]
	[[ "$output" == *"exec format error"* ]]
	jr delete --force "$ID"

	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 7}}'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "exec format error"
}

@test "exec of /proc/self/exe gets no jailrt" {
	local way user before
	before=$(hash_of)
	for user in : with_user; do
		bundle
		with_host_programs
		leads_to_self
		$user
		command_is sleep 1000
		jr run -d -b "$BUNDLE" "$ID" > out 2>&1
		# The container's own program is what /proc/1/exe is; it may run that.
		for way in ${WAYS/\/proc\/1\/exe/}; do
			run jr exec "$ID" $way --version
			fails_with 255 "exec format error"
			[[ "$output" != *"jailrt version"* ]]
		done
		jr delete --force "$ID"
	done
	[ "$(hash_of)" = "$before" ]
}

@test "what stands in for jailrt cannot be written to" {
	bundle
	with_host_programs
	with_capabilities CAP_SYS_PTRACE CAP_DAC_OVERRIDE CAP_SYS_ADMIN
	command_is sleep 1000
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	local pid
	pid=$(pid_of "$ID")
	# A second container in the pid namespace of the first; what waits for start can be looked at.
	bundle
	config '(.linux.namespaces[] | select(.type == "pid")).path = $p' --arg p "/proc/$pid/ns/pid"
	jr create -b "$BUNDLE" "$ID-2" > out 2>&1
	run jr exec --cap CAP_SYS_PTRACE --cap CAP_DAC_OVERRIDE --cap CAP_SYS_ADMIN "$ID" \
		/usr/bin/python3 -c '
import os, sys
inode = int(sys.argv[1])
seen = 0
for pid in filter(str.isdigit, os.listdir("/proc")):
    path = f"/proc/{pid}/exe"
    name = os.readlink(path)
    if os.stat(path).st_ino == inode:
        print("the host jailrt:", name)
    if "memfd:jailrt" not in name:
        continue
    seen += 1
    keep = os.open(path, os.O_RDONLY)
    for way in (path, f"/proc/self/fd/{keep}"):
        for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
            try:
                fd = os.open(way, flags)
                os.write(fd, b"#!/bad")
                print("written", way)
            except OSError as e:
                print(e.strerror)
    try:
        os.truncate(path, 100)
        print("truncated")
    except OSError as e:
        print(e.strerror)
    print("size", os.fstat(keep).st_size)
print("seen", seen)' "$(stat -c %i "$JAILRT")"
	says "seen 1"
	says "size 0"
	[[ "$output" != *"written"* ]]
	[[ "$output" != *"truncated"* ]]
	[[ "$output" != *"host jailrt"* ]]
	jr delete --force "$ID-2"
	jr delete --force "$ID"
}

# watch: the container's init looks at all that comes near it: which program it is, and its fds.
WATCHER='
import os, stat, sys
inode = int(sys.argv[1])
strangers = bad = 0
root = (os.stat("/").st_dev, os.stat("/").st_ino)
print("watching", flush=True)
while not os.path.exists("/tmp/stop"):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as f:
                if f.read().strip() != "jailrt":
                    continue
            strangers += 1
            if strangers == 1:
                print("near", flush=True)
            if os.stat(f"/proc/{pid}/exe").st_ino == inode:
                bad += 1
                print("exe", os.readlink(f"/proc/{pid}/exe"), flush=True)
            for fd in os.listdir(f"/proc/{pid}/fd"):
                name = os.readlink(f"/proc/{pid}/fd/{fd}")
                st = os.stat(f"/proc/{pid}/fd/{fd}")
                # Its working directory to be: the root of the container.
                if stat.S_ISDIR(st.st_mode) and (st.st_dev, st.st_ino) != root:
                    bad += 1
                    print("directory", name, flush=True)
                if "pidfd" in name or "[" in name and "socket" not in name and "pipe" not in name:
                    bad += 1
                    print("fd", name, flush=True)
        except OSError as e:
            if e.errno == 13:
                print("refused", flush=True)
print("strangers", strangers > 0, "bad", bad, flush=True)
'

watcher() {
	bundle '.root.readonly = false'
	with_host_programs
	"$@"
	command_is /usr/bin/python3 -c "$WATCHER" "$(stat -c %i "$JAILRT")"
	jr run -d -b "$BUNDLE" "$ID" > watched 2>&1
	wait_for 20 grep -q watching watched
}

stop_watcher() {
	touch "$BUNDLE/rootfs/tmp/stop"
	wait_for 20 grep -q strangers watched
	jr delete --force "$ID"
}

# held CALL WORD: execs, held for a moment at each such call; for longer, until the watcher has said the word.
held() {
	local ms
	for ms in 100 300 1000 3000; do
		run strace -f -o /dev/null -e trace="$1" -e inject="$1:delay_enter=${ms}000" \
			"$JAILRT" --root "$STATES" exec "$ID" echo hello
		says hello
		! grep -q "$2" watched || return 0
	done
	return 1
}

@test "a watching init with CAP_SYS_PTRACE finds neither jailrt nor fds of the host in who execs" {
	traced
	needs_capability CAP_SYS_PTRACE 19
	watcher with_capabilities CAP_SYS_PTRACE
	local call
	for call in setresuid prctl setgroups fchdir; do
		held "$call" near
	done
	stop_watcher
	cat watched
	grep -qx "strangers True bad 0" watched
}

@test "an init without CAP_SYS_PTRACE is not let near who execs" {
	traced
	watcher :
	held fchdir refused
	stop_watcher
	cat watched
	grep -qx "strangers True bad 0" watched
}

@test "nobody in the container can trace who execs" {
	traced
	bundle '.root.readonly = false'
	with_host_programs
	command_is /usr/bin/python3 -c '
import os
def comm(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()
print("watching", flush=True)
won = tried = 0
while not os.path.exists("/tmp/stop"):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if comm(pid) != "jailrt":
                continue
            tried += 1
            # The right that this takes is the one to trace.
            os.close(os.open(f"/proc/{pid}/mem", os.O_RDWR))
            won += comm(pid) == "jailrt"
        except OSError:
            pass
print("strangers", tried > 0, "traced", won, flush=True)'
	jr run -d -b "$BUNDLE" "$ID" > watched 2>&1
	wait_for 20 grep -q watching watched
	local call
	for call in setresuid prctl fchdir; do
		run strace -f -o /dev/null -e trace=$call -e inject=$call:delay_enter=100000 \
			"$JAILRT" --root "$STATES" exec "$ID" echo hello
		says hello
	done
	stop_watcher
	cat watched
	grep -qx "strangers True traced 0" watched
}
