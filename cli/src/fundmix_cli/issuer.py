"""The dev token issuer: signs a token for whoever asks on this machine. Never for production.

Run by `fundmix up` as `python -m fundmix_cli.issuer --home DIR --port PORT`.
"""

import argparse
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final

import uvicorn
from fastapi import FastAPI, Request, Response
from fundmix_events.roles import Role
from fundmix_kit.embedded.processes import LOOPBACK
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from fundmix_cli.claims import LIFETIME_S, LIFETIME_S_MAX, Claims, Level
from fundmix_cli.issuer_key import IssuerKey

Text = Annotated[str, Field(min_length=1, max_length=100)]
STOP_TIME_S_MAX: Final = 2


class TokenRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Role
    org: Text | None = None
    level: Level | None = None
    subject: Text | None = None
    grants: list[Text] = Field(default=[], max_length=20)
    lifetime_s: int = Field(default=LIFETIME_S, ge=1, le=LIFETIME_S_MAX)


class TokenAnswer(BaseModel):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105  # the name of the scheme
    expires_in: int


def build_app(key: IssuerKey) -> FastAPI:
    app = FastAPI(title="fundmix dev issuer", docs_url=None, redoc_url=None)
    # A web page of somebody else, opened on this machine, cannot ask under another host name.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])

    @app.middleware("http")
    async def only_this_machine(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if request.client is None or not ip_address(request.client.host).is_loopback:
            return Response("only for callers on this machine", status_code=403)
        return await call_next(request)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/.well-known/jwks.json")
    async def jwks() -> dict[str, Any]:
        return key.jwks

    @app.post("/token")
    async def token(wanted: TokenRequest) -> TokenAnswer:
        claims = Claims(
            role=wanted.role,
            org=wanted.org,
            level=wanted.level,
            subject=wanted.subject,
            grants=wanted.grants,
        )
        signed = key.token(claims, lifetime_s=wanted.lifetime_s)
        return TokenAnswer(access_token=signed, expires_in=wanted.lifetime_s)

    return app


def main() -> None:
    parser = argparse.ArgumentParser(prog="fundmix_cli.issuer")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    uvicorn.run(
        build_app(IssuerKey.open(arguments.home)),
        host=LOOPBACK,
        port=arguments.port,
        timeout_graceful_shutdown=STOP_TIME_S_MAX,
        access_log=False,
    )


if __name__ == "__main__":
    main()
