#!/bin/bash
# bench/peers.sh FOLDER: build the rivals that bench/rivals.py measures: Janus (Debian's) and mediasoup (npm's sources,
# with io_uring), both with libsrtp2 on OpenSSL, as their makers build them; Debian's libsrtp2 is on NSS and a third
# slower. Debian 12, as root, node 20; about ten minutes of two cores. What is there is not built again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
build=$folder/build
version=3.13.16
mkdir -p "$build"

apt-get update -qq
apt-get install -y -qq --no-install-recommends janus gcc g++ pkg-config python3-venv libuv1-dev libssl-dev libsrtp2-dev \
    libusrsctp-dev libabsl-dev flatbuffers-compiler libflatbuffers-dev liburing-dev >/dev/null
[ -d "$folder/venv" ] || python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q meson ninja
PATH=$folder/venv/bin:$PATH

# Janus passes over loopback interfaces when it gathers candidates; with this it sees lo alone, as an ordinary one.
[ -e "$build/lo_only.so" ] || gcc -O2 -shared -fPIC -o "$build/lo_only.so" "$here/lo_only.c" -ldl

if [ ! -e "$build/srtp-openssl/libsrtp2.so.1" ]; then
    rm -rf "$build/srtp"
    mkdir -p "$build/srtp/lists/partial" "$build/srtp-openssl"
    cd "$build/srtp"
    # The mirror that this machine takes its packages from, as a source of sources for this one command.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | grep 'debian/*$' | sort -u | sed -n 1p)
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" > sources.list
    options="-o Dir::Etc::SourceList=$PWD/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$PWD/lists
        -o APT::Sandbox::User=root -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache="
    apt-get $options update -qq
    apt-get $options source --download-only libsrtp2 >/dev/null
    tar xzf libsrtp2_*.orig.tar.gz
    cd libsrtp*/
    meson setup out --buildtype release -Dcrypto-library=openssl -Dcrypto-library-kdf=disabled -Dtests=disabled >/dev/null
    ninja -C out >/dev/null
    cp out/libsrtp2.so.1 "$build/srtp-openssl/"
fi

mkdir -p "$build/node"
if [ ! -d "$build/node/node_modules/mediasoup" ]; then
    (cd "$build/node" && npm init -y >/dev/null && npm install "mediasoup@$version" --ignore-scripts --silent)
fi
if [ ! -x "$build/mediasoup-worker-uring" ]; then
    rm -rf "$build/ms"
    cp -r "$build/node/node_modules/mediasoup/worker" "$build/ms"
    python3 "$here/debian_mediasoup.py" "$build/ms"
    cd "$build/ms"
    meson setup --wrap-mode=nofallback --buildtype release -Db_ndebug=true -Db_pie=true -Db_staticpic=true \
        -Ddefault_library=static out . >/dev/null
    (cd out && ninja fbs/FBS && ninja mediasoup-worker) >/dev/null
    cp out/mediasoup-worker "$build/mediasoup-worker-uring"
fi
echo "the rivals are in $build"
