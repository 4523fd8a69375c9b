#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load attack

# exec into a container whose init is hostile: it traces, opens what it finds in /proc, kills, and replaces
# files under the feet of who enters. CVE-2016-9962, CVE-2019-5736, CVE-2024-21626 and their kin.

# cgroup_file: the processes of the container, as the host sees them.
cgroup_file() {
	find /sys/fs/cgroup -path "*/$ID/cgroup.procs" 2>/dev/null | head -n 1
}

# The init tries all that would give it a hold on a process that is still jailrt.
GRABBER='
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
word = ctypes.create_string_buffer(8)
class Vec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
def comm(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()
def seize(pid): # PTRACE_SEIZE, by a child: what it has is let go again when it ends
    child = os.fork()
    if not child:
        os._exit(libc.ptrace(0x4206, pid, 0, 0) != 0)
    if os.waitpid(child, 0)[1]: raise OSError()
def peek(pid): # process_vm_readv of its program headers
    here, there = Vec(ctypes.addressof(word), 1), Vec(0x400000, 1)
    if libc.syscall(310, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) < 0 and ctypes.get_errno() != 14:
        raise OSError()
def take(pid): # pidfd_open, pidfd_getfd
    fd = libc.syscall(434, pid, 0)
    if fd < 0: raise OSError()
    # What is kept would keep open what the program prints to.
    got = [n for n in (libc.syscall(438, fd, n, 0) for n in range(32)) if n >= 0]
    for n in got + [fd]:
        os.close(n)
    if not got: raise OSError()
def fds(pid): # which numbers there are is told to the same user; what they are is not
    names = os.listdir(f"/proc/{pid}/fd")
    told = 0
    for n in names:
        try:
            os.readlink(f"/proc/{pid}/fd/{n}")
            told += 1
        except OSError:
            pass
    if not told: raise OSError()
def follow(name):
    return lambda pid: os.readlink(f"/proc/{pid}/{name}")
def read(name):
    return lambda pid: os.close(os.open(f"/proc/{pid}/{name}", os.O_RDONLY))
ways = dict(seize=seize, peek=peek, take=take, fds=fds,
    fd=read("fd/0"), mem=read("mem"), maps=read("maps"), environ=read("environ"),
    exe=follow("exe"), cwd=follow("cwd"), root=follow("root"), net=read("ns/net"))
met, won, tried = set(), set(), set()
print("watching", flush=True)
while not os.path.exists("/tmp/stop"):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if comm(pid) != "jailrt":
                continue
        except OSError:
            continue
        met.add(pid)
        for name, way in ways.items():
            tried.add(name)
            try:
                way(int(pid))
                if comm(pid) == "jailrt":
                    won.add(name)
            except OSError:
                pass
print("met", len(met), "tried", len(tried), "won", sorted(won), flush=True)'

# The host holds whoever comes into the cgroup, for a moment and wherever it is just then.
HOLDER='
import os, signal, sys, time
end = time.time() + 200
known = set(open(sys.argv[1]).read().split())
while time.time() < end:
    try:
        now = open(sys.argv[1]).read().split()
    except OSError:
        break
    for pid in now:
        if pid in known:
            continue
        known.add(pid)
        try:
            os.kill(int(pid), signal.SIGSTOP)
            time.sleep(0.15)
            os.kill(int(pid), signal.SIGCONT)
        except OSError:
            pass'

@test "an init that traces and looks into /proc gets no hold on who execs" {
	local i user
	for user in : with_user; do
		bundle '.root.readonly = false'
		with_host_programs
		$user
		command_is /usr/bin/python3 -c "$GRABBER"
		rm -f watched
		jr run -d -b "$BUNDLE" "$ID" > watched 2>&1
		wait_for 20 grep -q watching watched
		python3 -c "$HOLDER" "$(cgroup_file)" 3>&- &
		local holder=$!
		disown
		later kill $holder
		for i in {1..25}; do
			run timeout 30 "$JAILRT" --root "$STATES" exec "$ID" echo hello
			says hello
		done
		touch "$BUNDLE/rootfs/tmp/stop"
		wait_for 20 grep -q "^met" watched
		jr delete --force "$ID"
		cat watched
		# It met some of them, and tried all there is.
		not grep -q "^met [0-4] " watched
		grep -q "tried 12 won \[\]$" watched
	done
}

# swapper NAME…: the init exchanges each file with FILE.bad, all the while.
swapper() {
	command_is /usr/bin/python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
print("swapping", flush=True)
n = 0
while not os.path.exists("/tmp/stop"):
    for name in sys.argv[1:]:
        r = libc.renameat2(-100, name.encode(), -100, (name + ".bad").encode(), 2)
        n += r == 0
print("swapped", n > 1000, flush=True)' "$@"
}

# bats test_tags=slow
@test "an init that swaps files and symlinks under who execs wins no file, directory or program of the host" {
	local i before good=0 bad=0
	marker "$T/marker"
	bundle '.root.readonly = false'
	with_host_programs
	mkdir -p "$BUNDLE/rootfs/work" "$BUNDLE/rootfs/work/sub"
	# A way out for a careless look-up: the host's folder, and what who enters has open.
	ln -s "../../../../../../../..$MARKER" "$BUNDLE/rootfs/work.bad"
	ln -s /dev/zero "$BUNDLE/rootfs/etc/passwd.bad"
	cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/busybox"
	ln -s /proc/self/exe "$BUNDLE/rootfs/busybox.bad"
	mkdir "$BUNDLE/rootfs/dir"
	ln -s /proc/self/fd/7 "$BUNDLE/rootfs/dir.bad"
	swapper /work /etc/passwd /busybox /dir
	jr run -d -b "$BUNDLE" "$ID" > watched 2>&1
	wait_for 20 grep -q swapping watched
	before=$(sha256sum < "$JAILRT")
	for ((i = 0; i < 200; i++)); do
		local dir=(/work/sub /dir)
		run timeout 30 "$JAILRT" --root "$STATES" exec -u 1000 --cwd "${dir[i % 2]}" "$ID" \
			/busybox sh -c 'pwd; ls -a .; touch made 2> /dev/null; echo done' 7< /
		[ "$status" -ne 124 ] || { echo "exec hangs"; return 1; }
		if [ "$status" -eq 0 ] && [[ "$output" == *done ]]; then
			good=$((good + 1))
			# Whatever it is called just then, it is a directory of the container, and an empty one.
			[[ "${lines[0]}" == /* && "${lines[*]:1}" == ". .. done" ]] || { echo "$output"; return 1; }
		else
			bad=$((bad + 1))
			[[ "$output" == *"jailrt: exec $ID: "* || "$output" == *"$ID"* || "$status" -eq 255 ]] ||
				{ echo "$status $output"; return 1; }
			[[ "$output" != *"jailrt version"* ]]
		fi
	done
	touch "$BUNDLE/rootfs/tmp/stop"
	wait_for 20 grep -q "swapped True" watched
	echo "# $good entered, $bad did not" >&3
	# Both sides of the race were met.
	[ "$good" -gt 0 ] && [ "$bad" -gt 0 ]
	[ "$(sha256sum < "$JAILRT")" = "$before" ]
	unmarked
	[ ! -e /made ]
	jr delete --force "$ID"
}

@test "an /etc/passwd that has no end holds up neither run nor exec" {
	local file
	for file in /dev/zero /dev/urandom /proc/self/fd/0 fifo /proc/kmsg endless; do
		bundle '.root.readonly = false | .process.env = ["PATH=/bin"]'
		rm "$BUNDLE/rootfs/etc/passwd"
		case $file in
		fifo) mkfifo "$BUNDLE/rootfs/etc/passwd" ;;
		endless) truncate -s 100G "$BUNDLE/rootfs/etc/passwd" ;;
		*) ln -s $file "$BUNDLE/rootfs/etc/passwd" ;;
		esac
		script 'echo "home is $HOME"; sleep 1000'
		timeout 20 "$JAILRT" --root "$STATES" run -d -b "$BUNDLE" "$ID" > out 2>&1 < /dev/zero
		wait_for 10 grep -q "home is /" out
		run timeout 20 "$JAILRT" --root "$STATES" exec "$ID" sh -c 'echo "home is $HOME"' < /dev/zero
		same_home
		jr delete --force "$ID"
	done
}

same_home() {
	[ "$status" -eq 0 ] && [ "$output" = "home is /" ] || { echo "$status: $output"; return 1; }
}

@test "an init that kills whoever comes makes exec fail, and neither hang nor leave anything" {
	local i
	bundle
	with_host_programs
	command_is /usr/bin/python3 -c '
import os, signal
print("killing", flush=True)
while True:
    try:
        os.kill(-1, signal.SIGKILL)
    except OSError:
        pass'
	jr run -d -b "$BUNDLE" "$ID" > watched 2>&1
	wait_for 20 grep -q killing watched
	for i in {1..20}; do
		run timeout 30 "$JAILRT" --root "$STATES" exec "$ID" sleep 1000
		[ "$status" -ne 124 ]
		[ "$status" -ne 0 ]
	done
	[ "$(status_of "$ID")" = running ]
	[ "$(wc -l < "$(cgroup_file)")" -eq 1 ]
	jr delete --force "$ID"
}

# CVE-2025-52881: the container's own /proc is what its init made of it.
@test "what exec writes to the kernel does not go where init has put something over /proc" {
	local pid
	bundle '.root.readonly = false'
	with_host_programs
	with_capabilities CAP_SYS_ADMIN CAP_DAC_OVERRIDE
	command_is /usr/bin/python3 -c '
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
os.makedirs("/trap/self/attr/apparmor", exist_ok=True)
for pid in list(range(1, 300)):
    os.makedirs(f"/trap/{pid}/attr", exist_ok=True)
    open(f"/trap/{pid}/oom_score_adj", "w").write("0")
for name in ("oom_score_adj", "uid_map", "setgroups", "attr/exec", "attr/apparmor/exec", "timens_offsets"):
    open("/trap/self/" + name, "w").write("0")
if libc.mount(b"/trap", b"/proc", None, 4096, None):
    raise OSError(ctypes.get_errno(), "mount")
print("covered", flush=True)
import time
time.sleep(1000)'
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	wait_for 20 grep -q covered out || { cat out; return 1; }
	jq '.process | .oomScoreAdj = 500 | .args = ["sleep", "1000"] | .cwd = "/"' "$BUNDLE/config.json" > process.json
	jr exec -d --pid-file pid --process process.json "$ID" > /dev/null 2>&1 < /dev/null 3>&-
	pid=$(cat pid)
	[ "$(cat "/proc/$pid/oom_score_adj")" = 500 ]
	[ -z "$(grep -L -x 0 $(find "$BUNDLE/rootfs/trap" -type f))" ]
	# Its fds and its cgroup are as they should be, too.
	[ "$(ls "/proc/$pid/fd" | sort -n | tr '\n' ' ')" = "0 1 2 " ]
	grep -q "^$pid\$" "$(cgroup_file)"
	jr delete --force "$ID"
}

@test "exec is at the root of the container's cgroup namespace, and sees no other" {
	bundle '.linux.namespaces += [{type: "cgroup"}] | .linux.namespaces |= unique'
	command_is sleep 1000
	jr run -d -b "$BUNDLE" "$ID" > out 2>&1
	run jr exec "$ID" sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u; for p in self 1; do readlink /proc/$p/ns/cgroup; done | sort -u | wc -l'
	[ "$output" = $'/\n1' ] || { echo "$output"; return 1; }
	run jr exec "$ID" sh -c 'cat /proc/self/mountinfo'
	says cgroup
	[[ "$output" != *"/$ID"* && "$output" != *"/.."* ]]
	jr delete --force "$ID"
}
