"""Rendering in a few threads: the event loop goes on, and no crowd of requests fills the memory."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, cast

import manimgx_fonts_cjk
import typst
from fontTools.ttLib import TTCollection
from fundmix_kit.problems import RETRY_AFTER_S, ProblemError

from donations_svc.receipt_pdf.content import Sheet, content_of

FOLDER: Final = Path(__file__).parent
TEMPLATE: Final = FOLDER / "receipt.typ"
FONTS: Final = Path(manimgx_fonts_cjk.__file__).parent
FONT_FILE: Final = FONTS / "NotoSansCJK-VF.otf.ttc"
FAMILY: Final = "Noto Sans CJK SC"
FAMILY_NAME_ID: Final = 1


class RendererBusyError(ProblemError):
    def __init__(self, waiting_max: int) -> None:
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_many_streams",
            f"{waiting_max} documents are waiting to be made already.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


class Renderer:
    """Each thread has a compiler of its own, made when it is first needed."""

    def __init__(self, *, threads_max: int, waiting_max: int) -> None:
        self._threads = ThreadPoolExecutor(threads_max, thread_name_prefix="receipt-pdf")
        self._own = threading.local()
        self._waiting_max = waiting_max
        self._waiting = 0

    async def render(self, sheet: Sheet) -> bytes:
        """Raises RendererBusyError."""
        if self._waiting >= self._waiting_max:
            raise RendererBusyError(self._waiting_max)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self.render_here, sheet)
        finally:
            self._waiting -= 1

    def render_here(self, sheet: Sheet) -> bytes:
        """In the caller's thread. Nothing of it is read but the template and the fonts."""
        content = content_of(sheet, has_glyph=_has_glyph)
        pdf = self._compiler().compile(
            format="pdf",
            sys_inputs={"receipt": json.dumps(content, ensure_ascii=False)},
            pdf_standards=["a-2a", "ua-1"],
            # The moment of issue, not of rendering: else no two files would be the same.
            timestamp=sheet.timestamp,
        )
        assert isinstance(pdf, bytes), "a PDF is one file"
        return pdf

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def _compiler(self) -> typst.Compiler:
        compiler: typst.Compiler | None = getattr(self._own, "compiler", None)
        if compiler is None:
            fonts = typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
            )
            compiler = self._own.compiler = typst.Compiler(
                input=str(TEMPLATE), root=str(FOLDER), font_paths=fonts, ignore_system_fonts=True
            )
        return compiler


def _has_glyph(character: str) -> bool:
    return ord(character) in _characters()


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    """What the font can show: some 45 thousand characters."""
    collection = cast("Any", TTCollection(str(FONT_FILE), lazy=True))
    try:
        (font,) = [f for f in collection.fonts if f["name"].getDebugName(FAMILY_NAME_ID) == FAMILY]
        known: dict[int, str] = font.getBestCmap()
        return frozenset(known)
    finally:
        collection.close()
