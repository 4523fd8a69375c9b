# SPDX-License-Identifier: Apache-2.0
# podman as root, with cgroupfs and the configuration that contrib/podman ships.
engine_about='podman and buildah as root, cgroupfs'
engine_peers='runc crun'

engine_versions() {
	podman --version
	conmon --version | head -n 1
	buildah --version | sed 's/ (.*//'
}

# What this kind of machine needs, beside the file that is shipped.
podman_config() {
	mkdir -p "$1/containers.conf.d"
	cat > "$1/containers.conf" <<-END
		[containers]
		log_driver = "k8s-file"
		default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[network]
		network_backend = "netavark"
	END
	cp "$here/../../contrib/podman/jailrt.conf" "$1/containers.conf.d/"
	cat > "$1/storage.conf" <<-END
		[storage]
		driver = "overlay"
		runroot = "$2/runroot"
		graphroot = "$2/graphroot"
		[storage.options]
		root-auto-userns-user = "engines"
	END
}

engine_begin() {
	podman_config /etc/containers "$W"
	echo 'engines:100000:655360' | tee /etc/subuid > /etc/subgid
	podman import -c 'CMD ["/bin/sh"]' -c 'ENV PATH=/bin' "$W/rootfs.tar" localhost/bb:latest
	podman --runtime runc run --rm --network none bb true
}

engine_reset() {
	podman pod rm --force --all --time 0
	podman rm --force --all --time 0
}

p() {
	podman --runtime "$RT" "$@"
}

# runs OPTIONS… IMAGE COMMAND…: in the foreground, without a network.
runs() {
	p run --rm --network none "$@"
}

# up OPTIONS…: a container named $N in the background that does nothing until it is told to end.
up() {
	p run -d --network none --name "$N" "$@" > up.id
}
SLEEPER='trap exit TERM INT; while :; do sleep 1000 & wait $!; done'

scenario run 'a program runs, its output and status come back'
s_run() {
	runs bb echo hello
	code runs bb sh -c 'exit 7'
	code runs bb sh -c 'kill -9 $$'
}

scenario run-missing 'a program that is not there, or may not be run'
s_run_missing() {
	exits 127 runs bb nosuch
	exits 127 runs bb /nosuch
	exits 126 runs bb /etc
	exits 126 runs bb /etc/passwd
}

scenario detach-exec 'run -d, exec, and its status'
s_detach_exec() {
	up bb sh -c "$SLEEPER"
	p exec "$N" echo inside
	code p exec -u user -w /tmp -e A=b "$N" sh -c 'id; pwd; echo $A; exit 3'
	p inspect -f '{{.State.Status}} {{.OCIRuntime}}' "$N"
	p stop -t 5 "$N" > stopped
	p inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$N"
}
