#!/usr/bin/env bash
# What a newcomer does in the first half hour: install from the wheel, look at the demo,
# follow the tutorial, let a chat go from end to end, pull the plug, see that nothing is
# gone, take it away. run.sh gives it a machine; docs/newcomer.md holds what it said.
#
#   half-hour.sh HANDED [PYTHON]
#
# HANDED has the wheels, the tutorial and follow.py; home is where everything happens.
set -euo pipefail

handed=$1
python=${2:-python3}
served=
leave() { if [ -n "$served" ]; then kill -KILL "$served" 2> /dev/null || true; fi; }
trap leave EXIT
cd

say() { printf '\n$ %s\n' "$*"; }
run() { say "$@" && "$@" 2>&1; }
part() { printf '\n# %s\n' "$*"; }
# Keys of a shop that is gone when this is read; they are none the less secrets.
veiled() { sed -E 's/("secret": ")[^"]*/\1…/'; }
# A bare machine has no curl.
get() {
  say "curl …$2"
  "$python" -c 'import sys, urllib.request as u
answer = u.urlopen(sys.argv[1]); body = answer.read()
print(answer.status, f"{len(body)} bytes" if body else sys.exit(1))' "$1$2"
}
serve() {
  say "$* &"
  # Emptied here: what runs beside may come to it later than the look below.
  : > ready
  "$@" > ready 2> log &
  served=$!
  for _ in $(seq 200); do [ -s ready ] && break; sleep 0.1; done
  head -1 ready
}

part "A machine with Python, and little else."
say "grep PRETTY /etc/os-release"
grep PRETTY /etc/os-release
say python3 --version
"$python" --version
say "type git gcc node curl sqlite3"
missing=$(for each in git gcc node curl sqlite3; do type "$each" > /dev/null 2>&1 || echo "$each"; done)
echo "not here:" $missing

part "Install. What it needs lies beside the wheel, so that no network is asked."
say python3 -m venv shop
"$python" -m venv shop
say "shop/bin/pip install --no-index --find-links wheels shopwire"
shop/bin/pip install --quiet --disable-pip-version-check --no-cache-dir \
  --no-index --find-links "$handed/wheels" shopwire
export PATH="$HOME/shop/bin:$PATH"
run shopwire --version
run shopwire doctor --preflight --data my-shop/data

part "Look at it: a whole conversation from both sides, and the shop that is shown to people."
say shopwire demo --script
shopwire demo --script > demo.txt
head -7 demo.txt && echo "…"
serve shopwire demo
get http://127.0.0.1:8080 /demo/
get http://127.0.0.1:8080 /desk/
say "kill -INT %1"
kill -INT "$served"
wait "$served"
served=
rm demo.txt ready log

part "The tutorial, all of it that is no window of a browser."
mkdir my-shop && cd my-shop
"$python" "$handed/follow.py" "$handed/tutorial.md" | veiled

part "Test it: the page of the tutorial, and a chat through the server it has left behind."
serve shopwire serve --data ./data
get http://127.0.0.1:8080 /widget.js
get http://127.0.0.1:8080 /licences.txt
shopper='shopwire talk --token $(cat pages/token.txt)'
say "printf 'Is the lamp on its way?\n/quit\n' | $shopper"
printf 'Is the lamp on its way?\n/quit\n' | shopwire talk --token "$(cat pages/token.txt)"
say "printf '/open 1\nIt comes tomorrow.\n/quit\n' | shopwire talk --role agent --sub ann --data ./data"
printf '/open 1\nIt comes tomorrow.\n/quit\n' | shopwire talk --role agent --sub ann --data ./data
run shopwire top --data ./data --count 1

part "Pull the plug, and see what is left."
say "kill -KILL %1"
kill -KILL "$served"
wait "$served" 2> /dev/null || true
run shopwire doctor --data ./data
run shopwire audit --data ./data
serve shopwire serve --data ./data
say "printf '/quit\n' | $shopper"
printf '/quit\n' | shopwire talk --token "$(cat pages/token.txt)" | tee heard.txt
grep -q 'you: Is the lamp on its way?' heard.txt
grep -q 'ann: It comes tomorrow.' heard.txt

part "Copy it while it runs, and make a folder of the copy."
run shopwire backup ./copy --data ./data
run shopwire restore ./copy --data ./again
run shopwire doctor --data ./again

part "Hand out what is kept of the customer, then forget them."
run shopwire export customer-17 --to sara.zip --data ./data
run shopwire doctor --data ./data --find tomorrow && exit 1
run shopwire erase customer-17 --yes --data ./data
run shopwire doctor --data ./data --find tomorrow && echo "(nothing)"
run shopwire deeds --data ./data
say "kill %1"
kill -TERM "$served"
wait "$served"
served=
echo "ended with 0"

part "Take it away."
cd
run shop/bin/pip uninstall --quiet --yes shopwire
say "find shop -path '*/broker/*' -o -name 'shopwire*'"
left=$(find shop -path '*/broker/*' -o -name 'shopwire*')
echo "$left" | grep . && exit 1
run rm -r shop my-shop
