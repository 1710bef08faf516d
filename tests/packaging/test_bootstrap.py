"""Set-up, as far as it can be tested without installing: refusals, the stamp, missing libraries, pins."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "packaging" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_needs_nothing_but_the_standard_library() -> None:
    program = str(ROOT / "packaging" / "bootstrap.py")
    code = f"import sys, runpy; sys.path = [p for p in sys.path if 'site-packages' not in p]; runpy.run_path({program!r})"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=30)


def test_an_unfit_python_is_told_which_one_is_needed(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    with pytest.raises(bootstrap.Stop, match=r"needs Python 3\.11 to 3\.14 and this is 3\.9\.2"):
        bootstrap.check_python()


def test_a_changed_constraint_makes_another_stamp(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packaging").mkdir()
    (tmp_path / "pyproject.toml").write_text("a")
    (tmp_path / "packaging/constraints.txt").write_text("b")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    before = bootstrap.wanted_stamp("")
    assert before == bootstrap.wanted_stamp("")
    assert before != bootstrap.wanted_stamp("[dev]")
    (tmp_path / "packaging/constraints.txt").write_text("c")
    assert before != bootstrap.wanted_stamp("")


def test_without_root_the_one_command_is_said(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(bootstrap, "is_root", lambda: False)
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda: ["libGL.so.1", "libxcb-cursor.so.0"])
    with pytest.raises(bootstrap.Stop, match=r"sudo apt-get install libgl1 libxcb-cursor0$"):
        bootstrap.provide_qt_libraries()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libraries are looked for on Linux only")
def test_here_nothing_is_missing(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    assert [name for name in bootstrap.missing_libraries() if name in bootstrap.PACKAGES and "xcb" not in name] == []


def test_every_dependency_is_pinned_inside_its_range() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line.split("#")[0].strip() for line in (ROOT / "packaging/constraints.txt").read_text().splitlines()]
    pins = {Requirement(line).name.lower(): Requirement(line) for line in lines if line}
    extras = [text for extra in project["optional-dependencies"].values() for text in extra]
    for text in [*project["dependencies"], *extras]:
        wanted = Requirement(text)
        if wanted.name == project["name"]:  # one extra that takes in others
            continue
        pin = pins[wanted.name.lower()]
        (version,) = [spec.version for spec in pin.specifier]
        assert wanted.specifier.contains(version), f"{text} does not allow the pin {pin}"


def test_the_python_range_is_the_same_everywhere(bootstrap: ModuleType) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == f">={'.'.join(map(str, bootstrap.LOWEST))},<{'.'.join(map(str, bootstrap.ABOVE))}"


def test_ci_runs_what_the_readme_says() -> None:
    command = "python3 packaging/bootstrap.py test"
    assert re.search(rf"^exec {re.escape(command)}$", (ROOT / ".ci/run").read_text(), flags=re.MULTILINE)
    assert command in (ROOT / "README.md").read_text()
