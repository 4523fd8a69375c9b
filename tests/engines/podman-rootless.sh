# SPDX-License-Identifier: Apache-2.0
# podman as a user without privileges, with the same configuration in the user's own folders.
engine_about='podman and buildah as a user, cgroupfs'
engine_peers='runc crun'
. "$here/podman.bash"
. "$here/podman-basic.bash"
. "$here/podman-options.bash"

export USER_ID=2345

engine_begin() {
	H=$W/home
	echo "engines:x:$USER_ID:$USER_ID::$H:/bin/bash" >> /etc/passwd
	printf 'engines:x:%s:\nshared:x:7777:engines\n' $USER_ID >> /etc/group
	echo 'engines:100000:65536' | tee /etc/subuid > /etc/subgid
	install -d -o $USER_ID -g $USER_ID -m 700 "$H" "$H/.config" /run/user/$USER_ID
	podman_config "$H/.config/containers" "$H"
	chown -R $USER_ID:$USER_ID "$H"
	chmod 755 "$W" "$(dirname "$W")"
	podman_image
}

as_user() {
	setpriv --reuid $USER_ID --regid $USER_ID --init-groups --reset-env -- \
		env XDG_RUNTIME_DIR=/run/user/$USER_ID TMPDIR=/var/tmp HOME="$W/home" "$@"
}

engine_reset() {
	podman_reset "$W/home/graphroot"
}

p() {
	as_user podman --runtime "$(runtime)" "$@"
}
give() {
	chown -R -h $USER_ID:$USER_ID "$@"
}
b() {
	as_user buildah "$@"
}

scenario userns-keep-id '--userns=keep-id'
s_userns_keep_id() {
	runs --userns keep-id bb sh -c 'id -u; id -g; cat /proc/self/uid_map' | tr -s ' '
	runs --userns keep-id -v "$PWD:/v" bb touch /v/mine
	stat -c %u mine
	sleeper --userns keep-id
	p exec "$N" id -u
	p exec -u 0 "$N" id -u
}

scenario limits-left-out 'limits without a delegated cgroup: podman itself leaves them out'
s_limits_left_out() {
	runs --memory 64m bb echo runs 2> said
	grep -c 'Resource limits are not supported' said
}

scenario keep-groups-file 'keep-groups: a file that only a group of the user may read' crun
s_keep_groups_file() {
	echo secret > file
	chown root:7777 file
	chmod 640 file
	exits 1 runs -v "$PWD/file:/file" bb cat /file
	runs -v "$PWD/file:/file" --group-add keep-groups bb cat /file
	sleeper -v "$PWD/file:/file" --group-add keep-groups
	p exec "$N" cat /file
}

scenario network-bridge '--network bridge, and a port of the host'
s_network_bridge() {
	trap 'p rm -f -t 0 "$N" > said; p network rm -f "$N" > said' EXIT
	p network create "$N" > said
	p run -d --network "$N" --name "$N" -p 127.0.0.1:7797:7777 bb nc -ll -p 7777 -e echo served > id
	until_ok 10 eval 'timeout 2 socat - TCP:127.0.0.1:7797 < /dev/null | grep served'
	p run --rm --network "$N" bb ip -o -4 addr show eth0 | awk '{ print $2, $3, substr($4, 1, 3) }'
}

scenario port '--publish to a port of the host, by slirp4netns'
s_port() {
	p run -d --network slirp4netns --name "$N" -p 127.0.0.1:7799:7777 bb nc -ll -p 7777 -e echo served > id
	until_ok 10 eval 'timeout 2 socat - TCP:127.0.0.1:7799 < /dev/null | grep served'
}

engine_benched='podman run --rm --network none IMAGE true, as a user'
engine_bench() {
	runs bb true
}
