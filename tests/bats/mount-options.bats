#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# The options of a mount and of its filesystem, as the container sees them, of all below /m.
LIST_MOUNTS='sed -n "s/^[^ ]* [^ ]* [^ ]* [^ ]* \(\/m[^ ]*\) \([^ ]*\) .*- [^ ]* [^ ]* \(.*\)/\1 \2 \3/p" \
	/proc/self/mountinfo'

# try_all SETTER WORDS: one container with a mount "/m/WORD" for each word, made by SETTER; the output is
# what it lists.
try_all() {
	local setter=$1 word list=
	shift
	for word in "$@"; do
		list+="${list:+,}$($setter "$word")"
	done
	config '.mounts += $m' --argjson m "[$list]"
	script "$LIST_MOUNTS"
}

# expect WORD OPTIONS [FILESYSTEM-OPTIONS] [BELOW]: the line for /m/WORD[BELOW].
expect() {
	local line
	line=$(grep -E "^/m/$1${4-} " <<< "$output" || true)
	[ "$(cut -d' ' -f2 <<< "$line")" = "$2" ] || { echo "$1: '$line', not $2"; return 1; }
	[ -z "${3-}" ] || [[ ",$(cut -d' ' -f3 <<< "$line")," == *",$3,"* ]] ||
		{ echo "$1: '$line' does not have $3"; return 1; }
}

new_tmpfs() {
	echo "{\"destination\": \"/m/$1\", \"type\": \"tmpfs\", \"source\": \"x\", \"options\": [\"$1\"]}"
}

@test "each word for a mount's attributes is set on a filesystem" {
	bundle
	try_all new_tmpfs ro rw nosuid suid nodev dev noexec exec noatime atime nodiratime diratime \
		relatime norelatime strictatime nostrictatime nosymfollow symfollow defaults rro rnoexec
	run jr run -b "$BUNDLE" "$ID"
	says ""
	expect ro ro,relatime ro
	expect nosuid rw,nosuid,relatime
	expect nodev rw,nodev,relatime
	expect noexec rw,noexec,relatime
	expect noatime rw,noatime
	expect nodiratime rw,nodiratime,relatime
	expect strictatime rw
	expect nosymfollow rw,relatime,nosymfollow
	expect rro ro,relatime
	expect rnoexec rw,noexec,relatime
	local word
	for word in rw suid dev exec atime diratime relatime norelatime nostrictatime symfollow defaults; do
		expect $word rw,relatime rw
	done
}

@test "each word for the filesystem as a whole is passed to it" {
	bundle
	try_all new_tmpfs sync async dirsync lazytime nolazytime iversion noiversion silent loud mand nomand
	run jr run -b "$BUNDLE" "$ID"
	says ""
	expect sync rw,relatime sync
	expect dirsync rw,relatime dirsync
	expect lazytime rw,relatime lazytime
	expect mand rw,relatime mand
	local word
	for word in async nolazytime noiversion silent loud nomand; do
		expect $word rw,relatime
		[ "$(sed -n "s/^\/m\/$word [^ ]* //p" <<< "$output")" = "rw,inode64" ] ||
			[ "$(sed -n "s/^\/m\/$word [^ ]* //p" <<< "$output")" = rw ]
	done
}

@test "what only mount(2) can set does not lose the other words" {
	bundle '.mounts += [{destination: "/m/x", type: "tmpfs", source: "x", options: ["iversion", "ro",
		"nosuid", "nodev", "noexec", "noatime", "nosymfollow", "sync", "mode=0700", "size=64k"]}]'
	script "$LIST_MOUNTS"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	expect x ro,nosuid,nodev,noexec,noatime,nosymfollow size=64k
	expect x ro,nosuid,nodev,noexec,noatime,nosymfollow mode=700
	expect x ro,nosuid,nodev,noexec,noatime,nosymfollow sync
}

bind_of_src() {
	echo "{\"destination\": \"/m/$1\", \"source\": \"$T/src\", \"options\": [\"rbind\", \"$1\"]}"
}

# in_mounts OPTIONS COMMAND...: where src and src/sub are mounts with these options.
in_mounts() {
	local options=$1
	shift
	mkdir -p src
	unshare --mount sh -c 'mount -t tmpfs tmpfs src && mkdir src/sub && mount -t tmpfs tmpfs src/sub &&
		mount -o remount,bind,$0 src && mount -o remount,bind,$0 src/sub &&
		exec "$@"' "$options" "$@"
}

@test "each word is set on a bind, and on that mount alone" {
	bundle
	try_all bind_of_src ro nosuid nodev noexec noatime nodiratime strictatime nosymfollow relatime
	run in_mounts rw,relatime "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	expect ro ro,relatime
	expect nosuid rw,nosuid,relatime
	expect nodev rw,nodev,relatime
	expect noexec rw,noexec,relatime
	expect noatime rw,noatime
	expect nodiratime rw,nodiratime,relatime
	expect strictatime rw
	expect nosymfollow rw,relatime,nosymfollow
	local word
	for word in ro nosuid nodev noexec noatime nodiratime strictatime nosymfollow relatime; do
		expect $word rw,relatime "" /sub
	done
}

@test "each recursive word is set on all that is mounted beneath, too" {
	bundle
	try_all bind_of_src rro rnosuid rnodev rnoexec rnoatime rnodiratime rstrictatime rnosymfollow \
		rrelatime rnorelatime rnostrictatime
	run in_mounts rw,relatime "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	local below
	for below in "" /sub; do
		expect rro ro,relatime "" $below
		expect rnosuid rw,nosuid,relatime "" $below
		expect rnodev rw,nodev,relatime "" $below
		expect rnoexec rw,noexec,relatime "" $below
		expect rnoatime rw,noatime "" $below
		expect rnodiratime rw,nodiratime,relatime "" $below
		expect rstrictatime rw "" $below
		expect rnosymfollow rw,relatime,nosymfollow "" $below
		expect rrelatime rw,relatime "" $below
	done
}

@test "words that take an attribute away do so, and leave the others" {
	bundle
	try_all bind_of_src rw suid dev exec diratime symfollow rrw rsuid rdev rexec rdiratime rsymfollow \
		ratime rrelatime rstrictatime
	run in_mounts ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow \
		"$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	says ""
	local all=ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow word r below
	for r in "" r; do
		below=${r:+/sub}
		expect ${r}rw rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow "" $below
		expect ${r}suid ro,nodev,noexec,noatime,nodiratime,nosymfollow "" $below
		expect ${r}dev ro,nosuid,noexec,noatime,nodiratime,nosymfollow "" $below
		expect ${r}exec ro,nosuid,nodev,noatime,nodiratime,nosymfollow "" $below
		expect ${r}diratime ro,nosuid,nodev,noexec,noatime,nosymfollow "" $below
		expect ${r}symfollow ro,nosuid,nodev,noexec,noatime,nodiratime "" $below
	done
	expect ratime ro,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow "" /sub
	expect rrelatime ro,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow "" /sub
	expect rstrictatime ro,nosuid,nodev,noexec,nodiratime,nosymfollow "" /sub
	for word in rw suid dev exec diratime symfollow; do
		expect $word $all "" /sub
	done
}

@test "the later of two words that contradict each other counts" {
	bundle '.mounts += [
		{destination: "/m/a", type: "tmpfs", source: "x", options: ["ro", "nosuid", "rw", "suid"]},
		{destination: "/m/b", type: "tmpfs", source: "x", options: ["noatime", "strictatime", "rw", "ro"]},
		{destination: "/m/c", source: "/etc", options: ["bind", "rw", "noexec", "ro", "exec"]}]'
	script "$LIST_MOUNTS"
	run jr run -b "$BUNDLE" "$ID"
	says ""
	expect a rw,relatime rw
	expect b ro ro
	expect c ro,relatime
}

@test "the kernel keeps what the words say" {
	bundle '.root.path = "/" | .process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = false'
	mkdir src
	cp /usr/bin/id src/id
	chmod 4755 src/id
	mknod -m 666 src/null c 1 3
	ln -s id src/link
	config '.mounts += [{destination: "/mnt", source: $s, options: ["bind"]}]' --arg s "$T/src"
	script '/mnt/id -u; /mnt/link -u; echo > /mnt/null && echo open; echo > /mnt/id'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = "0 0 open" ]
	[[ "${lines[3]}" != *"Read-only"* ]]
	config '.mounts[-1].options = ["bind", "nosuid", "nodev", "nosymfollow", "ro"]'
	run jr run -b "$BUNDLE" "$ID"
	[ "${lines[0]}" = 1000 ]
	[[ "${lines[1]}" == *"Too many levels of symbolic links"* ]]
	[[ "${lines[2]}" == *"Permission denied"* ]]
	[[ "${lines[3]}" == *"Read-only file system"* ]]
	config '.mounts[-1].options = ["bind", "noexec"]'
	run jr run -b "$BUNDLE" "$ID"
	[[ "${lines[0]}" == *"Permission denied"* ]]
}

@test "an option that is no word goes to the filesystem, and what that says is told" {
	bundle '.mounts += [{destination: "/m/x", type: "tmpfs", source: "x",
		options: ["size=128k", "nr_inodes=50", "uid=7"]}]'
	script "$LIST_MOUNTS"'; stat -c %u /m/x; dd if=/dev/zero of=/m/x/y bs=1k count=200 2>&1'
	run jr run -b "$BUNDLE" "$ID"
	expect x rw,relatime size=128k
	expect x rw,relatime nr_inodes=50
	[[ "$output" == *$'\n7\n'* ]]
	config '.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])'
	run jr run -b "$BUNDLE" "$ID"
	[[ "$output" == *"No space left on device"* ]]
	config '.mounts[-1].options = ["size=much"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "mounts[7]"
	fails_with 1 "tmpfs: Bad value for 'size'"
	config '.mounts[-1].options = ["nonsense"]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "tmpfs: Unknown parameter 'nonsense'"
}
