#!/usr/bin/env bash
# Builds llama.cpp (targets llama and llama-common, static, no OpenMP) from the source package in the cache and
# installs headers and libraries under PREFIX. Usage: build_llama.sh SOURCE_TAR_GZ PREFIX
set -euo pipefail
archive=$1 prefix=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar xzf "$archive" -C "$work"
source=$(echo "$work"/llama_cpp_python-*/vendor/llama.cpp)
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake -S "$source" -B "$work/build" -G Ninja -Wno-dev \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 "${launcher[@]}" \
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON -DGGML_OPENMP=OFF \
  -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
  -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_CURL=OFF ${GIBSEY_LLAMA_FLAGS:-} >"$work/cmake.log" \
  || { tail -n 40 "$work/cmake.log" >&2; exit 1; }
cmake --build "$work/build" --target llama llama-common >"$work/build.log" 2>&1 \
  || { tail -n 40 "$work/build.log" >&2; exit 1; }
staging="$prefix.tmp.$$"
rm -rf "$staging"
mkdir -p "$staging/lib" "$staging/include" "$staging/common"
find "$work/build" -name '*.a' -exec cp {} "$staging/lib/" \;
cp "$source"/include/*.h "$source"/ggml/include/*.h "$staging/include/"
(cd "$source/common" && find . -name '*.h' -exec cp --parents {} "$staging/common/" \;)
mkdir -p "$staging/vendor"
cp -r "$source/vendor/nlohmann" "$staging/vendor/"
cp "$source/LICENSE" "$staging/"
rm -rf "$prefix"
mv "$staging" "$prefix"
