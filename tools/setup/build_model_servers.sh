#!/usr/bin/env bash
# Builds two real model servers for tests/model_servers_test.py: llama.cpp's own, from the source of our engine, and Ollama, from its
# Go module. Gibsey needs neither. Result: $GIBSEY_CACHE/model-servers/{llama-server,ollama}. After setup.sh, which fetches the source.
# Without Go 1.24 or later Ollama is left out. The cache is keyed by versions, flags, compilers and processor.
set -euo pipefail
cache=${GIBSEY_CACHE:-$HOME/.cache/gibsey}
archive="$cache/downloads/llama_cpp_python-0.3.36.tar.gz"
engine=$(readlink -f "$cache/llama")  # our engine, built from the same archive
ollama_version=0.5.13
ollama_sum=h1:URBx4e6nyAaVhEGXH6AWVqORhebcSQcJ7hLTS0xkAPg=

say() { printf 'model servers: %s\n' "$*"; }
fail() { printf 'model servers: %s\n' "$*" >&2; exit 1; }

go_is_usable() {
  command -v go >/dev/null && [ "$(printf '1.24\n%s\n' "$(go env GOVERSION | sed 's/^go//')" | sort -V | head -1)" = 1.24 ]
}

run_quietly() {  # LOG COMMAND...
  local log=$1
  shift
  nice -n 19 "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "'$1' failed"; }
}

build_llama_server() {
  local source
  source=$(echo "$work"/llama_cpp_python-*/vendor/llama.cpp)
  # Paths of the temporary folder are left out of ccache's keys, so that a second build finds the first one's objects.
  export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
  # The flags of build_llama.sh. The web page, which the source package does not hold and the build would download, is left out.
  run_quietly "$work/cmake.log" cmake -S "$source" -B "$work/build" -G Ninja -Wno-dev \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON -DGGML_OPENMP=OFF \
    -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
    -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_OPENSSL=OFF -DLLAMA_CURL=OFF -DCMAKE_OPTIMIZE_DEPENDENCIES=ON
  # Only what the engine in the cache lacks; the rest is linked from there: two thirds of the time are saved.
  run_quietly "$work/build.log" ninja -C "$work/build" -j 1 vendor/hash/libvendor-hash.a tools/mtmd/libmtmd.a tools/ui/libllama-ui.a \
    tools/server/libserver-context.a tools/server/libllama-server-impl.a tools/server/CMakeFiles/llama-server.dir/main.cpp.o
  run_quietly "$work/link.log" clang++-19 -fuse-ld=lld-19 -o "$servers/llama-server.tmp" \
    "$work/build/tools/server/CMakeFiles/llama-server.dir/main.cpp.o" -Wl,--start-group "$work"/build/*/*/lib*.a "$engine"/lib/lib*.a \
    -Wl,--end-group -lpthread -ldl
  mv "$servers/llama-server.tmp" "$servers/llama-server"
}

build_ollama() {
  local module folder
  module=$(go mod download -json "github.com/ollama/ollama@v$ollama_version") || fail "Ollama's source could not be fetched: $module"
  grep -qF "\"Sum\": \"$ollama_sum\"" <<<"$module" || fail "Ollama $ollama_version is not the source that was chosen: $module"
  folder=$(sed -n 's/^[[:space:]]*"Dir": "\(.*\)",\{0,1\}$/\1/p' <<<"$module")
  cp -r "$folder" "$work/ollama"
  chmod -R u+w "$work/ollama"
  # Its CPU code is compiled in by cgo, by default for any x86-64. AMX is left out: those files are not in the Go packages.
  local flags="-O3 -march=native"
  [ "$(uname -m)" != x86_64 ] || flags="$flags -mno-amx-tile -mno-amx-int8"
  run_quietly "$work/go.log" env -C "$work/ollama" CGO_ENABLED=1 CC=clang-19 CXX=clang++-19 CGO_CFLAGS="$flags" CGO_CXXFLAGS="$flags" \
    go build -p 1 -trimpath -ldflags "-s -w -X github.com/ollama/ollama/version.Version=$ollama_version" -o "$servers/ollama.tmp" .
  mv "$servers/ollama.tmp" "$servers/ollama"
}

[ -e "$archive" ] && [ -e "$engine/lib/libllama.a" ] || fail "the source or the engine is missing in $cache: run tools/setup/setup.sh first"
key=$( { cat "$0"; basename "$engine"; clang++-19 --version | head -1; go version 2>/dev/null || true; grep -m1 '^flags' /proc/cpuinfo || true; } | sha256sum | cut -c1-16)
servers="$cache/model-servers-$key"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$servers"
if [ ! -e "$servers/llama-server" ]; then
  say "building llama.cpp's server (three minutes of processor time, once)"
  tar xzf "$archive" -C "$work"
  build_llama_server
fi
if [ ! -e "$servers/ollama" ]; then
  if go_is_usable; then
    say "building Ollama $ollama_version (three minutes of processor time, once)"
    build_ollama
  else
    say "Ollama is left out: it needs Go 1.24 or later"
  fi
fi
ln -sfn "$servers" "$cache/model-servers"
