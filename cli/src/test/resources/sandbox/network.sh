# The machine's half of a network of containers: a bridge in a network namespace of its own. Lives until its input closes.
set -eu
ip link set lo up
ip link add bridge0 type bridge
ip addr add "$1" dev bridge0
ip link set bridge0 up
echo ready
cat >/dev/null
