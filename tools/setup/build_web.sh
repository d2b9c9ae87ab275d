#!/usr/bin/env bash
# Builds the page into web/dist; does nothing when it is newer than its sources.
set -euo pipefail
cd "$(dirname "$0")/../../web"
mkdir -p ../build
stamp=node_modules/.installed
if [ ! -e "$stamp" ] || ! cmp -s package-lock.json "$stamp"; then
  echo "web: installing packages"
  # Not `npm ci`: from npm 11 on it wants a lock entry for every platform's optional package, also for those that a registry does not hold.
  # `install --no-save` takes the locked versions, checks their hashes and leaves the lock file alone.
  npm install --no-save --no-audit --no-fund --loglevel=error || { echo "web: npm could not install the packages; is the network there?" >&2; exit 1; }
  cp package-lock.json "$stamp"
fi
if [ ! -e dist/index.html ] || [ -n "$(find src public index.html package.json package-lock.json vite.config.* tsconfig*.json -newer dist/index.html -print -quit 2>/dev/null)" ]; then
  echo "web: building the page"
  npm run --silent build >../build/web.log 2>&1 || { cat ../build/web.log >&2; exit 1; }
  touch dist/index.html
fi
