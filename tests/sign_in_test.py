"""The page of a server that asks for a sign-in, in a browser: refusals, a talk over the end of a session, signing out. No token is in the log."""
import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import time
import unittest

import harness

SECRET = "a-test-secret-of-more-than-thirty-two-bytes"
ANN, BEN, NOBODY = "gbs_" + "a" * 40, "gbs_" + "b" * 40, "gbs_" + "z" * 40
SCRIPT = {"replies": [{"match": "slow", "chunks": [{"text": f"word{i} ", "delay_ms": 60} for i in range(30)]},
                      {"chunks": [{"text": "A plain ", "delay_ms": 20}, {"text": "answer.", "delay_ms": 20}]}]}


def part(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def expired_token():
    head, body = (part(json.dumps(value).encode()) for value in ({"alg": "HS256", "typ": "JWT"}, {"sub": "ann", "exp": int(time.time()) - 600}))
    return f"{head}.{body}." + part(hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest())


@unittest.skipUnless(shutil.which("chromium") and shutil.which("node"), "needs chromium and node")
@unittest.skipUnless((harness.ROOT / "web" / "dist" / "index.html").exists(), "the page is not built: run tools/setup/build_web.sh")
@unittest.skipUnless((harness.ROOT / "web" / "node_modules" / "playwright-core").exists(), "the page's packages are missing: run tools/setup/build_web.sh")
class SignIn(unittest.TestCase):
    def test_the_page_in_a_browser(self):
        environment = {"GIBSEY_AUTH": "on", "GIBSEY_API_KEYS": f"{ANN}@ann,{BEN}@ben", "GIBSEY_JWT_ALGORITHM": "HS256", "GIBSEY_JWT_KEY": SECRET,
                       "LOG_LEVEL": "debug"}
        expired = expired_token()
        with harness.Server(SCRIPT, environment=environment) as server:
            done = subprocess.run(
                ["node", "e2e/sign_in_test.mjs"], cwd=harness.ROOT / "web", capture_output=True, text=True, timeout=300,
                env={**os.environ, "GIBSEY_URL": server.address, "CHROMIUM": shutil.which("chromium"), "TOKEN": ANN, "OTHER_TOKEN": BEN,
                     "WRONG_TOKEN": NOBODY, "EXPIRED_TOKEN": expired})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            log = server.log_text()
        for secret in (ANN, BEN, NOBODY, expired, "eyJ"):
            self.assertNotIn(secret, log)


if __name__ == "__main__":
    unittest.main()
