"""From text to an allow-listed Python syntax tree: everything hostile or unknown stops here, with its place."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from engine.limits import EXPRESSION_CHARACTERS_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX
from engine.problems import Mark, Problem

_STRING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_UNARY_RUN = re.compile(rf"(?:[-+~]\s*){{{EXPRESSION_DEPTH_MAX},}}|(?:\bnot\s+){{{EXPRESSION_DEPTH_MAX},}}")
_ATTRIBUTE_RUN = re.compile(rf"(?:\.\s*\w+\s*){{{EXPRESSION_DEPTH_MAX},}}")
_OPERATORS = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn, ast.Load,
)  # fmt: skip
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword, ast.Name,
    ast.Attribute, ast.Constant, ast.Tuple, ast.List, *_OPERATORS,
)  # fmt: skip
_REFUSED = {
    ast.Subscript: ("x[...] is not part of the language.", "Name a field, or look a record up with find()."),
    ast.JoinedStr: ("f'...' is not part of the language.", "Join texts with + or join()."),
    ast.Lambda: ("'lambda' is not part of the language.", ""),
    ast.NamedExpr: ("':=' is not part of the language.", "Give the figure a field of its own."),
    ast.Starred: ("'*' before a name is not part of the language.", ""),
    ast.Pow: ("'**' is not part of the language.", "Multiply: x * x."),
    ast.Dict: ("{...} is not part of the language.", ""),
    ast.Set: ("{...} is not part of the language.", "Write a list: ['a', 'b']."),
    ast.BitAnd: ("'&' is not part of the language.", "Write 'and'."),
    ast.BitOr: ("'|' is not part of the language.", "Write 'or'."),
    ast.Invert: ("'~' is not part of the language.", "Write 'not'."),
}
_LOOKALIKE = dict(zip("（），。：；！＝＜＞＋－＊／“”‘’、％", "(),.:;!=<>+-*/\"\"'',%", strict=True))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression's text stands in a file."""

    mark: Mark
    offset: int | None = 0
    """Characters between the mark and the text (1 after a quote, 1 after `=`); None when the text does not
    stand there in one piece (block scalars), so that only the mark itself can be told."""

    def at(self, index: int) -> Mark:
        """The mark of the character with this index in the text."""
        if self.offset is None or not self.mark.line:
            return self.mark
        mark = self.mark
        return Mark(mark.path, mark.line, mark.column + self.offset + index, mark.layer)


class Refused(Exception):
    """Text that is no expression of the language."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def parse(text: str, place: Place) -> ast.expr:
    """The syntax tree, holding allow-listed nodes only; raises Refused with the place inside the text.

    Every offset in the tree counts characters of `text`.
    """
    for index, message, hint in _text_faults(text):
        raise Refused(Problem("expression.syntax", message, place.at(index), hint))
    start = len(text) - len(text.lstrip())
    source = re.sub(r"[\r\n\t]", " ", text.strip())
    tree = _parse(source, start, place)
    _move_to_characters(tree, source, start)
    for node, message, hint in _tree_faults(tree):
        raise Refused(Problem("expression.not_allowed", message, place.at(getattr(node, "col_offset", 0)), hint))
    return tree.body


def _parse(source: str, start: int, place: Place) -> ast.Expression:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            return ast.parse(source, mode="eval")
    except SyntaxError as error:
        index = start + max((error.offset or 1) - 1, 0)
        message = f"This is not an expression: {_reason(error)}."
        raise Refused(Problem("expression.syntax", message, place.at(index), _hint(source))) from None
    except (RecursionError, MemoryError, ValueError, OverflowError):
        message = "This expression is nested too deeply."
        raise Refused(
            Problem("expression.too_long", message, place.at(start), "Give parts fields of their own.")
        ) from None


def _reason(error: SyntaxError) -> str:
    words = (error.msg or "invalid syntax").split(". ")[0]
    return words[0].lower() + words[1:].rstrip(".?!")


def _hint(source: str) -> str:
    bare = _STRING.sub(lambda match: " " * len(match.group()), source)
    if re.search(r"(?<![=!<>])=(?!=)", bare) and "find" not in bare:
        return "'==' compares, '=' does not."
    if "&&" in bare or "||" in bare or "!" in bare.replace("!=", ""):
        return "Write 'and', 'or', 'not'."
    if "?" in bare:
        return "A choice between two values is written: a if condition else b."
    if "<>" in bare:
        return "'!=' means unlike."
    return ""


def _text_faults(text: str) -> Iterator[tuple[int, str, str]]:
    if not text.strip():
        yield 0, "The expression is empty.", "Write an expression, or leave the key out."
    if len(text) > EXPRESSION_CHARACTERS_MAX:
        message = f"The expression has {len(text):,} characters; at most {EXPRESSION_CHARACTERS_MAX:,} are read."
        yield 0, message, "Give parts fields of their own."
        return
    bare = _STRING.sub(lambda match: "'" + "_" * (len(match.group()) - 2) + "'", text)
    for index, character in enumerate(bare):
        if character in _LOOKALIKE:
            yield index, f"'{character}' is not part of the language.", f"Write '{_LOOKALIKE[character]}'."
        elif ord(character) > 126 or character in "#\\;`$@":
            hint = "Names are ids (a-z, 0-9, _); text stands in quotes." if character.isalnum() else ""
            yield index, f"'{character}' is not part of the language.", hint
        elif ord(character) < 32 and character not in "\r\n\t":
            yield index, "A control character is not part of the language.", ""
    yield from _depth_faults(bare)


def _depth_faults(bare: str) -> Iterator[tuple[int, str, str]]:
    depth = 0
    for index, character in enumerate(bare):
        depth += (character in "([{") - (character in ")]}")
        if depth > EXPRESSION_DEPTH_MAX:
            yield index, "The expression is nested too deeply.", "Give parts fields of their own."
            return
    for run in (_UNARY_RUN.search(bare), _ATTRIBUTE_RUN.search(bare)):
        if run:
            yield run.start(), "The expression is nested too deeply.", "Give parts fields of their own."


def _tree_faults(tree: ast.Expression) -> Iterator[tuple[ast.AST, str, str]]:
    """Everything that is not allow-listed, and the bounds; without recursion, for any depth."""
    level: list[ast.AST] = [tree.body]
    depth = count = 0
    while level:
        depth += 1
        count += len(level)
        if depth > EXPRESSION_DEPTH_MAX or count > EXPRESSION_NODES_MAX:
            yield level[0], "The expression has too many parts.", "Give parts fields of their own."
            return
        below: list[ast.AST] = []
        for node in level:
            yield from _node_faults(node)
            below += (child for child in ast.iter_child_nodes(node) if not isinstance(child, _OPERATORS))
        level = below


def _node_faults(node: ast.AST) -> Iterator[tuple[ast.AST, str, str]]:
    for part in (node, getattr(node, "op", node)):
        if not isinstance(part, _ALLOWED):
            default = (f"This is not part of the language ({type(part).__name__}).", "")
            message, hint = _REFUSED.get(type(part), default)
            yield node, message, hint
    if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
        yield (
            node,
            "Only declared functions are called; values have no methods.",
            "For text: lower(x), contains(x, 'a').",
        )
    if isinstance(node, ast.keyword) and node.arg is None:
        yield node, "'**' is not part of the language.", ""
    if isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Name | ast.Attribute):
        yield node, "Only a field can be followed by '.'.", "find(entity.field, ...) reads a field of the record found."
    if isinstance(node, ast.Attribute | ast.Name):
        word = node.attr if isinstance(node, ast.Attribute) else node.id
        if word.startswith("_"):
            yield node, f"'{word}' is not a name of the language.", ""


def _move_to_characters(tree: ast.Expression, source: str, start: int) -> None:
    """Turn the parser's byte offsets into characters of the text as it was given."""
    ascii_only = source.isascii()
    data = source.encode()
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.keyword):
            for name in ("col_offset", "end_col_offset"):
                offset = getattr(node, name)
                characters = offset if ascii_only else len(data[:offset].decode(errors="replace"))
                setattr(node, name, start + characters)
