#!/usr/bin/env bash
# What a newcomer does in the first half hour: install from the wheel, look at the demo,
# serve a shop, talk in it, measure it, stop it, take it away. Nothing of the source tree is
# within reach but the wheel, nothing is left behind.
#
#   deploy/newcomer.sh dist/shopwire-*.whl
#
# docs/newcomer.md holds what it said. PIP_CONSTRAINT is passed on, and so is what pip needs
# to know of where packages come from.
set -euo pipefail

wheel=$(realpath "${1:?name the wheel: make newcomer}")
constraints=$(realpath "$(dirname "$0")/../constraints.txt")
place=$(mktemp -d)
served=
leave() {
  if [ -n "$served" ]; then kill "$served" 2> /dev/null || true; fi
  rm -rf "$place"
}
trap leave EXIT
cd "$place"
mkdir home

# A bare environment: what a login shell of a new account would have.
bare=(env -i "HOME=$place/home" "PATH=$place/shop/bin:/usr/local/bin:/usr/bin:/bin"
  LANG=C.UTF-8 "TMPDIR=$place" NO_COLOR=1 COLUMNS=100)
say() { printf '\n$ %s\n' "$*"; }
run() { say "$@" && "${bare[@]}" "$@" 2>&1; }
first() { local n=$1; shift; say "$@"; { "${bare[@]}" "$@" 2>&1 || true; } | sed -n "1,${n}p"; }

python=$(command -v "${PYTHON:-python3}")
say python3 -m venv shop
"$python" -m venv shop
say shop/bin/pip install 'shopwire-*.whl'
# Where packages come from is this machine's affair.
shop/bin/pip install --quiet --disable-pip-version-check \
  --constraint "$constraints" "$wheel" 2> pip.err || { cat pip.err; exit 1; }
run shopwire --version
run shopwire doctor --preflight --data ./data

echo; echo "# A whole conversation, from both sides."
first 14 shopwire demo --script

echo; echo "# A server of one's own."
say "shopwire serve --data ./data &"
"${bare[@]}" shopwire serve --data ./data --port 0 > ready 2> log &
served=$!
for _ in $(seq 100); do [ -s ready ] && break; sleep 0.1; done
url=$(sed 's/.*"url":"\([^"]*\)".*/\1/' ready)
sed "s/\"pid\":[0-9]*/\"pid\":123/; s#$place#.#g; s/127.0.0.1:[0-9]*/127.0.0.1:8080/" ready
run shopwire site list --data ./data
say "shopwire token --role agent --sub tom --data ./data"
"${bare[@]}" shopwire token --role agent --sub tom --data ./data > agent.token
echo "$(cut -c1-20 agent.token)…"
say "curl …/widget.js, …/desk/, …/licences.txt, …/metrics"
for path in widget.js desk/ licences.txt metrics; do
  "$python" -c 'import sys, urllib.request as u
a = u.urlopen(sys.argv[1]); print(a.status, sys.argv[2], len(a.read()) > 300 and "is there")' \
    "$url/$path" "/$path"
done
run shopwire top --data ./data --count 1

echo; echo "# Does it hold? Five seconds of twenty chats, on a broker of the tester's own."
first 40 shopwire load --chats 20 --agents 4 --rate 40/s --duration 5s --seed 1 \
  --threshold 'send.p99<1000ms'

echo; echo "# Stop it, and look at what it has left."
say "kill %1"
kill -TERM "$served"
wait "$served"
served=
echo "ended with 0"
run shopwire replay --all --check --data ./data
run shopwire doctor --data ./data
run shopwire backup --data ./data ./copy.db

echo; echo "# Take it away."
say "shop/bin/pip uninstall --yes shopwire"
shop/bin/pip uninstall --quiet --yes shopwire
left=$(find shop -path '*/broker/*' -o -path '*/shop/bin/shopwire' | wc -l)
echo "$left files of it are left in the environment"
echo "$(find home -type f | wc -l) files are in the newcomer's home"
[ "$left" -eq 0 ]
