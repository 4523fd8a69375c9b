# SPDX-License-Identifier: Apache-2.0
# Scenarios of podman: the life of a container.

scenario run 'a program runs; its output and status come back'
s_run() {
	runs bb echo hello
	code runs bb sh -c 'exit 7'
	code runs bb sh -c 'kill -9 $$'
	code runs bb sh -c 'echo out; echo err >&2' 2> err
	cat err
}

scenario run-missing 'a program that is not there, or may not be run'
s_run_missing() {
	exits 127 runs bb nosuch
	exits 127 runs bb /nosuch
	exits 126 runs bb /etc
	exits 126 runs bb /etc/passwd
}

scenario run-stdin 'standard input of run -i and exec -i'
s_run_stdin() {
	is 'a b c' "$(echo a b c | runs -i bb cat)"
	sleeper
	is 'd e f' "$(echo d e f | p exec -i "$N" cat)"
	is 65536 "$(head -c 65536 /dev/zero | p exec -i "$N" wc -c)"
}

scenario run-tty 'run -t: a terminal with its size'
s_run_tty() {
	tp run --rm --network none -t bb sh -c 'tty; stty size; test -t 0 && test -t 1 && echo yes'
	code tp run --rm --network none -it bb sh -c 'exit 5'
}

scenario run-detach 'run -d, wait, logs'
s_run_detach() {
	up bb sh -c 'echo one; echo two >&2; exit 4'
	is 4 "$(p wait "$N")"
	p logs "$N" 2>&1 | sort
	inspect '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}'
}

scenario exec 'exec with user, folder, environment; its status'
s_exec() {
	sleeper
	p exec "$N" echo inside
	code p exec -u user -w /tmp -e A=b "$N" sh -c 'id; pwd; echo $A; exit 3'
	exits 127 p exec "$N" /nosuch
	exits 127 p exec "$N" nosuch
	exits 126 p exec "$N" /etc/passwd
	p exec -d "$N" sh -c 'echo later > /tmp/file'
	until_ok 5 p exec "$N" grep later /tmp/file
	p exec --privileged "$N" sh -c 'test $(awk "/CapEff/{print \$2}" /proc/self/status) != 0000000000000000'
}

scenario exec-tty 'exec -t: a terminal'
s_exec_tty() {
	sleeper
	tp exec -t "$N" sh -c 'tty; stty size; test -t 1 && echo yes'
	code tp exec -it "$N" sh -c 'exit 6'
}

scenario stop 'stop: the program ends itself, or is killed when the time is up'
s_stop() {
	sleeper
	p stop -t 10 "$N" | grep -c .
	inspect '{{.State.Status}} {{.State.ExitCode}}'
	p rm "$N" > removed
	up bb sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	p stop -t 1 "$N" 2> warned | grep -c .
	inspect '{{.State.Status}} {{.State.ExitCode}}'
}

scenario kill 'kill with a signal that is handled, and with KILL'
s_kill() {
	up bb sh -c 'trap "echo usr1" USR1; echo up; while :; do sleep 0.05; done'
	until_ok 5 eval 'p logs "$N" | grep up'
	p kill -s USR1 "$N" > killed
	until_ok 5 eval 'p logs "$N" | grep usr1'
	p kill "$N" > killed
	is 137 "$(p wait "$N")"
	refuses 'can only kill running containers' p kill "$N"
}

scenario restart 'stop, start, restart'
s_restart() {
	sleeper
	p stop -t 5 "$N" > said
	p start "$N" > said
	inspect '{{.State.Status}}'
	p restart -t 5 "$N" > said
	p exec "$N" echo again
	p rm -f -t 0 "$N" > said
	refuses 'no such' p inspect "$N"
}

scenario restart-policy 'a restart policy'
s_restart_policy() {
	up --restart on-failure:2 bb sh -c 'echo x; exit 1'
	until_ok 15 eval '[ "$(inspect "{{.State.Status}} {{.RestartCount}}")" = "exited 2" ]'
	p logs "$N"
}

scenario create-start 'create, start -a, rename'
s_create_start() {
	p create --network none --name "$N" bb sh -c 'echo hi; exit 2' > id
	inspect '{{.State.Status}}'
	code p start -a "$N"
	p rename "$N" "$N-new"
	code p start -a "$N-new"
}

scenario top 'top'
s_top() {
	sleeper
	p top "$N" user,args
}

scenario logs 'logs -f, --tail, --since'
s_logs() {
	up bb sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done'
	p logs -f "$N"
	p logs --tail 1 "$N"
}

scenario cp 'cp into and out of a container'
s_cp() {
	sleeper
	echo content > file
	p cp file "$N:/tmp/there"
	p exec "$N" cat /tmp/there
	p exec "$N" sh -c 'mkdir /tmp/d; echo x > /tmp/d/x'
	p cp "$N:/tmp/d" .
	cat d/x
}

scenario inspect 'inspect, ps, state of processes and files'
s_inspect() {
	sleeper -e A=b -l label=yes
	inspect '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.Config.Labels}} {{.OCIRuntime}}'
	[ "$(inspect '{{.State.Pid}}')" -gt 1 ]
	p ps --format '{{.Names}} {{.Status}} {{.Image}}' | sed 's/Up .* ago/Up/'
	p exec "$N" touch /new
	p diff "$N" | sort
}

scenario healthcheck 'a health check that passes, and one that fails'
s_healthcheck() {
	sleeper --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1
	code p healthcheck run "$N"
	p exec "$N" touch /tmp/well
	code p healthcheck run "$N"
	inspect '{{.State.Health.Status}}'
}

scenario events 'events of a whole life'
s_events() {
	runs --cidfile id bb true
	p events --stream=false --since 2m --filter container="$(cat id)" --format '{{.Type}} {{.Status}}'
}

scenario commit 'commit, and a container from it'
s_commit() {
	sleeper
	p exec "$N" sh -c 'echo kept > /file'
	p commit -q "$N" localhost/kept > id
	p run --rm --network none localhost/kept cat /file
	p rmi -f localhost/kept > said
}

scenario preserve-fds 'descriptors handed on'
s_preserve_fds() {
	echo text > file
	runs --preserve-fds 1 bb cat /proc/self/fd/3 3< file
	sleeper
	p exec --preserve-fds 1 "$N" cat /proc/self/fd/3 3< file
}

scenario stdio-files 'what a container inherits besides: nothing'
s_stdio_files() {
	runs bb ls /proc/self/fd
	sleeper
	p exec "$N" ls /proc/self/fd
}

scenario timeout 'run --timeout'
s_timeout() {
	code runs --timeout 1 bb sleep 100
}

scenario pod 'a pod: two containers share network, ipc and uts'
s_pod() {
	p pod create --name "$N-pod" --hostname thepod > id
	p run -d --pod "$N-pod" --name "$N" bb sh -c "$SLEEPER" > id
	p run -d --pod "$N-pod" --name "$N-2" bb nc -l -p 7777 -e echo answer > id
	p exec "$N" hostname
	until_ok 5 eval 'p exec "$N" nc 127.0.0.1 7777 < /dev/null | grep answer'
	p pod ps --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}'
	p pod stop -t 0 "$N-pod" > said
	p pod start "$N-pod" > said
	p pod inspect "$N-pod" | jq -r '.State, .NumContainers'
	p pod rm -f -t 0 "$N-pod" > said
}

scenario play-kube 'play kube'
s_play_kube() {
	cat > pod.yaml <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $N}
		spec:
		  restartPolicy: Never
		  containers:
		  - name: one
		    image: localhost/bb:latest
		    command: [sh, -c, "echo played; id -u"]
		    securityContext: {runAsUser: 1000}
	END
	p play kube pod.yaml > said
	until_ok 15 eval '[ "$(p wait "$N-one")" = 0 ]'
	p logs "$N-one"
	p play kube --down pod.yaml > said
}

scenario build 'podman build: RUN as root and as a user, its failure'
s_build() {
	cat > Dockerfile <<-END
		FROM localhost/bb
		RUN echo made > /made && id -u > /uid
		USER user
		RUN id -un >> /tmp/uid
		CMD cat /made /uid /tmp/uid
	END
	p build -q --network none -t localhost/built . > id
	p run --rm --network none localhost/built
	printf 'FROM localhost/bb\nRUN exit 9\n' > Bad
	refuses 'exit status 9' p build -q --network none -f Bad .
	p rmi -f localhost/built > said
}

scenario buildah 'buildah from scratch, copy, run --runtime, commit'
s_buildah() {
	local c
	c=$(b from scratch)
	b copy -q "$c" "$W/rootfs" / > said
	b run --runtime "$(command -v "$RT")" --network none "$c" -- /bin/echo runs
	echo text | b run --runtime "$(command -v "$RT")" --network none "$c" -- /bin/cat
	code b run --runtime "$(command -v "$RT")" --network none "$c" -- /bin/sh -c 'exit 3' 2> said
	b commit -q "$c" localhost/scratch > said
	p run --rm --network none localhost/scratch /bin/echo committed
	b rm "$c" > said
	p rmi -f localhost/scratch > said
}

scenario buildah-build 'buildah build --isolation oci'
s_buildah_build() {
	cat > Dockerfile <<-'END'
		FROM localhost/bb
		ARG X=1
		RUN echo $X > /x
		RUN --mount=type=tmpfs,target=/t echo y > /t/y && cat /x
	END
	b build -q --isolation oci --runtime "$(command -v "$RT")" --network none --build-arg X=5 \
		-t localhost/b2 . > id
	p run --rm --network none localhost/b2 cat /x
	p rmi -f localhost/b2 > said
}

# called NAME: the runtime, by a link of this name.
called() {
	ln -s "$(command -v "$RT")" "$1"
	CALLED=$PWD/$1
	is "$1 version" "$(p info --format '{{.Host.OCIRuntime.Version}}' | sed -n '1s/ [0-9.+a-z-]*$//p')"
	is "$PWD/$1" "$(p info --format '{{.Host.OCIRuntime.Path}}')"
	exits 127 runs bb nosuch
	sleeper
	code p exec "$N" sh -c 'echo inside; exit 3'
	p stop -t 5 "$N" > said
	inspect '{{.State.ExitCode}} {{.OCIRuntime}}' | sed "s#$PWD/##"
}

scenario as-runc 'linked as runc: podman info, run, exec, stop' runc
s_as_runc() {
	called runc
}

scenario as-crun 'linked as crun: podman info, run, exec, stop' crun
s_as_crun() {
	called crun
}
