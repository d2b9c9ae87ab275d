#!/usr/bin/env python3
"""Keeps one command running: starts it again when it ends, later and later when it ends at once. Debezium's connector ends by itself
when one of its threads dies. Usage: supervise.py PID_FILE COMMAND...  The file holds the id and start time of the running command."""
import json
import pathlib
import signal
import subprocess
import sys
import time

import process

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
WELL_AFTER = 30.0  # seconds; one that ran so long is started again at once


def write_record(path, pid):
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"pid": pid, "started": process.start_time(pid)}))
    temporary.replace(path)


def main():
    pid_file, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    pause = SHORTEST_PAUSE
    running = None

    def end(*_):
        if running:
            running.kill()
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        started = time.monotonic()
        running = subprocess.Popen(command, preexec_fn=process.end_with_parent)
        write_record(pid_file, running.pid)
        status = running.wait()
        lived = time.monotonic() - started
        pause = SHORTEST_PAUSE if lived > WELL_AFTER else min(pause * 2, LONGEST_PAUSE)
        print(f"supervise: ended with {status} after {lived:.0f} s, starting again in {pause:.1f} s", flush=True)
        time.sleep(pause)


if __name__ == "__main__":
    main()
