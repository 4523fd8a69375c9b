# SPDX-License-Identifier: Apache-2.0
# For the tests of bad input, loaded behind helpers and life.

# refused TEXT: create of $BUNDLE says so, in one line, with nothing made; run says the same.
refused() {
	local command
	for command in create run; do
		run timeout 60 "$JAILRT" --root "$STATES" $command -b "$BUNDLE" "$ID" < /dev/null
		one_error 1 "$1" || return 1
	done
	nothing_made
}

# one_error STATUS TEXT: of the last `run`: a single line of ours, and no words beside it.
one_error() {
	fails_with "$1" "$2" || return 1
	[ "${#lines[@]}" -eq 1 ] || { echo "more than one line: $output"; return 1; }
	[[ "$output" == "jailrt: "* ]] || { echo "not by jailrt: $output"; return 1; }
}

nothing_made() {
	same "$(ls -A "$STATES" 2>/dev/null)" "" || return 1
	same "$(cgroups_of "$ID")" ""
}

# with FILTER TEXT: the good config, changed so, is refused with these words.
with() {
	cp "$T/good.json" "$BUNDLE/config.json"
	config "$1"
	refused "$2" || { echo "config: $1"; return 1; }
}

good_bundle() {
	bundle
	command_is true
	cp "$BUNDLE/config.json" "$T/good.json"
}

# text TEXT: the config is that, byte by byte (printf's escapes).
text() {
	printf '%b' "$1" > "$BUNDLE/config.json"
}
