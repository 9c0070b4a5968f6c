#!/bin/sh
# Debian packages that the tests use: a browser, PDF checkers we did not write, the law's typeface, a Java library.
set -eu
missing=""
for package in chromium openssl poppler-utils qpdf fonts-liberation2 libjaxb-java; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo"; fi
echo "Installing for the tests:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
