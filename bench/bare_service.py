"""contracts-svc with everything but its database: `python -m bench.bare_service ANSWER`.

The same process, edge, policy, token check and body as the real route; the answer is one that the
real route gave, sent again as it is.
"""

import sys
from http import HTTPStatus
from pathlib import Path
from typing import Final

import uvloop
from contracts_svc import NAME
from contracts_svc.api.bodies import ContractIn
from contracts_svc.api.policy import POLICY
from contracts_svc.api.problems import PROBLEMS
from contracts_svc.settings import Settings
from fastapi import APIRouter, Request, Response
from fundmix_kit.http import build_app
from fundmix_kit.logging import configure_logging
from fundmix_kit.policy import AccessDep
from fundmix_kit.process import Process
from pydantic import BaseModel

ROUTE: Final = "/v1/contracts"


class Answer(BaseModel):
    """What a route answered, as far as the route made it."""

    headers: dict[str, str]
    body: str


def bare_router(answer: Answer) -> APIRouter:
    router = APIRouter()

    @router.post(ROUTE, status_code=HTTPStatus.CREATED)
    async def sign_contract(request: Request, access: AccessDep, body: ContractIn) -> Response:  # noqa: ARG001  # as the real route takes it
        access.require_own(body.buyer)
        access.require_level(body.payer_level)
        return Response(
            answer.body, HTTPStatus.CREATED, answer.headers, media_type="application/json"
        )

    return router


async def serve(settings: Settings, answer: Answer) -> None:
    process = Process(NAME, settings)
    app = build_app(
        title=NAME,
        settings=settings.http,
        table=PROBLEMS,
        policy=POLICY,
        verifier=process.verifier,
        routers=[bare_router(answer)],
        health=process.health,
        metrics=process.metrics,
    )
    await process.serve(app)


def main() -> None:
    answer = Answer.model_validate_json(Path(sys.argv[1]).read_bytes())
    settings = Settings()  # pyright: ignore[reportCallIssue]  # the environment has the rest
    configure_logging(settings.log, service=NAME)
    uvloop.run(serve(settings, answer))


if __name__ == "__main__":
    main()
