#!/usr/bin/env bash
# Chooses the quantisation of the bundled chat model for this machine, once: see tools/setup/choose_quantisation.cpp.
set -euo pipefail
cd "$(dirname "$0")/../.."
models=${GIBSEY_CACHE:-$HOME/.cache/gibsey}/models
[ -e "$models/chat.gguf" ] && exit 0
tools/setup/build.sh release choose_quantisation
echo "setup: measuring which quantisation of the chat model is best here"
build/release/tools/choose_quantisation "$models/smollm2-135m-instruct-q4_1.gguf" "$models" worlds/entrance-way/pages/*.md
