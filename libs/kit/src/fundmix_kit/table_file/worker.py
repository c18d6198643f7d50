"""The child that reads a file: `python -m fundmix_kit.table_file.worker LIMITS < FILE`.

What is wrong with the file ends here: this process has little memory, little time, no file to write
and nothing but the file to read. Out come messages of JSON, each behind its length in four bytes.
"""

import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, Final

from fundmix_kit.table_file.rows import FileInfo, Row, TableLimits, UnreadableFileError, is_blank

BATCH_ROWS_MAX: Final = 500
BATCH_CHARACTERS_MAX: Final = 500_000
FILES_MAX: Final = 32
# What a file begins with tells its form, whatever its name was.
ZIP: Final = b"PK\x03\x04"
OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
OTHERS: Final = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "packed with gzip",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"<?xml": "XML",
    b"<html": "a web page",
    b"<!DOC": "a web page",
}


def main(limits: TableLimits) -> None:
    bind(limits)
    file = os.fdopen(os.dup(0), "rb")
    try:
        info, rows = read(file, limits)
        send({"info": asdict(info)})
        send_rows(rows, limits)
    except UnreadableFileError as error:
        send({"error": str(error)})
    except MemoryError:
        send({"error": f"reading it takes more than {limits.memory_bytes_max} bytes of memory"})
    else:
        send({"end": True})


def bind(limits: TableLimits) -> None:
    for what, bound in (
        (resource.RLIMIT_AS, limits.memory_bytes_max),
        (resource.RLIMIT_CPU, limits.processor_s_max),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (bound, bound))


def read(file: BinaryIO, limits: TableLimits) -> tuple[FileInfo, Iterator[Row]]:
    """Raises UnreadableFileError."""
    file.seek(0)
    beginning = file.read(8)
    if not beginning:
        raise UnreadableFileError("there is nothing in it")
    if beginning.startswith(OLE):
        raise UnreadableFileError(
            "it is encrypted, or of an old Excel (.xls): save it as XLSX without a password"
        )
    for mark, name in OTHERS.items():
        if beginning.startswith(mark):
            raise UnreadableFileError(f"it is {name}: send CSV, XLSX or NDJSON")
    # One of them is imported, and not both: a CSV needs a third of the memory.
    if beginning.startswith(ZIP):
        from fundmix_kit.table_file.workbook import read_workbook  # noqa: PLC0415  # see above

        return read_workbook(file, limits)
    from fundmix_kit.table_file.text import read_text  # noqa: PLC0415  # see above

    return read_text(file, limits)


def send_rows(rows: Iterator[Row], limits: TableLimits) -> None:
    """Raises UnreadableFileError."""
    batch: list[Row] = []
    count = characters = 0
    for row in rows:
        if is_blank(row):
            continue
        count += 1
        # The header is none of the rows that are counted.
        if count > limits.rows_max + 1:
            raise UnreadableFileError(f"it has more than {limits.rows_max} rows: send it in parts")
        batch.append(row)
        characters += sum(map(len, row.cells)) + sum(len(f.detail) for f in row.faults)
        if len(batch) == BATCH_ROWS_MAX or characters > BATCH_CHARACTERS_MAX:
            send({"rows": batch})
            batch, characters = [], 0
    if batch:
        send({"rows": batch})


def send(message: dict[str, Any]) -> None:
    body = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode()
    sys.stdout.buffer.write(len(body).to_bytes(4) + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(TableLimits(**json.loads(sys.argv[1])))
