"""Reads a file of tables through a child process, which may fail in the place of this one."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, BinaryIO, Final

from fundmix_kit.problems import Title
from fundmix_kit.table_file.rows import Fault, FileInfo, Row, TableLimits, UnreadableFileError

WORKER: Final = "fundmix_kit.table_file.worker"
MESSAGE_BYTES_MAX: Final = 32 * 1024**2

STATUS_BY_FILE_ERROR: Final[Mapping[type[Exception], HTTPStatus]] = {
    UnreadableFileError: HTTPStatus.UNPROCESSABLE_ENTITY
}
FILE_TITLES: Final[Mapping[str, Title]] = {
    UnreadableFileError.code: Title(zh="文件无法读取", en="File cannot be read")
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFile:
    """An opened file; its rows come once, in batches, and not blank ones."""

    info: FileInfo
    batches: AsyncIterator[list[Row]]


@asynccontextmanager
async def open_table(file: BinaryIO, limits: TableLimits) -> AsyncGenerator[TableFile]:
    """The file from its beginning. Raises UnreadableFileError, also from `batches`."""
    file.seek(0)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        WORKER,
        json.dumps(asdict(limits)),
        stdin=file,
        stdout=PIPE,
        stderr=DEVNULL,
        # Nothing of the service's own is to be found there; and XML is read in one way only.
        env={"OPENPYXL_LXML": "False"},
        cwd="/",
    )
    try:
        first = await _message(child, limits)
        yield TableFile(info=FileInfo(**first["info"]), batches=_batches(child, limits))
    finally:
        if child.returncode is None:
            child.kill()
        # What it has said and nobody has read would keep its end from being noticed.
        await child.communicate()


async def _batches(child: Process, limits: TableLimits) -> AsyncGenerator[list[Row]]:
    while "end" not in (message := await _message(child, limits)):
        yield [
            Row(number, cells, [Fault(*fault) for fault in faults])
            for number, cells, faults in message["rows"]
        ]


async def _message(child: Process, limits: TableLimits) -> dict[str, Any]:
    """Raises UnreadableFileError: what the child says, or that it said nothing."""
    assert child.stdout is not None, "it was started with a pipe"
    try:
        async with asyncio.timeout(limits.silence_s_max):
            size = int.from_bytes(await child.stdout.readexactly(4))
            if size > MESSAGE_BYTES_MAX:
                raise UnreadableFileError("there is too much at once in it")
            message: dict[str, Any] = json.loads(await child.stdout.readexactly(size))
    except TimeoutError as error:
        raise UnreadableFileError("reading it takes too long") from error
    except asyncio.IncompleteReadError as error:
        # Killed at a limit of its own, or broken by something that nobody has thought of.
        raise UnreadableFileError("its reader came to no end: it takes too much") from error
    if "error" in message:
        raise UnreadableFileError(message["error"])
    return message
