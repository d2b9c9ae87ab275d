"""cqlsh and the Python driver of Cassandra, in an environment of their own in the cache."""
import hashlib
import pathlib
import shutil
import subprocess

from . import jars

PACKAGES = pathlib.Path(__file__).resolve().parents[2] / "tools" / "setup" / "python_stack_packages.txt"
AIRFLOW_PACKAGES = pathlib.Path(__file__).resolve().parents[1] / "airflow" / "requirements.txt"


def environment():
    """The folder of the virtual environment; made where it is missing."""
    return virtual_environment("cqlsh", PACKAGES, "cqlsh and Cassandra's driver (47 MB, once)")


def python():
    return environment() / "bin" / "python3"


def cqlsh(address, *arguments):
    """Its command for the node at HOST:PORT."""
    host, port = address.rsplit(":", 1)
    return [str(environment() / "bin" / "cqlsh"), "--no-color", *arguments, host, port]


def virtual_environment(name, packages, told):
    """The packages of a frozen list, installed once; the folder is named by the list's hash."""
    folder = jars.CACHE / "stack" / f"{name}-{hashlib.sha256(packages.read_bytes()).hexdigest()[:16]}"
    with jars.locked(name):
        if not (folder / "complete").exists():
            jars.say("installing " + told)
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run(["/usr/bin/python3", "-m", "venv", folder], check=True)
            done = subprocess.run([folder / "bin" / "python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                                   "-r", packages], capture_output=True, text=True)
            if done.returncode != 0:
                raise jars.MissingPart("the packages could not be installed; is the network there?\n" + done.stderr[-3000:])
            (folder / "complete").touch()
    return folder


def airflow():
    """The folder of Airflow's virtual environment; made where it is missing."""
    return virtual_environment("airflow", AIRFLOW_PACKAGES, "Airflow 3.1.8 (270 MB, once)")
