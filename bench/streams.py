#!/usr/bin/env python3
"""How much does a reply that is being read cost? So many readers at once, each reading /ask of a scripted model that gives 2 tokens a second,
all on the same machine as this client.

Usage: streams.py [STREAMS] [SECONDS]; prints JSON: errors, the gaps between tokens over the nominal half second, the program's processor time a
token and its memory a stream. Goal at 10,000 streams: no error, gap p99 over the nominal at most 150 ms, at most 16 KiB a stream."""
import asyncio
import json
import os
import pathlib
import resource
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("GIBSEY_PROGRAM", str(ROOT / "build" / "release" / "gibsey"))
sys.path.insert(0, str(ROOT / "tests"))

import harness  # noqa: E402

GAP = 0.5


def usage(pid):
    """(processor seconds, resident KiB) of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    resident = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), resident


class Readers:
    def __init__(self, server, words):
        self.words = words
        self.server, self.gaps, self.errors, self.tokens, self.open = server, [], [], 0, 0

    async def read(self, number):
        body = json.dumps({"user_id": f"stream-{number}", "char_id": "arieol", "text": "Tell me slowly.", "max_tokens": self.words}).encode()
        writer = None
        try:
            reader, writer = await asyncio.open_connection(self.server.host, self.server.port)
            writer.write(b"POST /ask HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                         % (self.server.host.encode(), self.server.port, len(body), body))
            status = (await reader.readline()).split()
            if status[1:2] != [b"200"]:
                raise OSError(f"the answer is {status}")
            last = None
            while line := await reader.readline():
                if line.startswith(b"data: word"):
                    now = time.monotonic()
                    if last is None:
                        self.open += 1  # its page has been looked up and its prompt made
                    else:
                        self.gaps.append(now - last - GAP)
                    last = now
                    self.tokens += 1
                elif line.startswith(b"event: done"):
                    return
                elif line.startswith(b"event: error"):
                    raise OSError("the reply ended with an error")
            raise OSError("the reply was cut off")
        except OSError as error:
            self.errors.append(str(error))
        finally:
            if writer:
                writer.close()


async def load(server, streams, seconds, words):
    readers = Readers(server, words)
    idle = usage(server.process.pid)[1]
    tasks = []
    for number in range(streams):
        tasks.append(asyncio.create_task(readers.read(number)))
        if number % 50 == 49:
            await asyncio.sleep(0.05)  # a thousand a second
    while readers.open + len(readers.errors) < streams:
        await asyncio.sleep(0.1)
    readers.gaps.clear()
    begun, tokens, (cpu, _) = time.monotonic(), readers.tokens, usage(server.process.pid)
    await asyncio.sleep(seconds * 0.6)
    took, seen, (cpu_end, resident) = time.monotonic() - begun, readers.tokens - tokens, usage(server.process.pid)
    gaps = sorted(readers.gaps)
    await asyncio.gather(*tasks)
    at = lambda share: round(gaps[int(share * (len(gaps) - 1))] * 1000, 1) if gaps else None
    return {"streams": streams, "errors": readers.errors[:5], "error_count": len(readers.errors), "tokens_per_second": round(seen / took),
            "gap_over_nominal_ms": {"p50": at(.5), "p95": at(.95), "p99": at(.99), "max": at(1)},
            "cpu_us_per_token": round((cpu_end - cpu) / max(seen, 1) * 1e6, 1), "cores_used": round((cpu_end - cpu) / took, 2),
            "memory_per_stream_KiB": round((resident - idle) / streams, 1)}


def main():
    streams = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ramp = streams // 1000 + 3
    words = int((seconds + ramp) / GAP)
    script = {"replies": [harness.slow(words, int(GAP * 1000))], "max_running": streams + 16, "max_queue": streams + 16}
    with harness.Server(script, environment={"GIBSEY_MAX_TURNS": str(streams + 16), "LOG_LEVEL": "warning"}) as server:
        print(json.dumps(asyncio.run(load(server, streams, seconds, words)), indent=1))


if __name__ == "__main__":
    main()
