#!/usr/bin/env bash
# Lets a newcomer in who has the wheel and nothing else, on a machine with nothing on it.
#
#   deploy/newcomer/run.sh dist/shopwire-*.whl        # `make newcomer` builds it first
#
# Where root calls it and debootstrap is there, that machine is a Debian in a folder of its
# own, with Python, pip and venv: own processes, an own loopback, no network. Elsewhere it is
# an empty environment and home on this one. Either way it is gone afterwards, and what the
# newcomer has left behind is counted before.
set -euo pipefail

wheel=$(realpath "${1:?name the wheel: make newcomer}")
here=$(dirname "$(realpath "$0")")
source=$here/../..
# The interpreter itself: an environment's would bring what is installed there.
python=$("${PYTHON:-python3}" -c 'import sys; print(sys._base_executable)')
# The oldest Debian whose Python will do.
suite=${SUITE:-bookworm}
place=$(mktemp -d)
trap 'rm -rf --one-file-system "$place"' EXIT

told='import sys; print("%d.%d" % sys.version_info[:2])'
missing=
[ "$(id -u)" -eq 0 ] || missing="root"
for each in debootstrap unshare ip; do
  command -v "$each" > /dev/null || missing="$missing $each"
done

root=$place/root user=newcomer
if [ -z "$missing" ]; then
  debootstrap --variant=minbase --include=python3,python3-pip,python3-venv \
    "$suite" "$root" > "$place/debootstrap" 2>&1 || { tail "$place/debootstrap"; exit 1; }
  chroot "$root" useradd --create-home --shell /bin/bash "$user"
  version=$(chroot "$root" python3 -c "$told")
else
  echo "No bare machine without:$missing. An empty environment on this one has to do." >&2
  mkdir -p "$root/home/$user" "$root/tmp"
  version=$("$python" -c "$told")
fi

# Where packages come from is this machine's affair, so they are fetched out here.
handed=/opt/handed
mkdir -p "$root$handed/wheels"
"$python" -m pip download -qq --disable-pip-version-check --dest "$root$handed/wheels" \
  --only-binary :all: --python-version "$version" \
  --constraint "$source/constraints.txt" "$wheel"
cp "$here/half-hour.sh" "$here/follow.py" "$source/docs/tutorial.md" "$root$handed"

listed() { find "$root" -path "$root/proc" -prune -o -print | sort; }
listed > "$place/before"
bare=(PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 NO_COLOR=1 COLUMNS=100)
if [ -z "$missing" ]; then
  # Whatever still runs at the end of it ends with the first of its processes.
  unshare --mount --pid --net --fork --kill-child --mount-proc="$root/proc" bash -c '
    ip link set lo up
    exec chroot --userspec=newcomer "$@"' - "$root" \
    /usr/bin/env -i "${bare[@]}" "HOME=/home/$user" \
    bash "$handed/half-hour.sh" "$handed"
else
  env -i "${bare[@]}" "HOME=$root/home/$user" "TMPDIR=$root/tmp" \
    bash "$root$handed/half-hour.sh" "$root$handed" "$python"
fi
listed > "$place/after"
more=$(diff "$place/before" "$place/after" | sed -n "s#^> $root##p")
echo
echo "Left behind: ${more:-nothing}."
[ -z "$more" ]
