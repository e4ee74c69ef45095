# Run inside the bridge's namespace: start.sh FOLDER ADDRESS INDEX. Puts a container beside it, with a cable to the bridge, and
# ends with the container's exit code. FOLDER holds what container.sh reads.
set -eu
folder=$1 address=$2 index=$3
here=$(dirname "$0")
mkfifo "$folder/go"
unshare --net --mount --pid --ipc --uts --fork --kill-child bash "$here/container.sh" "$folder" <"$folder/go" &
container=$!
exec 3>"$folder/go"
for _ in $(seq 500); do
  [ "$(readlink /proc/$container/ns/net)" = "$(readlink /proc/self/ns/net)" ] || break
  sleep 0.02
done
ip link add "v$index" type veth peer name eth0 netns "$container"
ip link set "v$index" master bridge0 up
nsenter -t "$container" -n sh -ec "ip link set lo up; ip addr add $address/24 dev eth0; ip link set eth0 up"
echo go >&3
exec 3>&-
status=0
wait "$container" || status=$?
exit "$status"
