"""The page of a server that asks for a sign-in, in a browser: refusals, a talk over the end of a session, signing out. No token is in the log."""
import shutil
import time
import unittest

import harness
import signed_tokens
from node_steps import WEB, chromium, run_to_the_end

SECRET = "a-test-secret-of-more-than-thirty-two-bytes"
ANN, BEN, NOBODY = "gbs_" + "a" * 40, "gbs_" + "b" * 40, "gbs_" + "z" * 40
SCRIPT = {"replies": [harness.slow(30, 60, match="slow"),
                      {"chunks": [{"text": "A plain ", "delay_ms": 20}, {"text": "answer.", "delay_ms": 20}]}]}


def expired_token():
    return signed_tokens.token(SECRET, {"exp": int(time.time()) - 600})


@unittest.skipUnless(chromium() and shutil.which("node"), "needs chromium and node")
@unittest.skipUnless((WEB / "dist" / "index.html").exists(), "the page is not built: run tools/setup/build_web.sh")
@unittest.skipUnless((WEB / "node_modules" / "playwright-core").exists(), "the page's packages are missing: run tools/setup/build_web.sh")
class SignIn(unittest.TestCase):
    def test_the_page_in_a_browser(self):
        environment = {"GIBSEY_AUTH": "on", "GIBSEY_API_KEYS": f"{ANN}@ann,{BEN}@ben", "GIBSEY_JWT_ALGORITHM": "HS256", "GIBSEY_JWT_KEY": SECRET,
                       "LOG_LEVEL": "debug"}
        expired = expired_token()
        with harness.Server(SCRIPT, environment=environment) as server:
            run_to_the_end(self, "sign_in_test", 300, GIBSEY_URL=server.address, CHROMIUM=chromium(), TOKEN=ANN, OTHER_TOKEN=BEN,
                           WRONG_TOKEN=NOBODY, EXPIRED_TOKEN=expired)
            log = harness.end_cleanly(server)
        for secret in (ANN, BEN, NOBODY, expired, "eyJ"):
            self.assertNotIn(secret, log)


if __name__ == "__main__":
    unittest.main()
