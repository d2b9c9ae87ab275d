#!/usr/bin/env bash
# clang-format on everything, clang-tidy on the files that changed since the commit given (default: all). Usage: lint.sh [BASE]
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t formatted < <(git ls-files 'src/*.cpp' 'src/*.hpp' 'bench/*.cpp' 'tools/*.cpp')
clang-format-19 --dry-run --Werror "${formatted[@]}"
if [ $# -gt 0 ]; then
  mapfile -t checked < <(git diff --name-only --diff-filter=AM "$1" -- 'src/*.cpp')
else
  mapfile -t checked < <(git ls-files 'src/*.cpp')
fi
# -gline-tables-only and ccache change nothing for tidy; four files a process keep memory low.
printf '%s\n' "${checked[@]}" | xargs -r -P "$(nproc)" -n 4 clang-tidy-19 -p build/dev --quiet
python3 tools/include_order.py
echo "lint: ${#formatted[@]} files formatted, ${#checked[@]} files checked"
