# SPDX-License-Identifier: Apache-2.0
# docker, with the daemon.json that contrib/docker ships: the daemon, and what the scenarios share.
engine_about='docker'
engine_peers='runc crun'

# Debian's client: its words are of the daemon's time.
docker() {
	/usr/bin/docker "$@"
}

engine_versions() {
	docker version --format 'docker {{.Server.Version}}'
	containerd --version | awk '{ print $1, $3 }'
}

# /etc and /run are the place's own, also /etc/docker/daemon.json and /run/docker.
engine_begin() {
	mkdir -p /etc/docker
	cp "$here/../../contrib/docker/daemon.json" /etc/docker/
	daemon dockerd dockerd --data-root "$W/docker" --pidfile "$W/dockerd.own" \
		--host "unix:///run/docker.sock" --exec-opt native.cgroupdriver=cgroupfs \
		--add-runtime "crun=$(command -v crun)" --bip 172.29.0.1/24
	until_ok 30 docker version
	docker import -c 'CMD ["/bin/sh"]' -c 'ENV PATH=/bin' "$W/rootfs.tar" bb
	docker run --rm bb true
	docker run --rm --network host bb true # makes a mount that stays
}

engine_reset() {
	local all
	all=$(docker ps -aq)
	[ -z "$all" ] || docker rm --force --volumes $all
}

engine_left() {
	find /run/docker/runtime-*/moby /run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby \
		-mindepth 1 -maxdepth 1 2>/dev/null | sed 's/^/state /'
}

# runs OPTIONS… IMAGE COMMAND…: in the foreground, without a network.
runs() {
	docker run --runtime "$RT" --rm --network none "$@"
}

# up OPTIONS… IMAGE [COMMAND…]: a container named $N in the background.
SLEEPER='trap "exit 3" TERM; while :; do sleep 1000 & wait $!; done'
up() {
	docker run --runtime "$RT" -d --name "$N" "$@" > up.id
}
sleeper() {
	up --network none "$@" bb sh -c "$SLEEPER"
}

# cgroup CONTROLLER FILE…: of $N.
cgroup() {
	cgroup_says "$(is_now '{{.State.Pid}}')" "$@"
}

# is_now FORMAT: what `docker inspect` says of $N.
is_now() {
	docker inspect -f "$1" "$N"
}
STATE='{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}} {{.State.Error}}'

engine_benched='docker run --rm --network none IMAGE true'
engine_bench() {
	runs bb true
}

. "$here/docker-life.bash"
. "$here/docker-options.bash"
