"""The laws of the house, which no single module can keep alone."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import course_utils

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "course_utils"
MODULES = sorted(PACKAGE.rglob("*.py"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> set[str]:
    """The full names of all that a module imports, wherever in it it does."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return names


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


every_module = pytest.mark.parametrize("path", MODULES, ids=shown)


def test_the_imports_are_read_rightly() -> None:
    """The laws below rest on this: relative imports, imports in functions, names that are modules."""
    assert "course_utils.device" in imports(PACKAGE / "assets" / "checkpoints.py")
    assert "course_utils.assets.packages" in imports(PACKAGE / "assets" / "checkpoints.py")
    assert "course_utils.doctor" in imports(PACKAGE / "cli.py")


@pytest.mark.parametrize("path", sorted((PACKAGE / "reference").rglob("*.py")), ids=shown)
def test_reference_imports_nothing_from_the_rest(path: Path) -> None:
    """But for what learners are given to build with, too."""
    own = {name for name in imports(path) if within(name, "course_utils")}
    rest = {name for name in own if not within(name, "course_utils.reference")}
    assert {name for name in rest if not within(name, "course_utils.given")} <= {"course_utils"}


def test_what_learners_are_given_stands_by_itself() -> None:
    """It is there in a sandbox that has nothing else of the course."""
    assert not [name for name in imports(PACKAGE / "given.py") if within(name, "course_utils")]


@every_module
def test_nothing_imports_the_command_line(path: Path) -> None:
    assert not any(within(name, "course_utils.cli") for name in imports(path))


@every_module
def test_exercises_and_what_is_below_them_import_nothing_above(path: Path) -> None:
    folder = path.relative_to(PACKAGE).parts[0]
    above = {
        "reference": ["exercises", "grading", "assets", "widgets"],
        "assets": ["exercises", "grading", "widgets"],
        "exercises": ["grading", "widgets"],
        "training": ["exercises", "grading", "widgets"],
        "widgets": ["exercises", "grading"],
    }.get(folder, [])
    assert not [
        name for name in imports(path) for package in above if within(name, f"course_utils.{package}")
    ]


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "device.py"], ids=shown)
def test_only_one_file_names_devices(path: Path) -> None:
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    named = [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and id(node) not in docstrings
        and isinstance(node.value, str)
        and re.fullmatch(r"(cuda|mps)(:\d+)?", node.value)
    ]
    attributes = [
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"cuda", "mps"}
    ]
    assert named + attributes == []


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.py")), ids=shown)
def test_no_lesson_names_a_device(path: Path) -> None:
    assert re.findall(r"\b(?:cuda|mps)\b|[\"']cpu[\"']", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.py")), ids=shown)
def test_what_a_lesson_tokenizes_for_a_model_goes_where_the_model_is(path: Path) -> None:
    """`tokenizer(…, return_tensors="pt")` is followed by `.to(…)`, or by a name that is only looked at."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    moved = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "to"
    }
    left = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and any(
            word.arg == "return_tensors" and ast.literal_eval(word.value) == "pt" for word in node.keywords
        )
        and id(node) not in moved
    ]
    assert left == []


@pytest.mark.parametrize("module", ["course_utils", "course_utils.cli"])
def test_importing_the_package_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({{'torch', 'transformers', 'numpy', 'datasets'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("path", sorted((PACKAGE / "widgets").glob("*.[jc]s*")), ids=shown)
def test_explorers_name_no_other_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]|@import|\bimport\b[^;\n]*from", text) == []


def test_importing_the_explorers_loads_no_model_library() -> None:
    """A lesson that shows one explorer does not wait for what another one needs."""
    program = "import sys, course_utils.widgets; print(*sorted({'torch', 'transformers', 'anywidget'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_address_of_the_repository_is_written_once() -> None:
    written = [
        shown(path)
        for folder in ("course_utils", "solutions", "tests", "benchmarks", ".ci")
        for path in (ROOT / folder).rglob("*")
        if path.suffix != ".ipynb" and path.is_file() and "__pycache__" not in path.parts
        for _ in range(path.read_bytes().count(course_utils.REPOSITORY.encode()))
    ]
    assert written == ["course_utils/__init__.py"]


def test_readme_and_metadata_have_the_same_address() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(metadata["project"].get("urls", {}).values()) <= {course_utils.REPOSITORY}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    owner, name = course_utils.REPOSITORY.split("/")[-2:]
    assert f"git clone {course_utils.REPOSITORY}" in readme
    assert set(re.findall(r"github(?:\.com)?/([\w.-]+/[\w-]+)", readme)) == {f"{owner}/{name}"}


@pytest.mark.parametrize("path", sorted((ROOT / "lessons").glob("*.ipynb")), ids=shown)
def test_the_readme_has_a_row_for_each_lesson(path: Path) -> None:
    """With its minutes, what it is for, and where to open it in Colab."""
    from course_utils.build import _values

    rows = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    found = [row.split(" | ") for row in rows if f"](lessons/{path.name})" in row]
    assert len(found) == 1
    _, minutes, able_to, badge = found[0]
    assert re.fullmatch(r"\d+–\d+", minutes)
    assert len(able_to) > 40
    assert f"]({_values(path.stem)['COLAB_URL']}) |" in badge


def test_what_the_readme_names_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(
        r"\b(?:benchmarks|tests|course_utils|solutions|docs)/[\w/-]+\.(?:py|png|svg|json|ini|md)\b", readme
    )
    assert named
    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []


def test_conda_has_no_list_of_packages_of_its_own() -> None:
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    items = [line.strip() for line in lines if line.strip().startswith("- ")]
    assert items == ["- conda-forge", "- python>=3.11", "- pip", "- pip:", "- -e .[lab,offline]"]


def test_what_make_installs_is_pinned_and_allowed() -> None:
    """Each requirement has a pin in constraints.txt, and the pin lies within the range that the metadata give."""
    from packaging.requirements import Requirement

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    ]
    needs = [need for need in map(Requirement, asked) if need.name != project["name"]]
    assert [str(need) for need in needs if not need.specifier.contains(pins.get(need.name, "0"))] == []
    assert "+" not in "".join(pins.values())
