#!/bin/sh
# The first process of one server's own mount and process namespace: prepares the mounts, says so, and stays. When it
# ends, the kernel ends all that runs in the namespace and drops its mounts.
#   hold.sh LAB              the machine's own root (its own Incus)
#   hold.sh LAB ROOT STAGE   another Debian's root, seen through a throwaway layer, with the lab at its own path in it
set -e
# A machine without an init system may have left the cgroups to whoever needs them.
if [ -d /sys/fs/cgroup ] && [ -z "$(ls /sys/fs/cgroup)" ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
# LXC puts containers beside the cgroup of the namespace's first process. Where cgroups are unified, a group with
# processes in it (a login session) may not have limited children, so that process has to sit at the top.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  echo 0 >/sys/fs/cgroup/cgroup.procs || echo "cgroups: staying in $(cat /proc/self/cgroup)" >&2
fi
if [ -n "$2" ]; then
  mount -t tmpfs tmpfs "$3"
  mkdir "$3/upper" "$3/work" "$3/root"
  mount -t overlay overlay -o "lowerdir=$2,upperdir=$3/upper,workdir=$3/work" "$3/root"
  cd "$3/root"
  mkdir -p ".$1" old
  mount --bind "$1" ".$1"
  mount --rbind /sys sys
  mount --rbind /dev dev
  mount -t proc proc proc
  # Not chroot: there the kernel refuses the user namespaces that containers need.
  pivot_root . old
  cd /
  umount -l /old
else
  mount -t proc proc /proc
fi
echo ready
while :; do
  sleep 2147483 &
  wait
done
