"""The embedded OIDC issuer: discovery, JWKS and a token endpoint for `client_credentials`.

For development and demonstrations: one client with a generated secret may ask for a token of anybody. It refuses
to start under a production profile; there the city's identity provider takes its place.
"""

import base64
import binascii
import secrets
from typing import Annotated, Final
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from kechuang_embedded.issuer_keys import ALGORITHM, LONGEST_LIFE
from kechuang_embedded.principals import Principal, UnknownPrincipalError, on_demand
from kechuang_embedded.tokens import DEFAULT_LIFE, DEMO_CLIENT, SCOPE, TokenMint

_GRANT: Final = "client_credentials"
_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 section 5.1


class TokenRequest(BaseModel):
    """RFC 6749 section 4.4.2, and whom the token shall speak for."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    scope: str = ""
    principal: str = ""
    person: str = ""
    organisation: str = ""
    role: str = ""
    area: str = ""
    unit: str = ""
    expires_in: int = Field(default=DEFAULT_LIFE, ge=1, le=LONGEST_LIFE)

    def wanted(self) -> Principal:
        chosen = {"grant_type", "client_id", "client_secret", "scope", "expires_in"}
        return on_demand(**self.model_dump(exclude=chosen))


def create_app(mint: TokenMint, client_secret: str, *, profile: str) -> FastAPI:
    if profile == "production":
        raise RuntimeError("the embedded issuer never runs under a production profile")
    app = FastAPI(title="Kechuang embedded issuer", openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, object]:
        return {
            "issuer": mint.issuer,
            "jwks_uri": f"{mint.issuer}/jwks",
            "token_endpoint": f"{mint.issuer}/token",
            "grant_types_supported": [_GRANT],
            "response_types_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": [SCOPE],
        }

    @app.get("/jwks")
    def jwks() -> dict[str, object]:
        return mint.keys.published()

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/token")
    def token(request: Request, form: Annotated[TokenRequest, Form()]) -> JSONResponse:
        client, secret = _credentials(request, form)
        if client != DEMO_CLIENT or not secrets.compare_digest(secret.encode(), client_secret.encode()):
            return _refusal(401, "invalid_client", "unknown client or wrong secret")
        if form.grant_type != _GRANT:
            return _refusal(400, "unsupported_grant_type", f"only {_GRANT}")
        try:
            principal = form.wanted()
        except UnknownPrincipalError as error:
            return _refusal(400, "invalid_request", str(error))
        answer = {
            "access_token": mint.token(principal, client, form.expires_in),
            "token_type": "Bearer",
            "expires_in": form.expires_in,
            "scope": SCOPE,
        }
        return JSONResponse(answer, headers=_NOT_STORED)

    return app


def run(mint: TokenMint, client_secret: str, *, profile: str) -> None:
    """Serve at the issuer's own address until a signal ends it."""
    app = create_app(mint, client_secret, profile=profile)
    address = urlsplit(mint.issuer)
    uvicorn.run(app, host=str(address.hostname), port=address.port or 0, log_level="warning")


def _credentials(request: Request, form: TokenRequest) -> tuple[str, str]:
    """From HTTP Basic or from the form (RFC 6749 section 2.3.1)."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.client_id, form.client_secret
    try:
        client, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client, secret


def _refusal(status: int, error: str, description: str) -> JSONResponse:
    headers = {**_NOT_STORED, **({"WWW-Authenticate": "Basic"} if status == 401 else {})}  # noqa: PLR2004 - HTTP
    return JSONResponse({"error": error, "error_description": description}, status, headers)
