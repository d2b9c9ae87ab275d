"""The jars of Kafka, Cassandra and Debezium's connector, copied once by Maven, and what makes their JVMs start fast: archives of their
classes. All lie in $GIBSEY_CACHE/stack/HASH, where HASH is that of the poms and of this file."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("GIBSEY_CACHE", pathlib.Path.home() / ".cache" / "gibsey"))
MODULES = ("kafka", "cassandra", "debezium")
#: Libraries of other machines inside the jars.
FOREIGN = re.compile(r"osx|windows|riscv64|freebsd|" + ("aarch_64|aarch64" if os.uname().machine == "x86_64" else "x86_64"))
MAVEN_SECONDS = 900


class MissingPart(Exception):
    """Something that the stack needs is not on this machine; the text says what to do."""


def say(text):
    print(f"stack: {text}", file=sys.stderr, flush=True)


def folder():
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for pom in sorted((HERE / "jars").rglob("pom.xml")):
        digest.update(pom.read_bytes())
    return CACHE / "stack" / digest.hexdigest()[:16]


@contextlib.contextmanager
def locked(name):
    """One process at a time makes what is missing; the others wait and find it there."""
    (CACHE / "stack").mkdir(parents=True, exist_ok=True)
    with open(CACHE / "stack" / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def provide():
    """The folder with kafka/, cassandra/ and debezium/; Maven fetches them where they are missing."""
    wanted = folder()
    with locked("jars"):
        if not wanted.exists():
            say("fetching the jars of Kafka, Cassandra and Debezium (190 MB, once)")
            _copy(wanted)
    return wanted


def _copy(wanted):
    if not shutil.which("mvn"):
        raise MissingPart("Maven is not here: run tools/setup/setup.sh --stack")
    with tempfile.TemporaryDirectory(dir=wanted.parent) as work:
        work = pathlib.Path(work)
        shutil.copytree(HERE / "jars", work / "poms")
        command = ["mvn", "-B", "-ntp", "-q", "-T2", "dependency:copy-dependencies", "-DincludeScope=runtime",
                   f"-DoutputDirectory={work}/out/${{project.artifactId}}"]
        done = subprocess.run(command, cwd=work / "poms", capture_output=True, text=True, timeout=MAVEN_SECONDS)
        if done.returncode != 0:
            raise MissingPart("Maven could not fetch the jars; is the network there?\n" + (done.stdout + done.stderr)[-3000:])
        for jar in (work / "out").rglob("*.jar"):
            if FOREIGN.search(jar.name):
                jar.unlink()
        for module in MODULES:
            jars = sorted(path.name for path in (work / "out" / module).glob("*.jar"))
            # In a fixed order: an archive of classes is of use to the class path that it was made with alone.
            (work / "out" / f"{module}.classpath").write_text("-cp " + ":".join(str(wanted / module / jar) for jar in jars) + "\n")
        (work / "out").rename(wanted)


def java():
    """A JDK 17: Cassandra 5 does not start on 25. JAVA_HOME is asked first."""
    candidates = [pathlib.Path(os.environ["JAVA_HOME"]) / "bin/java"] if os.environ.get("JAVA_HOME") else []
    candidates += sorted(pathlib.Path("/usr/lib/jvm").glob("*17*/bin/java"))
    candidates += [pathlib.Path(found)] if (found := shutil.which("java")) else []
    for candidate in candidates:
        if candidate.exists() and re.search(r'version "17\b', java_version(candidate)):
            return candidate
    raise MissingPart("a Java 17 is not here (Cassandra 5 does not start on newer ones): run tools/setup/setup.sh --stack, or set JAVA_HOME")


def java_version(program):
    return subprocess.run([program, "-version"], capture_output=True, text=True, timeout=60).stderr


def archive(jars, module, program):
    """Where the archive of the module's classes lies, or would lie, for this Java."""
    key = hashlib.sha256((java_version(program) + str(program.resolve())).encode()).hexdigest()[:8]
    return jars / f"{module}-{key}.jsa"
