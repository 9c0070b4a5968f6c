#!/bin/sh
# Makes the virtual environment $2 with the interpreter $1. Debian keeps venv and the C headers in packages of their
# own: they are installed where that is possible without asking for a password.
set -eu
python=$1 target=$2
say() { echo "giaoban: $*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    say "Python 3.11 or newer is needed ($python is not)."; exit 2; }

as_root=""
if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
install_from_debian() {
    command -v apt-get >/dev/null || return 1
    say "installing from Debian: $*"
    $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

"$python" -c 'import ensurepip, venv' 2>/dev/null || install_from_debian python3-venv || {
    say "Python cannot make a virtual environment; on Debian: apt install python3-venv"; exit 2; }
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
[ -e "$headers/Python.h" ] || install_from_debian python3-dev || \
    say "the Python headers are missing (apt install python3-dev): media will use the slower Python forwarder."
"$python" -m venv "$target" || { rm -rf "$target"; say "the virtual environment could not be made."; exit 2; }
