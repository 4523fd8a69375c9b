#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What nsjail's mounts keep, all the way down.
load helpers
load life
load nsjail

# attributes PATH: of the mount there, from mountinfo in the last output.
attributes() {
	awk -v at="$1" '$5 == at { print $6 }' <<< "$output" | tail -n 1
}

# mounted_below DIR: a writable tmpfs in the directory's sub, as long as the test runs.
mounted_below() {
	mkdir -p "$1/sub"
	mount -t tmpfs below "$1/sub"
	later umount "$1/sub"
}

@test "a read-only bind is read-only all the way down, and so is a root" {
	mkdir dir
	mounted_below "$T/dir"
	nj -q --chroot "$ROOTFS" -R "$T/dir:/tmp" -- /bin/sh -c 'touch /tmp/sub/x'
	ends 1
	logged "Read-only file system"
	nj -q --chroot "$ROOTFS" -B "$T/dir:/tmp" -- /bin/sh -c 'touch /tmp/sub/x'
	ends 0
	cp -a "$ROOTFS" root
	mounted_below "$T/root/home"
	nj -q --chroot "$T/root" -- /bin/sh -c 'touch /home/sub/x'
	ends 1
	logged "Read-only file system"
	nj -q --rw --chroot "$T/root" -- /bin/sh -c 'touch /home/sub/x'
	ends 0
}

@test "the root is the folder that is named, and nothing of the host beside it" {
	mkdir root
	cp -a "$ROOTFS"/{bin,proc} root/
	touch root/mark
	nj -q --chroot "$T/root" -u 5:5 -g 5:5 -- /bin/ls /
	ends 0 "$(printf 'bin\nmark\nproc')"
	printf 'mount { src: "%s" dst: "/" is_bind: true }\n' "$T/root" > jail.cfg
	nj -q --config jail.cfg -u 5:5 -g 5:5 -- /bin/ls /
	ends 0 "$(printf 'bin\nmark\nproc')"
}

@test "a root without set-user-id bits, devices or programs" {
	local words
	for words in nosuid nodev nosuid,nodev; do
		printf 'mount { src: "%s" dst: "/" is_bind: true %s } mount_proc: true\n' "$ROOTFS" \
			"$(sed 's/,/: true /g; s/$/: true/' <<< "$words")" > jail.cfg
		nj -Q --config jail.cfg -- /bin/cat /proc/self/mountinfo
		ends 0
		same "$(attributes / | cut -d, -f1-$(($(tr -cd , <<< "$words" | wc -c) + 2)))" "ro,$words"
	done
	printf 'mount { src: "%s" dst: "/" is_bind: true noexec: true }\n' "$ROOTFS" > jail.cfg
	nj -Q --config jail.cfg -- /bin/true
	ends 255
}

@test "/proc is read-only, and nosuid, nodev, noexec, by the config and by the option" {
	printf 'mount { src: "%s" dst: "/" is_bind: true } mount_proc: true\n' "$ROOTFS" > jail.cfg
	nj -Q --config jail.cfg -- /bin/cat /proc/self/mountinfo
	[[ "$(attributes /proc)" == ro,nosuid,nodev,noexec,* ]]
	run jr run --config jail.cfg -- /bin/cat /proc/self/mountinfo
	[[ "$(attributes /proc)" == ro,nosuid,nodev,noexec,* ]]
	nj -Q --config jail.cfg -- /bin/sh -c 'echo 500 > /proc/self/oom_score_adj'
	ends 1
	nj -Q --chroot "$ROOTFS" -- /bin/cat /proc/self/mountinfo
	[[ "$(attributes /proc)" == ro,nosuid,nodev,noexec,* ]]
	nj -Q --chroot "$ROOTFS" --proc_rw -- /bin/cat /proc/self/mountinfo
	[[ "$(attributes /proc)" == rw,nosuid,nodev,noexec,* ]]
}

@test "options of a mount by the command line are those of the mount" {
	nj -Q --chroot "$ROOTFS" -m none:/tmp:tmpfs:noexec,nosuid,nodev,size=65536 -B "$T:/home:noexec,nodev" -- \
		/bin/cat /proc/self/mountinfo
	[[ "$(attributes /tmp)" == rw,nosuid,nodev,noexec,* ]]
	[[ "$(attributes /home)" == rw,nodev,noexec,* ]]
}
