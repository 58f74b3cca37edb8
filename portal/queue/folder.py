"""The embedded broker: a folder of messages, each whole or not there, in a folder that may vanish.

kombu's own file-system transport lets a reader take a message that is half written, and ends the
worker when its folder is removed.
"""

import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Writes under another name first, takes by renaming."""

    def _put(  # type: ignore[override]  # the two classes above disagree on its name
        self, queue: str, payload: Any, **_options: Any
    ) -> None:
        name = f"{time.monotonic_ns():020}_{uuid4().hex}.{queue}.msg"
        folder = Path(self.data_folder_out)
        draft = folder / f".{name}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft.write_text(dumps(payload))
            draft.rename(folder / name)
        except OSError as error:
            said = f"Cannot write a message into {folder}"
            raise ChannelError(said) from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002
        for path in self._waiting(queue):
            payload = self._take(path)
            if payload is not None:
                return payload
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        gone = 0
        for path in self._waiting(queue):
            with suppress(OSError):
                path.unlink()
                gone += 1
        return gone

    def _waiting(self, queue: str) -> list[Path]:
        folder = Path(self.data_folder_in)
        try:
            names = sorted(path.name for path in folder.iterdir())
        except OSError:
            return []
        return [folder / name for name in names if name.partition(".")[2] == f"{queue}.msg"]

    def _take(self, path: Path) -> Any | None:
        """The message, or None when another worker was faster or it is not ours to read."""
        taken = Path(self.processed_folder) / path.name
        try:
            taken.parent.mkdir(parents=True, exist_ok=True)
            path.rename(taken)
            text = taken.read_text()
            taken.unlink()
            return loads(text)
        except (OSError, ValueError):
            return None


class Transport(filesystem.Transport):
    Channel = Channel
