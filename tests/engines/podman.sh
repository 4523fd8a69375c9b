# SPDX-License-Identifier: Apache-2.0
# podman as root, with cgroupfs and the configuration that contrib/podman ships.
engine_about='podman and buildah as root, cgroupfs'
engine_peers='runc crun'
. "$here/podman.bash"
. "$here/podman-basic.bash"
. "$here/podman-options.bash"
. "$here/podman-root.bash"

engine_begin() {
	podman_config /etc/containers "$W"
	echo 'engines:100000:655360' | tee /etc/subuid > /etc/subgid
	podman_image
}

engine_reset() {
	podman_reset "$W/graphroot"
}

p() {
	podman --runtime "$(runtime)" "$@"
}
give() { :; }
b() {
	buildah "$@"
}

engine_benched='podman run --rm --network none IMAGE true'
engine_bench() {
	p run --rm --network none bb true
}
