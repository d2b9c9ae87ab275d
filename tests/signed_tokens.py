"""JSON Web Tokens as an identity provider makes them, good and bad ones."""
import base64
import hashlib
import hmac
import json
import time


def part(value):
    """Bytes, or a value as JSON, in base64url without padding."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(secret, claims=None, header=None, signature=None):
    """HS256 for the reader ann, good for ten minutes; `claims` and `header` stand over that, `signature` instead of the true one."""
    head = part({"alg": "HS256", "typ": "JWT", **(header or {})})
    body = part({"sub": "ann", "exp": int(time.time()) + 600, "aud": "gibsey", **(claims or {})})
    signed = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest() if signature is None else signature
    return f"{head}.{body}.{part(signed)}"
