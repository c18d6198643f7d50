"""A file as a request's body: as large as its own route allows, whole, and not kept in memory."""

import hashlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

import pytest
from fastapi import APIRouter, FastAPI
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.policy import PUBLIC, Policy
from fundmix_kit.problems import ProblemTable
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.api import refusal
from fundmix_kit.testing.edge import calling, verifier_of
from fundmix_kit.uploads import received
from starlette.requests import Request

BODY_BYTES_MAX: Final = 1_024
UPLOAD_BYTES_MAX: Final = 1_000_000

router = APIRouter(prefix="/v1")


async def digests(request: Request) -> list[str]:
    """Told on the way, and of what is in the file."""
    async with received(request) as upload:
        upload.file.seek(0)
        return [upload.sha256.hex(), hashlib.sha256(upload.file.read()).hexdigest()]


@router.post("/files")
async def take_file(request: Request) -> list[str]:
    return await digests(request)


@router.post("/others")
async def take_other(request: Request) -> list[str]:
    return await digests(request)


@pytest.fixture
def app(tokens: TokenSigner) -> FastAPI:
    return build_app(
        title="files",
        settings=HttpSettings(port=1, body_bytes_max=BODY_BYTES_MAX),
        table=ProblemTable({}, {}),
        policy=Policy({("POST", "/v1/files"): PUBLIC, ("POST", "/v1/others"): PUBLIC}),
        verifier=verifier_of(tokens),
        routers=[router],
        health=Health(),
        metrics=Metrics(),
        upload_bytes_max={"/v1/files": UPLOAD_BYTES_MAX},
    )


async def test_a_file_comes_in_whole_where_files_are_taken(app: FastAPI) -> None:
    content = b"0123456789" * 100_000

    async with calling(app) as client:
        answer = await client.post("/v1/files", content=content)

    assert answer.json() == [hashlib.sha256(content).hexdigest()] * 2


async def test_a_file_has_its_own_limit_and_other_bodies_keep_theirs(app: FastAPI) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield bytes(1_000)

    async with calling(app) as client:
        too_large = await client.post("/v1/files", content=pieces(1_001))
        other = await client.post("/v1/others", content=pieces(2))

    for answer in (too_large, other):
        assert refusal(answer)[:2] == (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large")
