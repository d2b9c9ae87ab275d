"""A model server (upstreams.py) in a process of its own, which can be killed as one: `python3 upstream_process.py MODEL...` writes its address
and what it is asked as lines of JSON, and reads its plan."""
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading

from upstream_protocols import dump
from upstreams import Act, Upstream


class UpstreamProcess:
    """An Upstream in a process of its own. `requests`: the bodies that it got; `stalled`: how many replies are in mid-stream."""

    def __init__(self, plan, models=("big-70b",)):
        self.requests, self.stalled = [], 0
        self._planned = threading.Semaphore(0)
        self.process = subprocess.Popen([sys.executable, "-W", "ignore", __file__, *models], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = json.loads(self.process.stdout.readline())["address"]
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.set_plan(plan)

    def set_plan(self, plan):
        """Returns when it holds for the next request."""
        self.process.stdin.write(dump([dataclasses.asdict(act) for act in plan]) + b"\n")
        self.process.stdin.flush()
        assert self._planned.acquire(timeout=30), "the model server has no ear for a plan"

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if "request" in event:
                self.requests.append(event["request"]["body"])
            self.stalled += "stalled" in event
            if "planned" in event:
                self._planned.release()

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._thread.join()
        self.process.stdin.close()
        self.process.stdout.close()


def main():
    def tell(event):
        os.write(1, dump(event) + b"\n")

    with Upstream([Act()], sys.argv[1:], notify=tell) as upstream:
        tell({"address": upstream.address})
        for line in sys.stdin:
            upstream.plan = [Act(**{**act, "pieces": tuple(act["pieces"])}) for act in json.loads(line)]
            tell({"planned": True})


if __name__ == "__main__":
    main()
