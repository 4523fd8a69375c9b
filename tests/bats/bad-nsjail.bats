#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# nsjail configs that are malformed, and files that are of no dialect.
load helpers
load life
load bad

# cfg TEXT WORDS: a config of that text is refused with these words, and nothing is made.
cfg() {
	printf '%b' "$1" > "$T/j.cfg"
	run timeout 60 "$JAILRT" --root "$STATES" run -f "$T/j.cfg" "$ID"
	one_error 1 "$2" || { echo "config: $1"; return 1; }
	nothing_made
}

@test "text that is no text of nsjail's: the place, and what was due" {
	cfg 'nosuch: 1' "j.cfg:1:1: unknown key 'nosuch'"
	cfg '# x\n\nclone_newnets: true' "j.cfg:3:1: unknown key 'clone_newnets' (did you mean 'clone_newnet'?)"
	cfg 'name: \n' "j.cfg:2:1: expected a value, found the end of the file"
	cfg 'name: "x\n"' "j.cfg:1:7: the string does not end on its line"
	cfg 'name: "a\\q"' "j.cfg:1:9: unknown escape"
	cfg 'mount {\n dst: "/"\n' "j.cfg:3:1: expected a field name or '}'"
	cfg '}' "j.cfg:1:1: expected a field name, found '}'"
	cfg 'mount: 5' "mount (j.cfg:1:8)" || cfg 'mount: 5' "j.cfg:1:8"
	cfg '' "j.cfg is empty"
}

@test "values that cannot be" {
	cfg 'time_limit: -1' "j.cfg:1:13): -1 is not between 0 and 4294967295"
	cfg 'time_limit: 99999999999999' "j.cfg:1:13): 99999999999999 is not between"
	cfg 'time_limit: "x"' "j.cfg:1:13): expected an integer, found a string"
	cfg 'mode: NOPE' "j.cfg:1:7): unknown value 'NOPE'"
	cfg 'clone_newnet: maybe' "j.cfg:1:15): expected true or false, found 'maybe'"
	cfg 'mount { src: "/" }' "'dst' is missing"
	cfg 'exec_bin { }' "'path' is missing"
	cfg 'name: "x" name: "y"' "j.cfg:1:11): given twice"
	cfg 'uidmap { count: 5 count: 6 }' "j.cfg:1:19): given twice"
}

@test "a NUL, and other bytes that no text has" {
	printf 'name: "x"\0' > j.cfg
	run jr run -f j.cfg "$ID"
	one_error 1 "j.cfg:1:10: a NUL byte"
	head -c 65536 /dev/urandom > j.cfg
	run jr run -f j.cfg "$ID"
	one_error 1 "j.cfg:"
	nothing_made
}

@test "a config of neither dialect names both" {
	cfg '{"nam": "x"}' "neither an OCI config (it has no 'ociVersion') nor an nsjail config (it has 'nam')"
	cfg '{"name": 5}' "j.cfg:1:10): expected a string, found '5'"
	cfg '{' "not JSON"
	cfg '[]' "j.cfg:1:1"
}

@test "nesting without end" {
	head -c 4M /dev/zero | tr '\0' '{' > j.cfg
	run jr run -f j.cfg "$ID"
	one_error 1 "j.cfg:1:2"
	yes 'mount {' | head -n 1000000 > j.cfg
	run jr run -f j.cfg "$ID"
	one_error 1 "j.cfg:2:1"
	yes 'mount: [' | head -n 1000000 > j.cfg
	run jr run -f j.cfg "$ID"
	one_error 1 "j.cfg:"
	nothing_made
}

@test "a config cut off at any byte is refused, or is whole without the rest" {
	cat > whole <<-'EOF'
		name: "x" mode: ONCE
		mount { src: "/" dst: "/" is_bind: true options: "size=1" }
		uidmap { inside_id: "0" count: 1 }
		exec_bin { path: "/bin/true" arg: "a\x41\n" arg: 'b' }
	EOF
	local size at
	size=$(stat -c %s whole)
	for ((at = 1; at < size; at += 5)); do
		head -c "$at" whole > j.cfg
		run jr plan -f j.cfg -- /bin/true
		[ "$status" -eq 0 ] || fails_with 1 "j.cfg:"
		[ "$status" -le 1 ]
	done
}

# bats test_tags=slow
@test "behind nsjail's door: 10 MB of config, 100,000 mounts" {
	{
		echo "mount { src: '$ROOTFS' dst: '/' is_bind: true } exec_bin { path: '/bin/echo' arg: 'big' }"
		yes 'description: "a line of some length, which is there to make the whole a long one" envar: "A=b"' | head -n 120000
	} > j.cfg
	[ "$(stat -c %s j.cfg)" -gt 10000000 ]
	run timeout 100 "$JAILRT" --root "$STATES" nsjail -Q --config j.cfg
	same "$status $output" "0 big"
	{
		echo "mount { dst: '/' fstype: 'tmpfs' rw: true }"
		seq 100000 | sed 's,.*,mount { dst: "/&" fstype: "tmpfs" rw: true },'
	} > j.cfg
	run timeout 200 "$JAILRT" --root "$STATES" nsjail -q -u 5:5 -g 5:5 --config j.cfg -- /bin/true
	[ "$status" -eq 255 ] # there is no program, even where so many can be made
	[[ "$output" =~ mount\[[0-9]+\]|/bin/true ]]
	nothing_made
}

@test "a source that vanishes while the jail runs takes nothing else along" {
	mkdir dir
	echo text > dir/file
	"$JAILRT" --root "$STATES" nsjail -Q --chroot "$ROOTFS" -R "$T/dir:/home" -T /tmp -- \
		/bin/sh -c 'cat /home/file; read x; ls /home | wc -l; cat /home/file || echo gone' < <(wait_for 20 eval '[ ! -e dir ]'; echo go) > out 2> /dev/null &
	local pid=$!
	wait_for 20 grep -q text out
	rm -r dir
	wait $pid
	same "$(tr '\n' ' ' < out)" "text 0 gone "
}
