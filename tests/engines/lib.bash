# SPDX-License-Identifier: Apache-2.0
# What the scenarios of all engines share. An engine is a file ENGINE.sh here:
#
#	engine_about='podman as root'            a line for the table
#	engine_peers='runc crun'                 who to compare with: the next one where one cannot
#	engine_versions() { … }                  prints a line a program
#	engine_begin() { … }                     once: makes images, starts daemons ("daemon NAME COMMAND…")
#	engine_reset() { … }                     after each scenario: removes its containers, however it ended
#	engine_end() { … }                       once; daemons are ended after it
#	engine_bench() { … }                     one container from nothing to nothing with $RT, for
#	engine_benched='podman run …'            make bench-engines; and its words
#	scenario NAME 'words' [PEERS]            followed by its function, s_NAME with _ for -; the peer
#	                                         "none": there is nothing to compare with
#
# A scenario is run with each of jailrt and the peer as $RT, the name of a program in PATH, in a bash of its
# own with -e, for at most 60 seconds (takes_up_to). It succeeds or fails by its status, and what it prints
# on stdout must be the same for both (ids and the names of runtimes are made alike; engines do not keep the
# order of a container's stdout and stderr: it says exec 2>&1 itself). Words on stderr are shown when it fails.
# $N is its name, which containers may have; $S, where it begins, is an empty folder that anybody may write
# to. Everything happens in a place (tests/engines/place) with $W, a folder on disk, /usr/local/bin/jailrt,
# and $W/rootfs, $W/rootfs.tar of busybox-static.
#
# What jailrt's run left behind after engine_reset (processes, states, cgroups, mounts) is a failure too;
# engine_known may print a regex for lines of `left` that are the engine's own, engine_left further lines.

SCENARIOS=()
declare -A WORDS PEERS_OF SECONDS_OF
scenario() {
	SCENARIOS+=("$1")
	WORDS[$1]=$2
	PEERS_OF[$1]=${3:-}
}

# takes_up_to SECONDS: the scenario that was named last.
takes_up_to() {
	SECONDS_OF[${SCENARIOS[-1]}]=$1
}

engine_reset() { :; }
engine_end() { :; }
engine_versions() { :; }
engine_left() { :; }
engine_known() { echo '^$'; }

# daemon NAME COMMAND…: started in the background, with its words in $W/NAME.log; ended with the engine.
daemon() {
	local name=$1
	shift
	setsid "$@" > "$W/$name.log" 2>&1 < /dev/null &
	echo $! > "$W/$name.pid"
	DAEMONS="$name $DAEMONS"
}

daemons_end() {
	local name pid
	for name in $DAEMONS; do
		pid=$(cat "$W/$name.pid")
		kill "$pid" 2>/dev/null || continue
		until_ok 15 eval "! kill -0 $pid 2>/dev/null" || kill -KILL "$pid"
	done
	DAEMONS=
}

# until_ok SECONDS COMMAND…: until the command succeeds; its words are those of the last time.
until_ok() {
	local end=$((SECONDS + $1)) out
	shift
	until out=$("$@" 2>&1); do
		[ "$SECONDS" -lt "$end" ] || { echo "gave up waiting for: $*: $out" >&2; return 1; }
		sleep 0.05
	done
}

# code COMMAND…: its output, and its status as a line; is never a failure.
code() {
	local status=0
	"$@" || status=$?
	echo "exit $status"
}

# exits STATUS COMMAND…: ends with this status.
exits() {
	local want=$1 status=0
	shift
	"$@" || status=$?
	[ "$status" = "$want" ] || { echo "status $status, not $want: $*" >&2; return 1; }
}

# is WANTED GOT
is() {
	[ "$1" = "$2" ] || { echo "'$2', not '$1'" >&2; return 1; }
}

# has TEXT COMMAND…: the command succeeds, and its stdout and stderr hold the text; prints the text.
has() {
	local text=$1 out
	shift
	out=$("$@" 2>&1) || { echo "status $?: $*: $out" >&2; return 1; }
	[[ $out == *"$text"* ]] || { echo "'$out' does not hold '$text': $*" >&2; return 1; }
	printf '%s\n' "$text"
}

# refuses TEXT COMMAND…: the command fails, saying the text, in whatever case; prints its status.
refuses() {
	local text=$1 out status=0
	shift
	out=$("$@" 2>&1) || status=$?
	[ "$status" -ne 0 ] || { echo "succeeds: $*" >&2; return 1; }
	grep -qiF -- "$text" <<< "$out" || { echo "'$out' does not hold '$text': $*" >&2; return 1; }
	echo "exit $status: $text"
}

# tty COMMAND…: on a terminal of its own of 24 lines and 80 columns; carriage returns are left out.
tty() {
	export -f $(compgen -A function)
	SHELL=/bin/bash script -qefc "stty rows 24 cols 80; $(printf '%q ' "$@")" /dev/null < /dev/null |
		tr -d '\000-\010\r' | sed 's/\^[@D]//' # what script itself types at the end of its input
	return "${PIPESTATUS[0]}"
}

# cgroup_says PID CONTROLLER FILE…: what files of a process's cgroup hold; on v2, those that mean the same.
cgroup_says() {
	local pid=$1 controller=$2 file dir
	shift 2
	for file; do
		if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
			dir=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
			case $file in
			memory.limit_in_bytes) file=memory.max ;;
			memory.memsw.limit_in_bytes) file=memory.swap.max ;;
			memory.soft_limit_in_bytes) file=memory.low ;;
			cpu.cfs_*_us) file=cpu.max ;;
			cpu.shares) file=cpu.weight ;;
			freezer.state) file=cgroup.freeze ;;
			esac
		else
			dir=/$controller$(sed -nE "s/^[0-9]+:([^:]*,)?$controller(,[^:]*)?://p" "/proc/$pid/cgroup")
		fi
		cat "/sys/fs/cgroup$dir/$file"
	done
}

# left: a line for everything of containers that is there now.
left() {
	# What is neither the driver nor its child: containers and what holds them are children of no one.
	ps -e -o pid=,ppid=,stat=,args= | awk -v driver=$$ '
		{ pid = $1; parent[pid] = $2; stat[pid] = $3; $1 = $2 = $3 = ""; sub(/^ +/, ""); words[pid] = $0 }
		END {
			for (pid in parent) {
				for (p = pid; p > 1 && p != driver; p = parent[p]);
				if (p != driver && pid != 1 && stat[pid] !~ /^Z/) print "process " words[pid]
			}
		}'
	find /run/jailrt /run/runc /run/crun -mindepth 1 -maxdepth 1 2>/dev/null | sed 's/^/state /'
	find /sys/fs/cgroup -mindepth 2 -type d 2>/dev/null | sed 's/^/cgroup /'
	awk '{ print "mount " $5 }' /proc/self/mountinfo
	engine_left
}

# left_overs BEFORE: lines that are not in the file; waits a moment for what is just ending.
left_overs() {
	local out tries known
	known=$(engine_known)
	for tries in 1 2 3 4 5 6 7 8 9 10 11 12; do
		out=$(left | sort | comm -13 "$1" - | grep -vE "$known")
		[ -n "$out" ] || return 0
		sleep 0.25
	done
	printf '%s\n' "$out"
}

# alike: makes what differs from run to run the same.
alike() {
	sed -E 's/\b[0-9a-f]{64}\b/<id>/g; s/\b[0-9a-f]{12}\b/<id>/g
		s#(/usr/s?bin/)?\b(jailrt|runc|crun)\b#RUNTIME#g' "$@"
}

# make_rootfs: $W/rootfs and $W/rootfs.tar.
make_rootfs() {
	local applet
	mkdir -p "$W"/rootfs/{bin,etc,proc,sys,dev,tmp,root,run,var,home}
	cp /bin/busybox "$W/rootfs/bin/"
	for applet in $(/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -sf busybox "$W/rootfs/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n' > "$W/rootfs/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\n' > "$W/rootfs/etc/group"
	chmod 1777 "$W/rootfs/tmp"
	tar -C "$W/rootfs" -cf "$W/rootfs.tar" .
}
