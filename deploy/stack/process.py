"""A process that can be found again and ended by another process, and no other in its place: its id with the time of its start."""
import ctypes
import os
import pathlib
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def start_time(pid):
    """In clock ticks since the machine started; None where there is no such process, or only its remains."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Process:
    def __init__(self, pid, started, child=None):
        self.pid, self.started, self._child = pid, started, child

    @classmethod
    def start(cls, command, log, cwd, environment=None):
        """In a session of its own, so that a Ctrl-C at the terminal does not reach it. What it says is added to the file `log`."""
        with open(log, "ab") as out:
            child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd,
                                     env=environment, start_new_session=True)
        return cls(child.pid, start_time(child.pid), child)

    def alive(self):
        if self._child is not None and self._child.poll() is not None:
            return False
        return self.started is not None and start_time(self.pid) == self.started

    def signal(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def kill(self, seconds=10):
        """SIGKILL, and waits until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait(seconds)

    def wait(self, seconds):
        """Until it has ended; TimeoutError."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} did not end in {seconds} s")
            time.sleep(0.01)

    def listens_on(self, port):
        """Whether the port is this process's own: another's answer is not taken for its."""
        try:
            held = {os.readlink(f"/proc/{self.pid}/fd/{name}") for name in os.listdir(f"/proc/{self.pid}/fd")}
        except OSError:  # it has ended, or closed one meanwhile
            return False
        return any(f"socket:[{inode}]" in held for inode in listeners(port))

    def record(self):
        return {"pid": self.pid, "started": self.started}


def end_with_parent():
    """For Popen's preexec_fn: the child is killed when the thread that started it ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def listeners(port):
    """The inodes of the sockets that listen on a TCP port."""
    listening = "0A"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == listening and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def tail(path, lines=30):
    try:
        with open(path, "rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 20_000))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
