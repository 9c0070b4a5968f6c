#!/bin/sh
# Debian packages that the tests use: browsers, a relay, GStreamer, checkers of PDF and WebM that we did not write, the law's
# typeface, a Java library, a database, a token in software, what opens office files behind walls, what makes and spoils
# networks, and Intel's AES-GCM, which the native core uses where it is.
set -eu
missing=""
packages="chromium chromium-headless-shell coturn firefox-esr openssl poppler-utils qpdf ffmpeg mkvtoolnix
fonts-liberation2 libjaxb-java iproute2 nftables libipsec-mb1 bubblewrap postgresql softhsm2
libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui
gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-nice
python3-gst-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0"
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo"; fi
echo "Installing for the tests:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
