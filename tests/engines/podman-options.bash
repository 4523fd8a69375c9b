# SPDX-License-Identifier: Apache-2.0
# Scenarios of podman: what may be asked for, for root and for a user.

scenario user '--user, --group-add, passwd of the image'
s_user() {
	runs --user user bb id
	runs --user 1234:5678 bb sh -c 'id -u; id -g; id -G'
	runs --user user --group-add 77 bb id -G
	runs --workdir /tmp bb pwd
	runs --umask 0077 bb sh -c umask
}

scenario keep-groups '--group-add keep-groups' crun # runc does not know it
s_keep_groups() {
	runs --group-add keep-groups bb sh -c 'id -G | tr " " "\n" | sort -u | wc -l'
	refuses 'not allowed' runs --group-add keep-groups --group-add 5 bb true
}

scenario capabilities '--cap-add, --cap-drop, --privileged'
s_capabilities() {
	runs bb grep ^Cap /proc/self/status
	runs --cap-drop all bb grep ^Cap /proc/self/status
	runs --cap-drop all --cap-add net_admin,sys_time bb grep ^Cap /proc/self/status
	runs --user user --cap-add net_raw bb grep ^Cap /proc/self/status
	runs --privileged bb grep ^Cap /proc/self/status
}

scenario seccomp '--security-opt seccomp=FILE, unconfined, and the default profile'
s_seccomp() {
	cat > profile.json <<-END
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		  {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99},
		  {"names": ["sethostname"], "action": "SCMP_ACT_KILL_PROCESS"}]}
	END
	code runs --security-opt seccomp="$PWD/profile.json" bb mkdir /tmp/x 2>&1
	code runs --security-opt seccomp="$PWD/profile.json" bb sh -c 'hostname x; echo $?'
	runs bb grep ^Seccomp: /proc/self/status
	code runs --cap-add sys_time bb unshare -U true 2>&1
	runs --security-opt seccomp=unconfined bb grep ^Seccomp: /proc/self/status
}

scenario no-new-privileges '--security-opt no-new-privileges'
s_no_new_privileges() {
	runs bb grep ^NoNewPrivs /proc/self/status
	runs --security-opt no-new-privileges bb grep ^NoNewPrivs /proc/self/status
}

scenario masks 'masked and read-only paths, and unmasked ones'
s_masks() {
	runs bb sh -c 'exec 2>&1; cat /proc/kcore | wc -c; ls /proc/scsi /sys/firmware
		echo 1 > /proc/sys/kernel/panic' || true
	code runs --security-opt unmask=ALL bb sh -c 'grep -c -e " /proc/" -e " /sys/firmware" /proc/self/mountinfo'
	code runs --security-opt mask=/proc/uptime bb sh -c 'cat /proc/uptime | wc -c'
}

scenario read-only '--read-only, with its temporary folders'
s_read_only() {
	runs --read-only bb sh -c 'exec 2>&1; touch /x; touch /tmp/x && echo tmp; touch /run/x && echo run'
	runs --read-only --read-only-tmpfs=false bb sh -c 'touch /tmp/x' 2>&1 || echo refused
}

scenario tmpfs '--tmpfs with options'
s_tmpfs() {
	runs --tmpfs /t:size=1m,mode=0700,noexec bb sh -c \
		'exec 2>&1; stat -c %a /t; grep " /t " /proc/mounts | cut -d" " -f3,4; head -c 2000000 /dev/zero > /t/f' ||
		echo full
	mkdir there
	runs --tmpfs /etc:rw bb ls /etc/passwd
}

scenario volume '--volume, rw and ro, of folders and files'
s_volume() {
	mkdir -p v/sub
	echo text > v/file
	runs -v "$PWD/v:/v" bb sh -c 'cat /v/file; echo more >> /v/file; cat /v/file'
	runs -v "$PWD/v:/v:ro" bb sh -c 'exec 2>&1; cat /v/file; touch /v/x' || echo read-only
	runs -v "$PWD/v/file:/etc/thefile:ro" bb cat /etc/thefile
	runs -v "$PWD/v:/v:noexec,nosuid,nodev" bb sh -c 'grep " /v " /proc/mounts | cut -d" " -f4 | cut -d, -f1-4'
	refuses 'no such file or directory' runs -v "$PWD/none:/v" bb true
	runs --mount type=bind,src="$PWD/v",dst=/w,ro=true bb sh -c 'touch /w/x' 2>&1 || echo read-only
}

scenario volume-named 'a named volume: filled from the image, kept'
s_volume_named() {
	runs -v "$N-vol:/home" bb sh -c 'echo kept > /home/file'
	runs -v "$N-vol:/home" bb cat /home/file
	runs -v "$N-etc:/etc" bb cat /etc/group
	p volume rm -f "$N-vol" "$N-etc" > said
}

scenario volume-rro '--volume rro: read-only with what is mounted below'
s_volume_rro() {
	mkdir -p v
	refuses 'read-only' runs -v "$PWD/v:/v:rro" bb touch /v/x
}

scenario volume-U '--volume U: the owner becomes the container'"'"'s user'
s_volume_U() {
	mkdir v
	touch v/file
	give v
	runs --user 1000 -v "$PWD/v:/v:U" bb stat -c '%u %g' /v /v/file
	runs -v "$N-vol:/v:U" --user 1000 bb sh -c 'touch /v/x; stat -c %u /v/x'
	p volume rm -f "$N-vol" > said
}

scenario init '--init: an init reaps and passes signals on'
s_init() {
	sleeper --init
	p exec "$N" sh -c 'tr "\0" " " < /proc/1/cmdline | cut -d" " -f1'
	p stop -t 10 "$N" > said
	inspect '{{.State.ExitCode}}'
}

scenario hostname '--hostname, --add-host, --dns'
s_hostname() {
	runs --hostname thehost bb hostname
	runs --hostname thehost bb cat /proc/sys/kernel/hostname
	runs --add-host name:1.2.3.4 bb grep name /etc/hosts
	runs --uts host bb hostname
}

scenario environment '--env, --env-file, --unsetenv'
s_environment() {
	printf 'C=d e\nF=\n' > env
	runs --env A=b --env-file env bb env | sort | grep -v HOSTNAME
	runs --unsetenv PATH --entrypoint /bin/env bb | grep -c PATH= || true
}

scenario ulimit '--ulimit'
s_ulimit() {
	runs --ulimit nofile=100:200 --ulimit nproc=300:400 --ulimit core=0:0 bb \
		grep -e files -e processes -e core /proc/self/limits
}

scenario sysctl '--sysctl of the ipc and net namespaces'
s_sysctl() {
	runs --sysctl kernel.shmmax=123456 --sysctl net.ipv4.ip_default_ttl=33 bb \
		cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_default_ttl
	refuses 'sysctl' runs --sysctl kernel.panic=1 bb true
}

scenario shm-size '--shm-size'
s_shm_size() {
	runs --shm-size 2m bb df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d' ' -f2
}

scenario network-none '--network none: the loopback device alone, which is up'
s_network_none() {
	runs bb ip -o addr | awk '{ print $2, $3, $4 }'
}

scenario network-host '--network host'
s_network_host() {
	p run --rm --network host bb readlink /proc/self/ns/net | grep -c .
	is "$(readlink /proc/self/ns/net)" "$(p run --rm --network host bb readlink /proc/self/ns/net)"
}

scenario network-slirp '--network slirp4netns'
s_network_slirp() {
	p run --rm --network slirp4netns bb ip -o -4 addr | awk '{ print $2, $3, $4 }'
}

scenario network-container '--network container:NAME'
s_network_container() {
	up bb nc -l -p 7777 -e echo joined
	p run -d --network "container:$N" --name "$N-2" bb sh -c "$SLEEPER" > id
	until_ok 5 eval 'p exec "$N-2" nc 127.0.0.1 7777 < /dev/null | grep joined'
	p rm -f -t 0 "$N-2" > said
}

scenario namespaces '--pid, --ipc, --uts, --cgroupns: private, host, of a container'
s_namespaces() {
	local kind
	for kind in pid ipc uts cgroup; do
		# podman wants the host's for --ipc host.
		[ "$kind" != ipc ] || [ -e /dev/mqueue ] || continue
		runs bb readlink "/proc/self/ns/$kind" > inside
		[ "$(cat inside)" = "$(readlink "/proc/self/ns/$kind")" ] && echo "$kind host" || echo "$kind own"
		option=--$kind
		[ "$kind" != cgroup ] || option=--cgroupns
		runs "$option" host bb readlink "/proc/self/ns/$kind" > inside
		is "$(readlink "/proc/self/ns/$kind")" "$(cat inside)"
	done
	runs --cgroupns private bb sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
	sleeper --ipc shareable
	is "$(p exec "$N" readlink /proc/1/ns/ipc)" \
		"$(runs --ipc "container:$N" bb readlink /proc/self/ns/ipc)"
	is "$(p exec "$N" readlink /proc/1/ns/pid)" \
		"$(runs --pid "container:$N" bb readlink /proc/self/ns/pid)"
}

scenario uidmap '--uidmap, --gidmap'
s_uidmap() {
	runs --uidmap 0:20000:1000 --gidmap 0:30000:1000 bb cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '
	runs --uidmap 0:20000:1000 --gidmap 0:30000:1000 bb sh -c 'touch /x; stat -c "%u %g" /x /etc/passwd'
}

scenario cgroups-disabled '--cgroups=disabled' crun
s_cgroups_disabled() {
	runs --cgroups disabled bb echo free
	runs --cgroups disabled bb cat /proc/self/cgroup | sort > inside
	sort /proc/self/cgroup | diff - inside > said && echo same
	sleeper --cgroups disabled
	p exec "$N" echo inside
	p stop -t 5 "$N" > said
	inspect '{{.State.ExitCode}}'
}

scenario cgroups-no-conmon '--cgroups=no-conmon'
s_cgroups_no_conmon() {
	runs --cgroups no-conmon bb echo free
}

scenario dev 'what is in /dev, and its modes'
s_dev() {
	runs bb sh -c 'cd /dev; for i in *; do stat -c "%n %A %t:%T" $i; done
		readlink fd; readlink stdin; readlink ptmx'
}

scenario mounts 'the list of mounts'
s_mounts() {
	runs bb awk '$5 != "/sys/fs/cgroup" { print $5, substr($6, 1, 2) }' /proc/self/mountinfo | sort
}

scenario rootfs '--rootfs FOLDER'
s_rootfs() {
	cp -a "$W/rootfs" root
	give root
	p run --rm --network none --rootfs "$PWD/root" /bin/sh -c 'echo x > /made; cat /made'
	cat root/made
	runs --rootfs "$PWD/root:O" /bin/sh -c 'echo y > /made; cat /made'
	cat root/made
}

scenario security 'state of the program: what /proc/self/status says'
s_security() {
	runs bb grep -e ^Uid -e ^Gid -e ^Groups -e ^Sig[BC] -e ^NoNew -e ^Seccomp: -e ^Threads /proc/self/status
	runs bb cat /proc/self/oom_score_adj /proc/self/limits
}

scenario signals-proxied 'signals that podman run is sent reach the program'
s_signals_proxied() {
	p run --network none --name "$N" bb \
		sh -c 'trap "echo got; exit 8" TERM; echo up; while :; do sleep 0.05; done' > out &
	until_ok 10 grep up out
	kill "$!"
	code wait "$!"
	cat out
}
