"""Airflow 3.1: tells Gibsey at 03:00 to write its nightly notes, waits for the end of the run, tries again, and mails when all tries failed.

Where Gibsey is: the connection `gibsey` (host with its scheme and port, password: an admin's API key or the service token), else the
environment: GIBSEY_URL (default http://127.0.0.1:8002), GIBSEY_TOKEN. Mail: GIBSEY_ALERT_EMAIL and Airflow's connection `smtp_default`.
GIBSEY_TIMEZONE: where it is 03:00 (default: UTC). The built-in scheduler does the same without Airflow, deploy/cron/gibsey-nightly.sh with cron."""
import datetime
import json
import os
import time
import urllib.error
import urllib.request

import pendulum
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import Connection, dag, task
from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.exceptions import AirflowException

POLL_SECONDS = float(os.environ.get("GIBSEY_NIGHTLY_POLL", "5"))
RETRIES = int(os.environ.get("GIBSEY_NIGHTLY_RETRIES", "3"))
RETRY_SECONDS = float(os.environ.get("GIBSEY_NIGHTLY_RETRY_SECONDS", "300"))
LONGEST = datetime.timedelta(hours=2)


def where():
    """(base URL, token or "")."""
    try:
        known = Connection.get("gibsey")
        port = f":{known.port}" if known.port else ""
        host = known.host if "://" in known.host else f"{known.schema or 'http'}://{known.host}"
        return host + port, known.password or ""
    except (AirflowException, AirflowRuntimeError):  # there is no such connection
        return os.environ.get("GIBSEY_URL", "http://127.0.0.1:8002"), os.environ.get("GIBSEY_TOKEN", "")


def ask(method, path):
    """The answer's JSON; raises AirflowException with the server's own words."""
    base, token = where()
    request = urllib.request.Request(base.rstrip("/") + path, data=b"" if method == "POST" else None, method=method)
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AirflowException(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:500]}") from None
    except OSError as error:
        raise AirflowException(f"{method} {path}: Gibsey does not answer at {base}: {error}") from None


def on_failure():
    address = os.environ.get("GIBSEY_ALERT_EMAIL")
    if not address:
        return []
    return [SmtpNotifier(to=address, from_email=os.environ.get("GIBSEY_ALERT_FROM", address), subject="Gibsey's nightly run failed",
                         html_content="{{ ti.task_id }} of {{ run_id }} failed after {{ ti.try_number }} tries; its log in Airflow says why.")]


@dag(schedule="0 3 * * *", start_date=pendulum.datetime(2024, 1, 1, tz=os.environ.get("GIBSEY_TIMEZONE", "UTC")), catchup=False,
     max_active_runs=1, is_paused_upon_creation=False, tags=["gibsey"],
     default_args={"retries": RETRIES, "retry_delay": datetime.timedelta(seconds=RETRY_SECONDS), "on_failure_callback": on_failure()})
def gibsey_nightly():
    # One task for the start and the wait: what is to be tried again is the run, not the look at one that has failed.
    @task(execution_timeout=LONGEST)
    def run_nightly():
        run_id = ask("POST", "/v1/jobs/nightly/run")["run_id"]
        while (run := ask("GET", f"/v1/jobs/nightly/runs/{run_id}"))["status"] not in ("done", "failed"):
            time.sleep(POLL_SECONDS)
        if run["status"] == "failed":
            raise AirflowException(f"the nightly run {run_id} failed: {run.get('error') or run}")
        return run_id

    run_nightly()


gibsey_nightly()
