"""The machine's clock jumps, for every process of the suite: PostgreSQL, Redis and Python.

A library of forty lines of C is preloaded; it adds what stands in a file to the time of day and
leaves the monotonic clock alone, as on a machine whose clock was set. The product is not changed:
it asks PostgreSQL for the time, which asks the machine.
"""

import os
import shutil
import struct
import subprocess
from datetime import timedelta
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc")


def environment(folder: Path) -> dict[str, str]:
    """What a process needs to live by this clock."""
    return {"CHAOS_CLOCK": str(folder / "shift"), "LD_PRELOAD": str(folder / "clock.so")}


def build(folder: Path) -> None:
    """The library, and the file with no shift in it. Raises CalledProcessError."""
    (folder / "shift").write_bytes(struct.pack("=q", 0))
    made = str(folder / "clock.so")
    words = [str(compiler()), "-shared", "-fPIC", "-O1", "-o", made, str(SOURCE), "-ldl"]
    subprocess.run(words, check=True, capture_output=True)


def jump(to: timedelta) -> None:
    """Set the clock to the real time plus `to`, at once and for all."""
    with Path(os.environ["CHAOS_CLOCK"]).open("r+b") as shift:
        shift.write(struct.pack("=q", int(to.total_seconds())))
