#!/usr/bin/env bash
# Runs the benchmarks that are there: retrieval quality over the evaluation sets in $GIBSEY_SHARED_DATA (default ../shared/data beside the clone).
set -euo pipefail
cd "$(dirname "$0")/.."
data=${GIBSEY_SHARED_DATA:-../shared/data}
[ -d "$data/novel_pages_dev" ] || { echo "bench: the evaluation sets are not at $data; set GIBSEY_SHARED_DATA" >&2; exit 1; }
tools/setup/build.sh release retrieval_eval quote_lock
build/release/bench/retrieval_eval --model "${GIBSEY_CACHE:-$HOME/.cache/gibsey}/models/all-minilm-l6-v2.gguf" \
  --vectors "$(mktemp)" "$data/novel_pages_dev" "$data/fairytaleqa_dev"
build/release/bench/quote_lock --model "${GIBSEY_CACHE:-$HOME/.cache/gibsey}/models/chat.gguf"
