#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The annotations run.oci.hooks.stdout and run.oci.hooks.stderr.
load helpers
load life

# six_hooks: a bundle with a hook of each kind, which says its kind on stdout and "not KIND" on stderr.
six_hooks() {
	bundle '.annotations = {"run.oci.hooks.stdout": ($t + "/out"), "run.oci.hooks.stderr": ($t + "/errors")}' --arg t "$T"
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		config '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c", "echo \($k); echo not \($k) >&2"]}]' --arg k "$kind"
	done
	config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo startContainer; echo not startContainer >&2"]}]'
	command_is true
}

ALL="prestart createRuntime createContainer startContainer poststart poststop"

@test "what hooks of all kinds print is in the files, in order" {
	six_hooks
	jr create -b "$BUNDLE" "$ID"
	same "$(paste -sd' ' out)" "prestart createRuntime createContainer"
	jr start "$ID"
	wait_for 10 is_status "$ID" stopped
	jr delete "$ID"
	same "$(paste -sd' ' out)" "$ALL"
	same "$(sed 's/^not //' errors | paste -sd' ')" "$ALL"
	same "$(stat -c %a out)" 600
}

@test "run does so, too, and what is there already stays" {
	six_hooks
	echo before > out
	run jr run -b "$BUNDLE" "$ID"
	says ""
	same "$output" ""
	same "$(sort out | paste -sd' ')" "$(tr ' ' '\n' <<< "before $ALL" | sort | paste -sd' ')"
	same "$(head -1 out)" before
}

@test "one of the two alone: the other is told of a hook that fails" {
	bundle '.annotations["run.oci.hooks.stdout"] = $t + "/out"' --arg t "$T"
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "echo fine; echo the reason >&2; exit 3"]}]'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "error running createRuntime hook #0: exit status 3: the reason"
	same "$(cat out)" fine
}

@test "the files are not the container's" {
	six_hooks
	command_is ls -l /proc/self/fd
	run jr run -b "$BUNDLE" "$ID" < /dev/null
	says ""
	[[ "$output" != *"$T/"* ]]
	command_is sleep 1000
	jr create -b "$BUNDLE" "$ID-2"
	# While it waits for start, too.
	run ls -l "/proc/$(pid_of "$ID-2")/fd"
	[[ "$output" != *"/out"* && "$output" != *"/errors"* ]]
}

@test "a file that cannot be opened fails the start, a relative one is refused" {
	bundle '.annotations["run.oci.hooks.stderr"] = "/no/such/folder/file"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "run.oci.hooks.stderr: open '/no/such/folder/file'"
	[ ! -e "$STATES/$ID" ]
	config '.annotations["run.oci.hooks.stderr"] = "errors"'
	run jr run -b "$BUNDLE" "$ID"
	fails_with 1 "annotations.run.oci.hooks.stderr"
	fails_with 1 "'errors' is not an absolute path"
}
