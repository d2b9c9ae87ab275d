#!/usr/bin/env bash
# Tells Gibsey to write its nightly notes and waits for the end of the run: the work of deploy/airflow/dags/gibsey_nightly.py without
# Airflow. One line to the log for each end; exit status 0 where it is done, 1 where it failed, 2 where Gibsey does not answer.
#   0 3 * * *  GIBSEY_TOKEN=... /path/to/gibsey-nightly.sh
# GIBSEY_URL (http://127.0.0.1:8002), GIBSEY_TOKEN (an admin's API key, where sign-in is on), GIBSEY_NIGHTLY_TRIES (3),
# GIBSEY_NIGHTLY_PAUSE (300 seconds between tries), GIBSEY_NIGHTLY_LONGEST (7200 seconds for a run), GIBSEY_NIGHTLY_POLL (5 seconds),
# GIBSEY_NIGHTLY_LOG (stderr), MAILTO (mailed by `mail` when all tries failed).
set -uo pipefail
url=${GIBSEY_URL:-http://127.0.0.1:8002}
tries=${GIBSEY_NIGHTLY_TRIES:-3}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

note() {
  local line
  line="$(date -u +%Y-%m-%dT%H:%M:%SZ) gibsey-nightly: $*"
  if [ -n "${GIBSEY_NIGHTLY_LOG:-}" ]; then printf '%s\n' "$line" >>"$GIBSEY_NIGHTLY_LOG"; else printf '%s\n' "$line" >&2; fi
}

# The token goes in by a file of settings: an argument could be read by every user of the machine.
call() {  # METHOD PATH: the body is in $answer, the status on stdout
  printf 'header = "Authorization: Bearer %s"\n' "${GIBSEY_TOKEN:-}" | sed '/Bearer "$/d' \
    | curl --silent --show-error --max-time 60 --config - --output "$answer" --write-out '%{http_code}' --request "$1" "${url%/}$2"
}

field() { sed -n 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$answer" | head -n 1; }

run_once() {
  local status run_id state ends
  status=$(call POST /v1/jobs/nightly/run) || { note "Gibsey does not answer at $url"; return 2; }
  run_id=$(field run_id)
  if [ "$status" != 202 ] || [ -z "$run_id" ]; then note "refused with $status: $(head -c 300 "$answer")"; return 1; fi
  ends=$((SECONDS + ${GIBSEY_NIGHTLY_LONGEST:-7200}))
  while [ "$SECONDS" -lt "$ends" ]; do
    status=$(call GET "/v1/jobs/nightly/runs/$run_id") || { note "run $run_id: Gibsey does not answer any more"; return 2; }
    state=$(field status)
    case "$state" in
      done) note "run $run_id done"; return 0 ;;
      failed) note "run $run_id failed: $(field error)"; return 1 ;;
    esac
    sleep "${GIBSEY_NIGHTLY_POLL:-5}"
  done
  note "run $run_id has not ended in time"
  return 1
}

for ((try = 1; try <= tries; try++)); do
  run_once
  result=$?
  [ "$result" = 0 ] && exit 0
  [ "$try" = "$tries" ] || sleep "${GIBSEY_NIGHTLY_PAUSE:-300}"
done
note "given up after $tries tries"
if [ -n "${MAILTO:-}" ]; then
  printf 'The nightly run of Gibsey at %s failed %s times. Its last answer: %s\n' "$url" "$tries" "$(head -c 1000 "$answer")" \
    | mail -s "Gibsey's nightly run failed" "$MAILTO" || note "the mail to $MAILTO could not be sent"
fi
exit "$result"
