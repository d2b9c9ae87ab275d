#!/usr/bin/env bash
# Configures (once) and builds a preset quietly: output only where something fails. Usage: build.sh PRESET TARGET...
# With GIBSEY_CASSANDRA=ON the stores on Cassandra are built in, and stay so in that build folder; it needs cargo.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1
shift
log="build/$preset.log"
mkdir -p build
[ -e "build/$preset/build.ninja" ] || echo "build: configuring $preset"
cmake --preset "$preset" ${GIBSEY_CASSANDRA:+-DGIBSEY_CASSANDRA="$GIBSEY_CASSANDRA"} >"$log" 2>&1 || { tail -n 40 "$log" >&2; echo "build: cmake failed, see $log" >&2; exit 1; }
pending=$(cmake --build "build/$preset" --target "$@" -- -n 2>/dev/null | grep -c '^\[' || true)
[ "${pending:-0}" -gt 3 ] && echo "build: $preset, $pending steps"
cmake --build "build/$preset" --target "$@" >"$log" 2>&1 || { grep -vE '^\[' "$log" | tail -n 60 >&2; echo "build: $preset failed, see $log" >&2; exit 1; }
