# SPDX-License-Identifier: Apache-2.0
# What both engines of podman, as root and as a user, share beside their scenarios.

engine_versions() {
	podman --version
	conmon --version | head -n 1
	buildah --version | sed 's/ (.*//'
}

# podman_config FOLDER STORAGE: what this kind of machine needs, and the file that is shipped.
podman_config() {
	mkdir -p "$1/containers.conf.d"
	# An unprivileged or confined root may not raise its limits to what podman would ask for.
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

# podman_image: the image, and a first container, whose cgroups' parents stay.
podman_image() {
	RT=runc p import -c 'CMD ["/bin/sh"]' -c 'ENV PATH=/bin' "$W/rootfs.tar" localhost/bb:latest
	RT=runc p run --rm --network none bb true || RT=crun p run --rm --network none bb true
}

# runtime: jailrt by the name that the shipped file gives it, others by path; $CALLED goes before.
runtime() {
	case ${CALLED:-$RT} in
	/*)
		echo "$CALLED"
		return
		;;
	esac
	case $RT in jailrt) echo jailrt ;; *) command -v "$RT" ;; esac
}

# give FILE…: to whoever p runs as, for whom b is buildah, too (podman.sh, podman-rootless.sh).

# runs OPTIONS… IMAGE COMMAND…: in the foreground, without a network.
runs() {
	p run --rm --network none "$@"
}

# up OPTIONS… IMAGE COMMAND…: a container named $N in the background.
up() {
	p run -d --network none --name "$N" "$@" > up.id
}

# Does nothing until it is told to end.
export SLEEPER='trap "exit 0" TERM INT; while :; do sleep 1000 & wait $!; done'

sleeper() {
	up "$@" bb sh -c "$SLEEPER"
}

# inspect TEMPLATE
inspect() {
	p inspect -f "$1" "$N"
}

# tp ARGUMENTS…: as p, on a terminal.
tp() {
	tty p "$@"
}

# podman_reset GRAPHROOT: only what takes no time when there is nothing.
podman_reset() {
	case $name in pod | play-kube) RT=runc p pod rm --force --all --time 0 ;; esac
	# In whatever order they depend on each other.
	RT=runc p rm --force --all --time 0 || RT=runc p rm --force --all --time 0
	[ -z "$(ls "$1/volumes" 2>/dev/null)" ] || RT=runc p volume prune --force
}

# netavark keeps the folder of network namespaces as a mount, podman that of its layers, now and then.
engine_known() {
	echo '^mount (/run/(user/[0-9]+/)?netns|.*/graphroot/overlay)$'
}
