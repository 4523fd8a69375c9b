# SPDX-License-Identifier: Apache-2.0
# docker: from the start of a container to its end.

scenario run 'a program runs, its output and status come back'
s_run() {
	runs bb echo hello
	code runs bb sh -c 'exit 7'
	echo in | runs -i bb cat
	is jailrt "$(docker info -f '{{range $k, $v := .Runtimes}}{{println $k}}{{end}}' | grep -x jailrt)"
}

scenario run-missing 'a program or directory that is not there, or may not be used'
s_run_missing() {
	exits 127 runs bb nosuch
	exits 127 runs bb /nosuch
	exits 126 runs bb /etc
	exits 126 runs bb /etc/passwd
	refuses 'Are you trying to mount a directory onto a file' runs -v "$W/rootfs.tar:/etc:ro" bb true
	exits 125 runs -v "$W/rootfs.tar:/etc:ro" bb true
}

scenario world 'what a container sees of itself'
s_world() {
	runs -h world bb sh -c 'id; pwd; hostname; env | sort; umask; cd /dev; stat -c "%N %F %a %t:%T" *; cd /
		grep -E "^(Cap|NoNewPrivs|Seccomp:|Sig[BC]|ShdPnd)" /proc/self/status; ls /proc/self/fd | wc -l
		cat /proc/self/limits /proc/self/oom_score_adj /proc/1/comm; ls /sys/fs/cgroup
		awk "{ print \$5, \$6 }" /proc/self/mountinfo | grep -vE "/proc/[a-z]+[ _-]|firmware|/sys/fs/cgroup "
		for f in /proc/keys /proc/timer_list /proc/kcore; do cat $f 2>&1 | wc -c; done
		(echo x > /proc/sys/kernel/hostname) 2>&1 || true'
}

scenario tty 'a terminal, its size and its status'
s_tty() {
	tty docker run --runtime "$RT" --rm -it --network none bb sh -c 'tty; sleep 0.5; stty size; exit 4' ||
		echo "exit $?"
	sleeper
	tty docker exec -it "$N" sh -c 'tty; sleep 0.5; stty size; exit 5' || echo "exit $?"
}

scenario detach-exec 'a container in the background, exec and its status'
s_detach_exec() {
	sleeper
	is_now "$STATE"
	code docker exec "$N" sh -c 'id; pwd; exit 5'
	docker exec -u user -w /tmp -e A=b "$N" sh -c 'id; pwd; echo $A; grep Cap /proc/self/status'
	echo in | docker exec -i "$N" cat
	docker exec -d "$N" touch /tmp/done
	until_ok 5 docker exec "$N" test -e /tmp/done
	refuses 'executable file not found in $PATH' docker exec "$N" nosuch
	refuses 'permission denied' docker exec "$N" /etc/passwd
}

scenario stop 'stop, restart, start, and the status afterwards'
s_stop() {
	sleeper
	docker stop "$N"
	is_now "$STATE"
	docker start "$N"
	docker restart "$N"
	is_now "$STATE"
	docker kill "$N"
	is "137" "$(docker wait "$N")"
	is_now "$STATE"
	docker rm "$N"
	up --stop-timeout 1 bb sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	docker stop "$N"
	is_now "$STATE"
}

scenario kill 'signals; one to the client goes on to the program'
s_kill() {
	up bb sh -c 'trap "echo usr1; exit 9" USR1; echo up; while :; do sleep 0.1; done'
	until_ok 5 eval 'docker logs "$N" | grep -q up'
	docker kill -s USR1 "$N"
	docker wait "$N"
	docker logs "$N"
	docker rm "$N"
	/usr/bin/docker run --runtime "$RT" --name "$N" bb sh -c \
		'trap "exit 12" TERM; echo up; while :; do sleep 0.1; done' &
	until_ok 10 eval 'docker logs "$N" | grep -q up'
	kill -TERM $!
	code wait $!
}

scenario pause 'pause, unpause, and what is refused meanwhile'
s_pause() {
	sleeper
	docker pause "$N"
	is_now '{{.State.Status}}'
	refuses 'is paused' docker exec "$N" true
	docker unpause "$N"
	is_now '{{.State.Status}}'
	docker exec "$N" echo back
}

scenario update 'limits of a container that runs'
s_update() {
	sleeper --memory 128m
	docker update --memory 64m --memory-swap 128m --cpus 0.5 --pids-limit 50 --cpuset-cpus 0 \
		--cpu-shares 300 "$N"
	cgroup memory memory.limit_in_bytes memory.memsw.limit_in_bytes
	cgroup cpu cpu.cfs_quota_us cpu.cfs_period_us cpu.shares
	cgroup cpuset cpuset.cpus
	cgroup pids pids.max
	docker exec "$N" sh -c 'echo > /dev/null && echo devices as before'
	docker update --restart no "$N"
	refuses 'minimum memory' docker update --memory 1k "$N"
}

scenario stats 'use of memory and pids; top'
s_stats() {
	sleeper --memory 64m
	docker stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' "$N" | sed 's/ .* / /'
	docker top "$N" -o pid,comm | awk '{ print $2 }'
}

scenario logs 'what a program says, and when it is told apart'
s_logs() {
	up bb sh -c 'echo out; sleep 0.3; echo err >&2; sleep 0.3; echo end'
	docker wait "$N"
	docker logs "$N" 2> logs.err
	cat logs.err
	docker logs --tail 1 "$N" 2> /dev/null
}

scenario oom 'too much memory: killed, and told so'
s_oom() {
	docker run --runtime "$RT" --name "$N" --network none --memory 16m --memory-swap 16m bb sh -c \
		'head -c 60m /dev/zero | tail -c 60m > /dev/null; echo $?; sleep 1; x=$(yes | head -c 60m); echo alive' ||
		echo "exit $?"
	is_now "$STATE"
	docker rm "$N"
	# docker does not hear of what happens in the first moment.
	up --memory 16m --memory-swap 16m bb sh -c 'sleep 1; tail -c 60m /dev/zero; echo $?; sleep 1; exit 9'
	docker wait "$N"
	docker logs "$N" 2> logs.err
	is_now "$STATE"
}

scenario health 'a health check that fails, and is mended'
s_health() {
	sleeper --health-cmd 'test -e /tmp/ok' --health-interval 0.2s --health-retries 2
	until_ok 15 eval '[ "$(is_now "{{.State.Health.Status}}")" = unhealthy ]'
	docker exec "$N" touch /tmp/ok
	until_ok 15 eval '[ "$(is_now "{{.State.Health.Status}}")" = healthy ]'
}

scenario restart-policy 'a program that fails is started again, twice'
s_restart_policy() {
	up --restart on-failure:2 bb sh -c 'echo once; exit 4'
	until_ok 30 eval '[ "$(is_now "{{.State.Status}} {{.RestartCount}}")" = "exited 2" ]'
	is_now "$STATE"
	docker logs "$N"
}

scenario create-start 'create, start attached, cp, diff, commit, rename'
s_create_start() {
	docker create --runtime "$RT" --name "$N" bb sh -c 'echo made > /made; exit 3' > up.id
	docker cp "$W/rootfs/etc/passwd" "$N:/tmp/copied"
	code docker start -a "$N"
	docker diff "$N" | sort
	docker cp "$N:/made" - | tar -xO
	docker commit -c 'CMD ["cat", "/made"]' "$N" made > up.id
	runs made
	docker rmi made > /dev/null
	docker rename "$N" "$N-2"
	docker ps -a --format '{{.Names}} {{.Image}}'
}

scenario events 'what the daemon tells of a life'
s_events() {
	local begun
	begun=$(date +%s)
	sleeper
	docker exec "$N" true
	docker pause "$N"
	docker unpause "$N"
	docker kill "$N"
	docker rm --force "$N"
	docker events --since "$begun" --until "$(($(date +%s) + 1))" --filter container="$N" \
		--format '{{.Action}}' | sed 's/: .*//' | sort
}

scenario killed-runtime 'a container whose init is killed from outside'
s_killed_runtime() {
	sleeper
	kill -KILL "$(is_now '{{.State.Pid}}')"
	docker wait "$N"
	is_now "$STATE"
}

# builds_with RUNTIME: `docker build` takes no other runtime than the daemon's default one.
builds_with() {
	jq --arg r "$1" '.["default-runtime"] = $r' "$here/../../contrib/docker/daemon.json" \
		> /etc/docker/daemon.json
	kill -HUP "$(cat "$W/dockerd.pid")"
	until_ok 10 eval '[ "$(docker info -f "{{.DefaultRuntime}}")" = "$RT" ]'
}

scenario build 'an image is built without a network, step by step'
s_build() {
	cat > "$S/Dockerfile" <<-END
		FROM bb
		RUN echo built > /built && id
		WORKDIR /work
		COPY Dockerfile .
		USER 1000
		RUN id && pwd && touch /tmp/x
		CMD cat /built
	END
	builds_with "$RT"
	DOCKER_BUILDKIT=0 docker build --network none --no-cache -t built "$S" |
		grep -vE '^ ---> |Removing|Successfully built|Sending'
	docker run --rm built
	docker rmi --force built > /dev/null
	sed -i 's/id \&\& pwd/exit 9/' "$S/Dockerfile"
	refuses 'returned a non-zero code: 9' env DOCKER_BUILDKIT=0 /usr/bin/docker build --network none "$S"
}

# Twenty containers that are started again whenever they end are killed at random.
scenario load 'twenty containers in a restart loop, killed at random for a minute'
takes_up_to 240
s_load() {
	local i end pid seconds=60 bad
	[ "$RT" = jailrt ] || seconds=10
	for ((i = 0; i < 20; i++)); do
		docker run --runtime "$RT" -d --name "$N-$i" --network none --restart always bb \
			sh -c "trap 'exit $((i + 10))' TERM; sleep 1000 & wait" > /dev/null
	done
	docker events --filter event=die --format '{{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}' \
		> dies &
	end=$((SECONDS + seconds))
	while [ "$SECONDS" -lt "$end" ]; do
		# From outside: what docker itself kills it does not start again.
		pid=$(docker inspect -f '{{.State.Pid}}' "$N-$((RANDOM % 20))")
		[ "$pid" = 0 ] || kill "-$([ $((RANDOM % 2)) = 0 ] && echo KILL || echo TERM)" "$pid" || true
		sleep 0.1
	done
	# docker waits longer and longer before it starts a container again.
	[ "$(wc -l < dies)" -gt 15 ] || { echo "only $(wc -l < dies) ends" >&2; return 1; }
	kill %%
	# 137: killed, also before its trap was set; its own status otherwise.
	bad=$(awk -v n="$N-" '{ i = substr($1, length(n) + 1) }
		$2 != 137 && $2 != 143 && $2 != i + 10' dies)
	is '' "$bad"
	[ "$(awk '$2 != 137' dies | wc -l)" -gt 3 ]
	is 20 "$(docker ps -q | wc -l)"
	docker rm --force $(docker ps -aq) > /dev/null
	docker ps -aq
	echo done
}
