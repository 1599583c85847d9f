import importlib
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import providers

ROOT = Path(__file__).parent.parent
PACKAGES = ("campaign", "flows", "outdial", "providers", "simulator", "store", "tasks")
LOCK = ROOT / "requirements.lock"

# In halves, so that this file does not itself name what no file may name.
REGISTRY_HOSTS = [
    "".join(halves)
    for halves in (
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("np", "mjs.org"),
        ("np", "mjs.com"),
        ("yarn", "pkg.com"),
        ("ana", "conda.org"),
        ("deb.deb", "ian.org"),
        ("crates", ".io"),
        ("proxy.go", "lang.org"),
    )
]


def committed_files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # A container often has the checkout mounted from somebody else, which git refuses unasked.
    command = [git, "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def requirements() -> list[str]:
    logical_lines = LOCK.read_text().replace("\\\n", " ").splitlines()
    return [line for line in logical_lines if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_imported_is_ours(package: str) -> None:
    # A dependency that shipped a package of the same name would win over ours without a word.
    imported = importlib.import_module(package)

    assert imported.__file__ is not None
    assert Path(imported.__file__).resolve() == ROOT / package / "__init__.py"


def test_every_package_is_in_the_wheel_and_under_the_import_contracts() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]

    assert sorted(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(PACKAGES)
    assert sorted(tool["importlinter"]["root_packages"]) == sorted(PACKAGES)


def test_no_adapter_is_left_out_of_the_contract_that_none_knows_another() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    [kept] = [one for one in tool["importlinter"]["contracts"] if one["type"] == "independence"]

    assert kept["modules"] == [f"providers.{name}" for name in sorted(providers.names())]


def test_every_package_says_that_it_is_typed() -> None:
    assert [name for name in PACKAGES if not (ROOT / name / "py.typed").exists()] == []


def test_no_flow_bears_the_name_of_a_package() -> None:
    # Prefect may put flows/ first on the path; flows/tasks.py would then hide the package tasks.
    stems = {path.stem for path in (ROOT / "flows").rglob("*.py")}

    assert stems.isdisjoint({*PACKAGES, "tests", "prefect"})


def test_every_folder_with_python_in_our_packages_is_a_package() -> None:
    folders = {path.parent for name in PACKAGES for path in (ROOT / name).rglob("*.py")}

    without = {str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()}

    assert without <= {"store/database/migrations", "store/database/migrations/versions"}


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_no_committed_file_names_a_package_registry(host: str) -> None:
    naming = [path for path in committed_files() if host in (text_of(path) or "").lower()]

    assert naming == []


def test_the_lock_holds_versions_and_hashes_and_nothing_else() -> None:
    pinned = re.compile(r"[a-z0-9-]+(\[[a-z,]+\])?==[0-9][0-9a-z.]*( ; .+?)? +--hash=sha256:")

    assert [line for line in requirements() if not pinned.match(line)] == []
    assert "://" not in LOCK.read_text()


def test_the_lock_covers_every_dependency_we_declare() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = declared["project"]["optional-dependencies"].values()
    wanted = [*declared["project"]["dependencies"], *declared["dependency-groups"]["dev"]]
    wanted += [want for extra in extras for want in extra]
    locked = {re.split(r"[=\[ ]", line)[0] for line in requirements()}

    names = {re.split(r"[^A-Za-z0-9-]", want)[0].lower() for want in wanted}

    assert names - locked == set()


@pytest.mark.parametrize("name", ["Makefile", "deployments/Dockerfile"])
def test_the_lock_is_installed_as_it_is(name: str) -> None:
    # When pip resolves, it takes the newest `sqlalchemy[asyncio]` first, finds that the lock has no
    # hash of it, and gives up: a fresh clone stops working on the day of a release.
    [line] = [one for one in (ROOT / name).read_text().splitlines() if "--require-hashes" in one]

    assert "--no-deps" in line
