"""Python's garbage collector, told what kind of process this is."""

import gc
from typing import Final

# Python's own 700 is for programs of any size: here a batch of 1000 events makes a hundred times as
# many objects, which all live until it is written, and each pass walks over them in vain.
NEW_OBJECTS_MAX: Final = 50_000


def settle() -> None:
    """Call once, when everything is imported and built: it stays, and is not looked at again.

    Nearly all of what comes later is freed by its reference count; only cycles wait to be found.
    """
    gc.collect()
    gc.freeze()
    _, middle, old = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS_MAX, middle, old)
