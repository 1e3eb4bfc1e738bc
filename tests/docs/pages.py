"""The pages of the docs, and the blocks of code on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SKIPPED = {"node_modules", ".venv", ".git", "build", "dist"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not SKIPPED & set(path.relative_to(ROOT).parts) and "." not in path.parent.name
)
FRAME_PAGE = ROOT / "docs" / "how-to" / "README.md"
SECTIONS = ("app", "constants", "entities", "pipelines", "roles", "rules", "terms", "tests")
_FENCE = re.compile(r"^```([^\n`]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: what stands behind its fence, and what is in it."""

    language: str
    words: tuple[str, ...]
    text: str

    @property
    def file(self) -> str | None:
        """The name of the file that it is, from `file=NAME`."""
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), None)


def title_of(path: Path) -> str:
    """A page's path in the repository."""
    return path.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """All blocks of a page that say a language, in order."""
    found = []
    for info, text in _FENCE.findall(page.read_text(encoding="utf-8")):
        language, *words = info.split()
        found.append(Block(language, tuple(words), text))
    return found


def texts(page: Path, info: str) -> list[str]:
    """The texts of the blocks whose fence says exactly this, such as `yaml config`."""
    return [block.text for block in blocks(page) if " ".join((block.language, *block.words)) == info]


def frame() -> str:
    """The firm that the how-to pages start from."""
    [text] = texts(FRAME_PAGE, "yaml config")
    return text


def write_around(fragment: str, folder: Path) -> None:
    """Write a config of which this is the firm's own part, over the frame as a pack.

    What names no section is taken as fields of a customer.
    """
    app, _, rest = frame().partition("\n")
    assert app.startswith("app: {") and app.endswith("}")
    if not fragment.startswith(SECTIONS):
        lines = "".join(f"      {line}\n" for line in fragment.splitlines())
        fragment = f"app: {{plugins: [china]}}\nentities:\n  customer:\n    fields:\n{lines}"
    pack = folder / "packs" / "frame"
    pack.mkdir(parents=True)
    (pack / "pack.yaml").write_text(f"pack: {{name: frame, version: 1, locale: en, label: Frame}}\n{rest}", "utf-8")
    (folder / "app.yaml").write_text(f"{app.removesuffix('}')}, packs: [frame]}}\n", "utf-8")
    (folder / "fragment.yaml").write_text(fragment, "utf-8")
