#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A config.json that cannot be read, or is no JSON.
load helpers
load life
load bad

@test "a bundle that is missing, a file, or without a name" {
	run jr create -b "$T/nowhere" "$ID"
	one_error 1 "open '$T/nowhere/config.json': No such file or directory. Fix: name a bundle"
	run jr run "$T/nowhere/"
	one_error 1 "No such file or directory"
	echo x > file
	run jr create -b "$T/file" "$ID"
	one_error 1 "'$T/file/config.json': Not a directory"
	run jr create -b "" "$ID"
	one_error 1 "the bundle's path is empty"
	mkdir empty
	run jr run -b empty "$ID"
	one_error 1 "open 'empty/config.json': No such file or directory"
	(cd empty && run jr run "$ID" && one_error 1 "open 'config.json'")
	nothing_made
}

@test "a config.json that is no file: a directory, a loop, a device, a FIFO that nobody writes to" {
	good_bundle
	local c="$BUNDLE/config.json"
	rm "$c"
	refused "$c': No such file or directory"
	mkdir "$c"
	refused "'$c' is no regular file"
	rmdir "$c"
	ln -s config.json "$c"
	refused "Too many levels of symbolic links"
	ln -sf /dev/zero "$c"
	refused "'$c' is no regular file"
	rm "$c"
	mkfifo "$c"
	refused "'$c' is no regular file"
	run timeout 60 "$JAILRT" --root "$STATES" run -f "$c" "$ID"
	one_error 1 "'$c' is no regular file"
}

@test "a config from a pipe is read to its end" {
	good_bundle
	command_is echo from a pipe
	mv "$BUNDLE/config.json" good.json
	cd "$BUNDLE"
	run jr run -f <(sleep 0.3; cat "$T/good.json") "$ID"
	says "from a pipe"
	run jr run -f /dev/stdin "$ID" < "$T/good.json"
	says "from a pipe"
	run jr run -f <(true) "$ID"
	one_error 1 ""
}

@test "a config cut off at any byte is no JSON, at its end" {
	good_bundle
	local size at all=0
	jq -c . good.json > whole
	size=$(stat -c %s whole)
	for ((at = 0; at < size - 2; at += size / 61)); do
		head -c "$at" whole > "$BUNDLE/config.json"
		run jr create -b "$BUNDLE" "$ID"
		one_error 1 "$BUNDLE/config.json:1:"
		all=$((all + 1))
	done
	[ "$all" -gt 60 ]
	nothing_made
}

@test "what is no JSON is told with its place" {
	good_bundle
	text ''
	refused "config.json:1:1: not JSON: parse error: premature EOF"
	text '\n\n'
	refused "config.json:3:1: not JSON"
	text 'not json'
	refused "config.json:1:1: not JSON"
	text '{"ociVersion": "1.0.0",\n  "root" {}}'
	refused "config.json:2:"
	text '{"ociVersion": "1.0.0",}'
	refused "config.json:1:24: not JSON"
	text "{'ociVersion': '1.0.0'}"
	refused "config.json:1:2: not JSON"
	text '\xef\xbb\xbf{}'
	refused "config.json:1:1: not JSON"
	text '{"ociVersion": "1.0.0", "hostname": 01}'
	refused "config.json:1:"
	text '{"ociVersion": "1.0.0", "hostname": NaN}'
	refused "config.json:1:37: not JSON"
	cat good.json good.json > "$BUNDLE/config.json"
	refused "trailing garbage"
}

@test "JSON that is no object" {
	good_bundle
	local t
	for t in '[]' 'null' '1' '"x"' 'true'; do
		text "$t"
		refused "config.json:1:1: expected an object"
	done
	text '{}'
	refused "'ociVersion' is missing"
	run jr run -f "$BUNDLE/config.json" "$ID"
	fails_with 1 ""
}

@test "a NUL, bytes that are no UTF-8, and control characters in a string" {
	good_bundle
	text '{"ociVersion": "1.0\\u0000.0"}'
	refused "config.json:1:16: a string holds a NUL"
	text '{"ociVersion\\u0000": "1.0.0"}'
	refused "config.json:1:2: a string holds a NUL"
	printf '{"ociVersion": "1.0\0.0"}' > "$BUNDLE/config.json"
	refused "config.json:1:"
	printf '{"ociVersion": "1.0.0"\0}' > "$BUNDLE/config.json"
	refused "config.json:1:23"
	local bytes
	for bytes in '\xff' '\xc0\xaf' '\xed\xa0\x80' '\xf5\x80\x80\x80' '\xc3' '\x01' '\n'; do
		text "{\"ociVersion\": \"1.0.0\", \"hostname\": \"a${bytes}b\"}"
		refused "config.json:1:"
	done
	text '{"ociVersion": "1.0.0", "hostname": "\\ud800"}'
	run jr create -b "$BUNDLE" "$ID"
	one_error 1 "config.json"
}

@test "a key given twice, at any depth" {
	good_bundle
	text '{"ociVersion": "1.0.0", "ociVersion": "1.0.0"}'
	refused "config.json:1:25: a key is given twice"
	text '{"ociVersion": "1.0.0",\n"process": {"cwd": "/",\n\t"cwd": "/"}}'
	refused "config.json:3:2: a key is given twice"
	text '{"ociVersion": "1.0.0", "annotations": {"a": "b", "\\u0061": "c"}}'
	refused "config.json:1:51: a key is given twice"
}

@test "64 MiB of [ and nesting without end, in little memory" {
	good_bundle
	head -c 64M /dev/zero | tr '\0' '[' > "$BUNDLE/config.json"
	refused "longer than 33554432 bytes"
	head -c 16M /dev/zero | tr '\0' '[' > "$BUNDLE/config.json"
	refused "config.json:1:1: expected an object, found a list"
	{
		printf '{"ociVersion": "1.0.0", "x": '
		head -c 16M /dev/zero | tr '\0' '['
	} > "$BUNDLE/config.json"
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "config.json:1:157: nested deeper than 128"
	{
		printf '{"ociVersion": "1.0.0", "x": '
		yes '{"x":' | head -n 1000000 | tr -d '\n'
	} > "$BUNDLE/config.json"
	run jr create -b "$BUNDLE" "$ID"
	fails_with 1 "nested deeper than 128"
	nothing_made
}

# bats test_tags=slow
@test "a config of 10 MB works" {
	good_bundle
	command_is sh -c 'echo ${#LONG} $COUNT'
	jq '.process.env += ["LONG=" + ("x" * 100000), "COUNT=9"] |
		.annotations = ([range(200000) | {key: "org.example.key\(.)", value: "a value of some length"}] |
			from_entries)' "$BUNDLE/config.json" > big
	[ "$(stat -c %s big)" -gt 10000000 ]
	mv big "$BUNDLE/config.json"
	run jr run -b "$BUNDLE" "$ID"
	says "100000 9"
}

# bats test_tags=slow
@test "100,000 mounts are refused by the kernel with the place, and all are gone again" {
	good_bundle
	jq -c '.mounts += [range(100000) | {destination: "/tmp/\(. % 1000)", type: "bind", source: "/tmp",
		options: ["bind"]}]' good.json > "$BUNDLE/config.json"
	run timeout 200 "$JAILRT" --root "$STATES" run -b "$BUNDLE" "$ID"
	if [ "$status" -eq 0 ]; then
		[ "$(cat /proc/sys/fs/mount-max)" -gt 100010 ]
	else
		one_error 1 "config.json:1:"
		[[ "$output" =~ mounts\[[0-9]+\] ]]
	fi
	nothing_made
}
