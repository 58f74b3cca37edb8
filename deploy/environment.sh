#!/bin/sh
# Makes .venv from a hashed lock file, once; later runs see the stamp and return at once.
# usage: environment.sh LOCKFILE (run from the top of the project)
set -eu
lock=$1
venv=.venv
wanted="$(cksum <"$lock" | tr ' ' -)"
stamp="$venv/.installed-$lock"

# The development lock holds everything of the other one at the same versions.
for done in "$venv/.installed-requirements-dev.lock" "$stamp"; do
  case $done in
    "$stamp") expected=$wanted ;;
    *) expected="$(cksum <requirements-dev.lock | tr ' ' -)" ;;
  esac
  if [ -x "$venv/bin/python" ] && [ "$(cat "$done" 2>/dev/null)" = "$expected" ]; then exit 0; fi
done

say() { echo "$1" >&2; exit 1; }

new_enough() {
  command -v "$1" >/dev/null 2>&1 &&
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ ! -x "$venv/bin/python" ] || ! new_enough "$venv/bin/python"; then
  found=""
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if new_enough "$candidate"; then found=$candidate; break; fi
  done
  if [ -z "$found" ]; then
    have=$(python3 --version 2>/dev/null || echo "no Python")
    say "Gatehouse needs Python 3.11 or newer; this machine has $have. Install it, or name one: PYTHON=/path/to/python make run"
  fi
  "$found" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
    say "The venv module is missing for $found. On Debian or Ubuntu: apt install python3-venv"
  rm -rf "$venv"
  "$found" -m venv "$venv" || say "Could not make the environment in $venv (see above)."
fi

echo "Installing the locked dependencies (once, about a minute) ..."
# The lock names every dependency of a dependency: pip has nothing to resolve. Older ones, asked
# to, want the newest release of what is required with extras and stop at its missing hash.
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input \
  --no-deps --require-hashes -r "$lock" || say "Installing failed (see above). Run the same command again."
echo "$wanted" >"$stamp"
