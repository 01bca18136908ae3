"""Every command in the README and the guide runs: on a demo capture, or at least through the parser where it needs a broker."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.cli import _joined, _parser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "resources" / "guide").glob("*.md"))]
_BLOCK = re.compile(r"^```(?:sh|console|bash)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> Iterator[tuple[str, list[str]]]:
    """(page, words) of every `eventscope …` line in a code block."""
    for page in PAGES:
        for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                words = re.sub(r"^\$ ", "", line.strip())
                if words.startswith("eventscope "):
                    yield page.name, shlex.split(words, comments=True)[1:]


COMMANDS = list(commands())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's capture as `demo.evcap`."""
    made = tmp_path_factory.mktemp("docs")
    demo = [sys.executable, "-m", "inspector.cli", "demo", "--headless", "-o", str(made / "demo.evcap"), "--history", "4000"]
    done = subprocess.run(demo, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=[f"{page}:{' '.join(words)[:50]}" for page, words in COMMANDS])
def test_command_is_understood(page: str, words: list[str]) -> None:
    assert _parser().parse_args(_joined(words)).run is not None


RUNNABLE = [
    (page, words) for page, words in COMMANDS if "demo.evcap" in words and words[0] in {"info", "events", "count", "streams", "replay"}
]


@pytest.mark.parametrize(("page", "words"), RUNNABLE, ids=[f"{page}:{' '.join(words)[:50]}" for page, words in RUNNABLE])
def test_command_on_the_demo_runs(folder: Path, page: str, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inspector.cli", *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {0, 1}, f"{page}: {words}: {done.stderr}"


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"
