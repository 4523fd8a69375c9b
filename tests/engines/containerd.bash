# SPDX-License-Identifier: Apache-2.0
# What the engines of containerd and its CRI plugin share.

# containerd_begin: a daemon with the section that contrib/containerd ships, whose own folders are below $W;
# /run is the place's own.
containerd_begin() {
	{
		# As Debian's own.
		cat <<-END
			version = 2
			root = "$W/containerd"
			state = "/run/containerd"
			[plugins]
			  [plugins."io.containerd.internal.v1.opt"]
			    path = "$W/opt"
			  [plugins."io.containerd.grpc.v1.cri".cni]
			    bin_dir = "/usr/lib/cni"
			    conf_dir = "$W/cni"
		END
		cat "$here/../../contrib/containerd/jailrt.toml"
		# What this kind of machine needs, and peers.
		cat <<-END
			[plugins."io.containerd.grpc.v1.cri"]
			  sandbox_image = "localhost/pause:latest"
			  restrict_oom_score_adj = true
			  disable_apparmor = true
			[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
			  runtime_type = "io.containerd.runc.v2"
			[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
			  BinaryName = "$(command -v crun)"
		END
	} > "$W/config.toml"
	mkdir "$W/cni"
	cat > "$W/cni/10-engines.conflist" <<-END
		{"cniVersion": "0.4.0", "name": "engines", "plugins": [
			{"type": "bridge", "bridge": "engines0", "isGateway": true, "ipMasq": false,
			 "ipam": {"type": "host-local", "dataDir": "/run/cni", "subnet": "10.88.5.0/24",
				  "routes": [{"dst": "0.0.0.0/0"}]}},
			{"type": "portmap", "capabilities": {"portMappings": true}}]}
	END
	daemon containerd containerd --config "$W/config.toml"
	until_ok 30 ctr version
}

# docker_archive FILE NAME CONFIG: an image of $W/rootfs.tar, as `docker save` writes them.
docker_archive() {
	local file=$1 name=$2 config=$3 dir diff
	dir=$(mktemp -d)
	cp "$W/rootfs.tar" "$dir/layer.tar"
	diff=$(sha256sum < "$W/rootfs.tar" | cut -d' ' -f1)
	jq -n --arg d "sha256:$diff" --arg a "$(dpkg --print-architecture)" --argjson c "$config" \
		'{architecture: $a, os: "linux", config: $c, rootfs: {type: "layers", diff_ids: [$d]}}' \
		> "$dir/config.json"
	jq -n --arg n "$name" '[{Config: "config.json", RepoTags: [$n], Layers: ["layer.tar"]}]' \
		> "$dir/manifest.json"
	tar -C "$dir" -cf "$file" manifest.json config.json layer.tar
	rm -r "$dir"
}

# What containerd keeps of a runtime's containers.
containerd_left() {
	find /run/containerd/runc /run/containerd/io.containerd.runtime.v2.task -mindepth 2 -maxdepth 2 \
		2>/dev/null | sed 's/^/state /'
}
