"""A file as a request's body: written to the disk as it comes, and never held in memory."""

import hashlib
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from starlette.requests import Request


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """`file` has no name and is gone when it is closed."""

    file: BinaryIO
    sha256: bytes


@asynccontextmanager
async def received(request: Request) -> AsyncGenerator[Upload]:
    """Raises BodyTooLargeError."""
    digest = hashlib.sha256()
    with tempfile.TemporaryFile() as file:
        async for piece in request.stream():
            digest.update(piece)
            file.write(piece)
        file.flush()
        yield Upload(file=file, sha256=digest.digest())
