"""The set-up says in one line what a machine lacks."""

import os
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

SCRIPT = Path(settings.BASE_DIR) / "deploy" / "environment.sh"
TOOLS = ("cksum", "tr", "cat", "rm", "echo", "sh")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A project with a lock, on a machine whose PATH has only what a test puts there."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS:
        found = next(p for p in ("/bin", "/usr/bin") if (Path(p) / name).exists())
        (tools / name).symlink_to(Path(found) / name)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / lock).write_text("")
    return tmp_path


def python(machine: Path, script: str) -> None:
    path = machine / "bin" / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def set_up(machine: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), "requirements.lock"],
        cwd=machine,
        env={"PATH": str(machine / "bin"), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_python_is_one_line(machine: Path) -> None:
    done = set_up(machine)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer; this machine has no Python" in done.stderr


def test_a_too_old_python_is_one_line(machine: Path) -> None:
    python(machine, 'case "$1" in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac')
    done = set_up(machine)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "this machine has Python 3.9.2" in done.stderr


def test_a_missing_venv_module_is_one_line(machine: Path) -> None:
    python(machine, 'case "$2" in *ensurepip*) exit 1 ;; *) exit 0 ;; esac')
    done = set_up(machine)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt install python3-venv" in done.stderr


def test_an_environment_of_the_same_lock_is_left_alone(machine: Path) -> None:
    folder = machine / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to("/bin/sh")
    (machine / ".venv" / ".installed-requirements.lock").write_text("4294967295-0\n")
    done = set_up(machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
