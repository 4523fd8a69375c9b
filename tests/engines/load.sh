# SPDX-License-Identifier: Apache-2.0
# podman under load: nothing is left behind, and every status is right.
. "$here/podman.sh"
engine_about='podman as root, under load'
SCENARIOS=()
unset -f engine_bench

# one_of_many NUMBER: a life of one of five kinds.
one_of_many() {
	local n=many$1
	case $(($1 % 5)) in
	0) exits "$1" p run --rm --network none bb sh -c "exit $1" ;;
	1)
		p run -d --network none --name "$n" bb sh -c "$SLEEPER" &&
			exits $((100 + $1)) p exec "$n" sh -c "exit $((100 + $1))" &&
			p kill "$n" && is 137 "$(p wait "$n")" && p rm "$n"
		;;
	2)
		p run -d --network none --name "$n" --memory 32m --pids-limit 20 bb sh -c "$SLEEPER" &&
			p stop -t 30 "$n" && is 0 "$(p inspect -f '{{.State.ExitCode}}' "$n")" && p rm "$n"
		;;
	3) exits 127 p run --rm --network none bb nosuch ;;
	4)
		p run -d --network none --name "$n" bb sh -c "$SLEEPER" && p pause "$n" &&
			p unpause "$n" && p rm -f -t 0 "$n"
		;;
	esac > "said.$1" 2>&1 && return
	sed "s/^/$1: /" "said.$1" >&2
	return 1
}

scenario fifty '50 containers of five kinds of life, 8 at a time' none
takes_up_to 300
s_fifty() {
	export -f $(compgen -A function)
	seq 50 | xargs -P 8 -I{} bash -c 'one_of_many {}'
	is 0 "$(p ps -aq | wc -l)"
}

scenario many-exec 'one container, 64 execs of it, 8 at a time' none
takes_up_to 300
s_many_exec() {
	sleeper
	export -f $(compgen -A function)
	seq 64 | xargs -P 8 -I{} bash -c "exits {} p exec $N sh -c 'exit {}'"
	is 2 "$(p exec "$N" ps | grep -c -v -e " ps$" -e PID)"
}
