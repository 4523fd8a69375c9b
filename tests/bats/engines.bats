#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The driver of tests/engines, with an engine that is a few lines of shell.
load helpers

setup_suite_file() {
	mkdir -p "$BATS_FILE_TMPDIR/project/"{tests/engines,contrib,docs}
	cp "$BATS_TEST_DIRNAME/../engines/"{run,one,table,place,crun,lib.bash} \
		"$BATS_FILE_TMPDIR/project/tests/engines/"
	printf '#!/bin/sh\n' > "$BATS_FILE_TMPDIR/project/contrib/install-packages"
	chmod +x "$BATS_FILE_TMPDIR/project/contrib/install-packages"
}

# engine TEXT: the project has this engine, named fake.
engine() {
	P=$BATS_FILE_TMPDIR/project
	{
		printf "engine_about='a fake'\nengine_peers='runc crun'\nengine_begin() { :; }\n"
		cat
	} > "$P/tests/engines/fake.sh"
}

drive() {
	run env JAILRT="$JAILRT" "$P/tests/engines/run" "$@"
}

@test "a scenario passes when both do it alike, whatever the runtime's name" {
	engine <<-'END'
		scenario same 'the same'
		s_same() { echo "$RT 0123456789ab"; }
		scenario alone 'with nothing to compare with' none
		s_alone() { is jailrt "$RT"; "$RT" --version | grep -q ^jailrt; }
	END
	drive fake
	says "engines: 2 passed, 0 failed, 0 skipped"
	says "| same | the same | ok | runc ok | same |"
	says "| alone | with nothing to compare with | ok | – |  |"
}

@test "a scenario fails when jailrt alone cannot, or differs, or hangs" {
	engine <<-'END'
		scenario fails 'jailrt fails'
		s_fails() { exits 0 test "$RT" != jailrt; }
		scenario differs 'they differ'
		s_differs() { test "$RT" != jailrt && echo other || echo one; }
		scenario hangs 'jailrt hangs'
		takes_up_to 1
		s_hangs() { test "$RT" != jailrt || sleep 30; }
		scenario inner 'a command within fails'
		s_inner() { test "$RT" != jailrt; echo the end; }
	END
	drive fake
	fails_with 1 "engines: 0 passed, 4 failed, 0 skipped"
	fails_with 1 "took more than 1 s"
	fails_with 1 "| differs | they differ | differs | runc ok | failed |"
}

@test "a scenario that the peers cannot do is skipped with the last one's reason" {
	engine <<-'END'
		scenario neither 'the peers cannot'
		s_neither() { test "$RT" = jailrt || { echo "no such thing in $W/s/x" >&2; exit 1; }; }
		scenario second 'the second can'
		s_second() { test "$RT" != runc; }
	END
	drive fake
	says "engines: 1 passed, 0 failed, 1 skipped"
	says "| neither | the peers cannot | ok | cannot: no such thing in x | skipped |"
	says "| second | the second can | ok | crun ok | same |"
}

@test "what jailrt alone leaves is a failure: a process, a state, a cgroup, a mount" {
	engine <<-'END'
		scenario process 'a process'
		s_process() { test "$RT" != jailrt || { setsid sleep 300 > /dev/null 2>&1 & }; }
		scenario state 'a state'
		s_state() { test "$RT" != jailrt || mkdir -p /run/jailrt/x; }
		scenario cgroup 'a cgroup'
		s_cgroup() { test "$RT" != jailrt || mkdir "$(ls -d /sys/fs/cgroup/*/ | head -n 1)left"; }
		scenario mount 'a mount'
		s_mount() { test "$RT" != jailrt || { mkdir "$W/m"; mount -t tmpfs x "$W/m"; }; }
		scenario both 'a mount of the engine'
		s_both() { mkdir "$W/m.$RT"; mount -t tmpfs x "$W/m.$RT"; }
	END
	drive fake
	fails_with 1 "engines: 1 passed, 4 failed, 0 skipped"
	fails_with 1 "leaves process sleep 300"
	fails_with 1 "left: state /run/RUNTIME/x"
	fails_with 1 "leaves cgroup /sys/fs/cgroup/"
	fails_with 1 "leaves mount "
}

@test "an engine that does not start fails, and a daemon ends with it" {
	engine <<-'END'
		engine_begin() { daemon sleeper sleep 1234; echo the reason; false; }
		scenario any 'any'
		s_any() { :; }
	END
	drive fake
	fails_with 1 "engines: 0 passed, 1 failed, 0 skipped"
	fails_with 1 "# the reason"
	! pgrep -f 'sleep 1234'
}

@test "a driver that is ended, or killed, leaves nothing running and no cgroup" {
	engine <<-'END'
		scenario slow 'slow'
		s_slow() { echo $$ > "$W/../slow"; sleep 4321; }
	END
	local signal driver places
	for signal in TERM KILL; do
		env JAILRT="$JAILRT" "$P/tests/engines/run" fake > "$T/said" 2>&1 3>&- &
		driver=$!
		wait_for 60 pgrep -f 'sleep 4321'
		places=$(pgrep -P "$driver" -f engines/place)
		[ -n "$places" ]
		kill -$signal "$driver"
		wait_for 10 eval '! pgrep -f "sleep 4321"'
		wait_for 10 eval '! find /sys/fs/cgroup -type d -name "jailrt-engines.$places" | grep .'
	done
	engine <<< ''
	drive fake # removes the folder of what was killed
	for driver in /tmp/jrt.*; do
		[ ! -e "$driver/fake" ] || { echo "$driver is there"; return 1; }
	done
}

@test "the table is written to the documents, beside those of other engines" {
	engine <<-'END'
		scenario one 'the one'
		s_one() { :; }
	END
	printf 'Prose.\n<!-- made by -->\n\n## fake: old\n\nold\n\n## gone: x\n\ny\n' > "$P/docs/engines.md"
	cp "$P/tests/engines/fake.sh" "$P/tests/engines/gone.sh"
	drive --docs fake
	rm "$P/tests/engines/gone.sh"
	says "1 passed"
	run cat "$P/docs/engines.md"
	says "Prose."
	says "## fake: a fake"
	says "| one | the one | ok | runc ok | same |"
	says $'## gone: x\n\ny'
	[[ "$output" != *old* ]]
}
