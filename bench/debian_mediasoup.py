"""Make mediasoup 3.13's worker build on Debian 12's own libraries instead of sources that meson would download.

python3 bench/debian_mediasoup.py WORKER_FOLDER
"""

import re
import sys
from pathlib import Path

LIBRARIES = """
openssl_dep = dependency('openssl', allow_fallback: false)
flatbuffers_dep = dependency('flatbuffers', allow_fallback: false)
libuv_dep = dependency('libuv', allow_fallback: false)
absl_deps = [dependency('absl_flat_hash_map'), dependency('absl_flat_hash_set'), dependency('absl_strings'),
  dependency('absl_optional'), dependency('absl_inlined_vector')]

"""
USED = """dependencies = absl_deps + [openssl_dep, libuv_dep, dependency('libsrtp2'), dependency('usrsctp'),
  flatbuffers_dep, flatbuffers_generator_dep, libwebrtc_dep]
link_whole = [libwebrtc]

"""
URING = """
#ifndef IO_URING_VERSION_MAJOR
static inline int io_uring_major_version() { return 2; }
static inline int io_uring_minor_version() { return 3; }
static inline void io_uring_prep_sendto(struct io_uring_sqe* sqe, int fd, const void* data, size_t size, int flags,
  const struct sockaddr* name, socklen_t length)
{
  io_uring_prep_send(sqe, fd, data, size, flags);
  io_uring_prep_send_set_addr(sqe, name, length);
}
#endif
"""
NO_KTLS = """  if ((operationType & 0x7f) == BIO_CB_CTRL && argi == 73 /* BIO_CTRL_GET_KTLS_SEND */)
    return 0;

  const long resultOfcallback"""


def between(text: str, start: str, end: str, new: str) -> str:
    at = text.index(start)
    return text[:at] + new + text[text.index(end, at) :]


def build_file(text: str) -> str:
    text = between(text, "openssl_proj = subproject(", "# flatbuffers schemas subdirectory.", LIBRARIES)
    text = between(text, "dependencies = [\n", "if host_machine.system() == 'windows'\n  wingetopt_proj", USED)
    text = re.sub(r"    liburing_proj = subproject\(.*\n", "", text)
    text = re.sub(
        r"    dependencies \+= \[\s*liburing_proj[^\]]*\]\s*link_whole \+= \[\s*liburing_proj[^\]]*\]",
        "    dependencies += [dependency('liburing', allow_fallback: false)]",
        text,
    )
    compiler = "cpp = meson.get_compiler('cpp')"
    text = text.replace(compiler, f"cpp_args += ['-I/usr/include/srtp2']\n{compiler}", 1)
    return text[: text.index("test_sources = [")]


def webrtc_file(text: str) -> str:
    for name in ("openssl", "flatbuffers", "libuv"):
        text = text.replace(f"{name}_proj.get_variable('{name}_dep')", f"{name}_dep")
    strings, types = (rf"abseil_cpp_proj\.get_variable\('absl_{name}_dep'\)" for name in ("strings", "types"))
    text = re.sub(rf"{strings},\s*{types}", "absl_deps", text)
    return re.sub(r"abseil_cpp_proj = subproject\(.*?\n\)\n", "", text, flags=re.DOTALL)


def uring_file(text: str) -> str:
    """Debian's liburing 2.3 lacks three functions."""
    return text.replace("/* Static", URING + "/* Static", 1)


def dtls_file(text: str) -> str:
    """Debian's OpenSSL asks the BIO whether the kernel does TLS; mediasoup says yes to everything, and crashes."""
    text = re.sub(r"(inline static long onSslBioOut\([^)]*?int) /\*argi\*/", r"\1 argi", text)
    return text.replace("\tconst long resultOfcallback", NO_KTLS, 1)


def main(worker: Path) -> None:
    for name, change in (
        ("meson.build", build_file),
        ("deps/libwebrtc/meson.build", webrtc_file),
        ("src/DepLibUring.cpp", uring_file),
        ("src/RTC/DtlsTransport.cpp", dtls_file),
    ):
        file = worker / name
        file.write_text(change(file.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
