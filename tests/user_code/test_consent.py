"""A consent names a file and what it is; what changed is asked again, and what runs is what was hashed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from py_compile import compile as compile_file

import pytest

from inspector.errors import UsageError
from inspector.reducers import FoldError, batch_of
from inspector.user_code import USUAL, ConsentError, Terms
from inspector.user_code.codes import Codes
from inspector.user_code.consent import forget, needed, remember
from tests.replay.stories import event
from tests.user_code.reducing import written

COUNTS = "def reduce(s, e):\n return (s or 0) + 1\n"


def test_a_file_is_asked_about_until_it_is_allowed_and_again_when_it_changed(tmp_path: Path, home: Path) -> None:
    path = written(tmp_path, COUNTS)
    asked = needed(path)
    assert asked is not None
    digest = hashlib.sha256(COUNTS.encode()).hexdigest()
    assert (asked.path, asked.sha256, asked.digest, asked.size, asked.changed) == (str(path), digest, digest, len(COUNTS), False)
    remember(asked)
    assert needed(path) is None
    if os.name == "posix":
        assert [found.stat().st_mode & 0o777 for found in (home / "config").iterdir()] == [0o600]
    path.write_text(COUNTS + "\n")
    again = needed(path)
    assert again is not None
    assert again.changed
    path.write_text(COUNTS)
    assert needed(path) is None
    forget(path)
    assert needed(path) is not None


def test_what_it_imports_of_its_own_folder_is_covered(tmp_path: Path) -> None:
    path = written(tmp_path, "from helper import add\nimport json\ndef reduce(s, e): return add(s)\n")
    helper = written(tmp_path, "import deeper.more\ndef add(s): return deeper.more.ONE + (s or 0)\n", "helper.py")
    more = written(tmp_path, "ONE = 1\n", "deeper/more.py")
    written(tmp_path, "ONE = 2\n", "unrelated.py")
    asked = needed(path)
    assert asked is not None
    assert asked.imports == tuple((str(found), hashlib.sha256(found.read_bytes()).hexdigest()) for found in (more, helper))
    remember(asked)
    codes = Codes(asks=True)
    reducer = codes.reducer(str(path), USUAL, "s")
    assert reducer.fold(reducer.initial(), batch_of([event(1), event(2)])) == 2
    more.write_text("ONE = 10\n")
    with pytest.raises(ConsentError, match="has changed") as raised:
        codes.reducer(str(path), USUAL, "s")
    assert raised.value.told()["digest"] == getattr(needed(path), "digest", None)
    codes.close()


def test_a_module_beside_it_that_was_not_allowed_is_not_imported(tmp_path: Path) -> None:
    path = written(tmp_path, "import importlib\ndef reduce(s, e): return importlib.import_module('hid' + 'den').X\n")
    written(tmp_path, "X = 1\n", "hidden.py")
    asked = needed(path)
    assert asked is not None
    remember(asked)
    codes = Codes(asks=True)
    reducer = codes.reducer(str(path), USUAL, "s")
    with pytest.raises(Exception, match="not part of what was allowed"):
        reducer.step(None, event(1), {})
    codes.close()


def test_a_compiled_module_of_a_package_that_was_not_allowed_is_not_imported(tmp_path: Path) -> None:
    path = written(tmp_path, "import importlib\ndef reduce(s, e): return importlib.import_module('shop.hid' + 'den').X\n", "shop/mine.py")
    written(tmp_path, "", "shop/__init__.py")
    compile_file(str(written(tmp_path, "X = 1\n", "hidden.py")), cfile=str(tmp_path / "shop/hidden.pyc"))
    asked = needed(path)
    assert asked is not None
    codes = Codes(asks=True)
    reducer = codes.reducer(str(path), Terms(consent=asked.digest), "s")
    with pytest.raises(FoldError, match="not part of what was allowed"):
        reducer.step(None, event(1), {})
    codes.close()


def test_folders_for_imports_are_part_of_what_is_allowed(tmp_path: Path) -> None:
    path = written(tmp_path, COUNTS)
    asked = needed(path)
    assert asked is not None
    remember(asked)
    assert needed(path, [str(tmp_path)]) is not None


def test_a_consent_in_the_request_lets_that_content_run_and_no_other(tmp_path: Path) -> None:
    path = written(tmp_path, COUNTS)
    asked, codes = needed(path), Codes(asks=True)
    assert asked is not None
    with pytest.raises(ConsentError, match="has not been allowed"):
        codes.reducer(str(path), USUAL, "s")
    assert codes.reducer(str(path), Terms(consent=asked.digest), "s").step(None, event(1), {}) == 1
    path.write_text(COUNTS.replace("1", "2"))
    with pytest.raises(ConsentError):
        codes.reducer(str(path), Terms(consent=asked.digest), "s")
    codes.close()


def test_what_was_read_is_what_runs(tmp_path: Path) -> None:
    path = written(tmp_path, COUNTS)
    codes = Codes()
    reducer = codes.reducer(str(path), USUAL, "s")
    path.write_text("def reduce(s, e):\n return 'other'\n")
    assert reducer.step(None, event(1), {}) == 1
    codes.close()
    assert reducer.step(None, event(1), {}) == 1, "also when its process is started again"
    codes.close()


def test_a_damaged_file_of_consents_allows_nothing(tmp_path: Path, home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "config").mkdir()
    (home / "config" / "consents.json").write_text("{")
    assert needed(written(tmp_path, COUNTS)) is not None
    assert "asked again" in caplog.text


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Python file"):
        needed(tmp_path / "none.py")
