#!/usr/bin/env bash
# Runs the benchmarks that are there: retrieval and quotation quality over the evaluation sets in $GIBSEY_SHARED_DATA (default ../shared/data beside the clone).
# $GIBSEY_BENCH_VECTORS keeps the sets' vectors between runs (making them takes minutes).
set -euo pipefail
cd "$(dirname "$0")/.."
data=${GIBSEY_SHARED_DATA:-../shared/data}
[ -d "$data/novel_pages_dev" ] || { echo "bench: the evaluation sets are not at $data; set GIBSEY_SHARED_DATA" >&2; exit 1; }
tools/setup/build.sh release gibsey quote_lock
build/release/bench/quote_lock --model "${GIBSEY_CACHE:-$HOME/.cache/gibsey}/models/chat.gguf"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
build/release/gibsey --data "$scratch/data" eval quotes "$data/quote_verify_dev"
build/release/gibsey --data "$scratch/data" eval retrieval --limit 1500 --vectors "${GIBSEY_BENCH_VECTORS:-$scratch/vectors}" \
  "$data/novel_pages_dev" "$data/fairytaleqa_dev" "$data/cranfield" "$data/xquad_en" worlds/entrance-way
