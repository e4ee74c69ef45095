# What a container engine does, from this machine's own system folders: a read-only root with the folders of the image and its
# volumes, no privileges, the image's user, its environment alone, and its command as process 1.
# FOLDER/mounts: lines of 'ro|rw SOURCE TARGET' or 'tmpfs - TARGET'; FOLDER/environment, FOLDER/command: entries that each end with a NUL;
# FOLDER/settings: user=, group=, workdir=.
set -eu
folder=$1
read -r _
user= group= workdir=
. "$folder/settings"
mapfile -t -d "" environment <"$folder/environment"
mapfile -t -d "" command <"$folder/command"

mount --make-rprivate /
root=$folder/root
mkdir -p "$root"
mount -t tmpfs -o mode=755 root "$root"
for name in usr bin sbin lib lib32 lib64; do
  if [ -L "/$name" ]; then
    cp -a "/$name" "$root/$name"
  elif [ -d "/$name" ]; then
    mkdir "$root/$name"
    mount --bind "/$name" "$root/$name"
    mount -o remount,bind,ro "$root/$name"
  fi
done
cp -r --preserve=links /etc "$root/etc" 2>/dev/null || true # a copy: images and volumes have folders below it
cp "$folder/hosts" "$root/etc/hosts"
mkdir "$root/proc" "$root/dev"
mount -t proc proc "$root/proc"
for device in null zero random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
while read -r kind source target; do
  if [ -d "$source" ] || [ "$kind" = tmpfs ]; then mkdir -p "$root$target"; else
    mkdir -p "$root$(dirname "$target")"
    touch "$root$target"
  fi
  case $kind in
    tmpfs) mount -t tmpfs -o mode=1777,size=1g tmpfs "$root$target" ;;
    rw) mount --bind "$source" "$root$target" ;;
    ro) mount --bind "$source" "$root$target" && mount -o remount,bind,ro "$root$target" ;;
  esac
done <"$folder/mounts"
mount -o remount,ro "$root"

exec chroot "$root" /usr/bin/setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
  env -i -C "$workdir" "${environment[@]}" "${command[@]}"
