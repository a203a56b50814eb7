"""A provider of OpenID Connect on loopback, of one user whose claims the test decides: discovery, code flow, signed id_token."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "ganvas-test"
LASTS_S = 300


@contextmanager
def provider(claims: dict[str, Any]) -> Iterator[str]:
    """Its issuer's address. `claims` about the user are read at each sign-in."""
    key = RSAKey.generate_key(2048, {"kid": "one"})
    nonces: dict[str, str] = {}  # code -> nonce

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/.well-known/openid-configuration":
                self._json({
                    "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token",
                    "jwks_uri": f"{issuer}/keys", "response_types_supported": ["code"], "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                })  # fmt: skip
            elif parts.path == "/keys":
                self._json({"keys": [key.as_dict(private=False)]})
            else:  # /authorize: the user agrees at once
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                code = f"code-{len(nonces)}"
                nonces[code] = asked.get("nonce", "")
                self.send_response(302)
                self.send_header(
                    "Location", asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})
                )
                self.end_headers()

        def do_POST(self) -> None:
            sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            now = int(time.time())
            about = {
                "iss": issuer,
                "aud": CLIENT,
                "iat": now,
                "exp": now + LASTS_S,
                "nonce": nonces.pop(sent["code"][0]),
            }
            token = jwt.encode({"alg": "RS256", "kid": "one"}, about | claims, key)
            self._json({"access_token": "access", "token_type": "Bearer", "expires_in": LASTS_S, "id_token": token})

        def _json(self, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
