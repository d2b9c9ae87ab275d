#!/usr/bin/env bash
# Kafka, Cassandra with change data capture and Debezium's connector: by docker compose where it is here, else as processes of this
# machine, in build/cdc. Prints where they are. Usage: up_cdc.sh [--down]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=build/cdc

if docker compose version >/dev/null 2>&1; then
  if [ "${1:-}" = --down ]; then exec docker compose -f docker-compose.cdc.yml down; fi
  exec docker compose -f docker-compose.cdc.yml up -d --build
fi
if [ "${1:-}" = --down ]; then exec deploy/stack/down.py "$folder"; fi
[ ! -e "$folder/stack.json" ] || { echo "up-cdc: it is up already, or was left behind: make down-cdc" >&2; exit 1; }
tools/setup/setup.sh --stack
mkdir -p build
deploy/stack/up.py --dir "$folder" ${GIBSEY_PROGRAM:+--program "$GIBSEY_PROGRAM"} | tee build/cdc.env
echo "up-cdc: the lines above are in build/cdc.env too; make down-cdc ends it" >&2
