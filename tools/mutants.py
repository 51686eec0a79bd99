"""Break the code on purpose, in one place at a time, and see whether the tests notice.

For development only. A mutant is written into a copy of the package, never into the work tree, and
the tests of its file run until one fails. What survives is printed: a test is missing, or the
mutant does the same as the code and belongs into `EQUIVALENT`, with the reason.

``python -m tools.mutants [module[:line] | script.js ...] [--count N] [--seed S]``
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/softmax_temperature"
# Bars that are scaled: so is their hatching, whose slant then differs from bar to bar.
SCALED = """{
  stretch(paths[i], widths[i], 1);
  paths[i].style.transformOrigin = upright ? `0 ${foot}px` : `${foot}px 0`;
  paths[i].style.transform = upright ? `scale(1, ${p})` : `scale(${p}, 1)`;
}"""
# The test modules of a module, the quickest first, where they are not the one of its name.
TESTS = {
    "address.js": ("browser/test_address",),
    "chain": ("test_sampling",),
    "checks": ("test_core",),
    "drawing.bars": (
        "drawing/test_charts",
        "drawing/test_draws_chart",
        "drawing/test_picture",
        "explorers/test_sampler",
    ),
    "drawing.charts": (
        "drawing/test_charts",
        "drawing/test_draws_chart",
    ),
    "drawing.picture": (
        "drawing/test_picture",
        "explorers/test_temperature",
    ),
    "engine/checks.js": (
        "engine/test_twins",
        "engine/test_words_twin",
    ),
    "engine/cuts.js": ("engine/test_twins",),
    "engine/dice.js": ("engine/test_twins",),
    "engine/numbers.js": ("engine/test_twins",),
    "engine/peaks.js": ("engine/test_twins",),
    "engine/words.js": ("engine/test_words_twin",),
    "explorer.js": (
        "browser/test_controls",
        "browser/test_page",
        "browser/test_notebook",
    ),
    "explorers.base": (
        "explorers/test_temperature",
        "explorers/test_page",
        "explorers/test_sampler",
        "explorers/test_text",
    ),
    "explorers.page": ("explorers/test_page",),
    "explorers.question": ("explorers/test_question",),
    "explorers.temperature": (
        "explorers/test_temperature",
        "test_sampling",
    ),
    "model.language": ("model/test_story",),
    "model.tokenizer": ("model/test_story",),
    "model.transformer": ("model/test_story",),
    "notebook.js": ("browser/test_site",),
    "page.js": (
        "browser/test_page",
        "browser/test_address",
        "browser/test_site",
    ),
    "publishing.exporter": ("publishing/test_exporter",),
    "publishing.formulas": ("publishing/test_formulas",),
    "publishing.saved": ("publishing/test_exporter",),
    "publishing.site": ("publishing/test_site",),
    "question.js": ("browser/test_question",),
    "reading.answers": (
        "reading/test_cases",
        "reading/test_files",
    ),
    "reading.candidates": (
        "reading/test_cases",
        "reading/test_files",
    ),
    "reading.files": (
        "reading/test_cases",
        "reading/test_files",
    ),
    "reading.parsing": (
        "reading/test_cases",
        "reading/test_files",
    ),
    "sampling": (
        "test_draws",
        "test_sampling",
    ),
    "stops.js": (
        "browser/test_controls",
        "browser/test_page",
    ),
    "store.js": (
        "browser/test_address",
        "browser/test_controls",
        "browser/test_kernel",
    ),
    "table.js": (
        "browser/test_controls",
        "browser/test_sampler",
    ),
    "text.js": ("browser/test_text",),
    "unpack.js": (
        "browser/test_page",
        "browser/test_engine",
    ),
    "views/body.js": (
        "browser/test_controls",
        "browser/test_page",
        "browser/test_notebook",
    ),
    "views/editor.js": (
        "browser/test_controls",
        "browser/test_address",
    ),
    "views/head.js": (
        "browser/test_controls",
        "browser/test_page",
    ),
    "views/parts.js": (
        "browser/test_controls",
        "browser/test_page",
        "browser/test_kernel",
    ),
    "views/picture.js": (
        "browser/test_page",
        "browser/test_controls",
    ),
    "views/steps.js": (
        "browser/test_sampler",
        "browser/test_kernel",
    ),
    "widget.js": (
        "browser/test_kernel",
        "browser/test_notebook",
        "browser/test_text",
    ),
    "words": (
        "drawing/test_charts",
        "explorers/test_sampler",
    ),
}
# What is broken in the scripts, which nothing here can parse: in which file, what, and to what.
SCRIPTS = (
    ("engine/numbers.js", "logits[b] - logits[a] || a - b", "logits[b] - logits[a] || b - a"),
    ("engine/numbers.js", "temperature === 0 ? gap === 0 : gap", "gap"),
    ("engine/numbers.js", "(Math.log(sum) + gaps / sum)", "(Math.log(sum) - gaps / sum)"),
    ("engine/numbers.js", "return 0 - probabilities", "return 0 + probabilities"),
    ("engine/cuts.js", "sum * (1 - slack);\n  let [rank", "sum * (1 + slack);\n  let [rank"),
    ("engine/cuts.js", "(rank) => values[rank] < lowest)]", "(rank) => values[rank] <= lowest)]"),
    ("engine/cuts.js", "const widest = furthest + slack;", "const widest = furthest;"),
    ("engine/cuts.js", "if (!isRising) {", "if (false) {"),
    ("engine/cuts.js", "Math.log(eta) / 2 - entropy", "Math.log(eta) / 2 + entropy"),
    ("engine/cuts.js", "OFF[name].some((off) => off === value)", "OFF[name].length < 0"),
    ("engine/cuts.js", "top_p: 0.95,", "top_p: 0.9,"),
    ("engine/dice.js", "drawn >> 122n", "drawn >> 123n"),
    ("engine/dice.js", "entropy.slice(4)", "entropy.slice(5)"),
    ("engine/dice.js", "batch ? [seed, count, batch] : seed", "batch ? [seed, batch] : seed"),
    ("engine/dice.js", "possible - 1,", "shifted.length - 1,"),
    ("engine/checks.js", "if (/^50*e/.test(rest))", "if (false)"),
    ("engine/words.js", "2 * rest === unit && whole % 2", "2 * rest === unit"),
    ("engine/words.js", "toExponential(11)", "toExponential(17)"),
    ("engine/words.js", "value < 0 && Number(digits)", "value < 0"),
    ("engine/peaks.js", "if (rest) parts[kept++] = rest;", ""),
    ("store.js", "if (isSame(next, state)) return;", ""),
    ("store.js", "(∞|inf|infinity)", "(inf|infinity)"),
    ("store.js", '"$1.$2"', '"$1$2"'),
    ("stops.js", ".toPrecision(12)", ".toPrecision(17)"),
    ("stops.js", "Math.min(Math.max(", "(Math.max("),
    ("unpack.js", '.pipeThrough(new DecompressionStream("gzip"))', ""),
    ("unpack.js", 'type === "f4" ? new Float32Array', 'type === "f" ? new Float32Array'),
    ("address.js", "isFirst ? 0 : steps.length", "0"),
    ("address.js", "state.tokens.map(encodeURIComponent)", "state.tokens"),
    ("address.js", "if (text.length > LONGEST_ADDRESS)", "if (false)"),
    ("address.js", "drawn ? {} : NOTHING_DRAWN", "{}"),
    ("address.js", 'else if (place === null && dice < 0) add("draws", "0");', ""),
    ("table.js", "isEdited: true,", ""),
    ("table.js", "plain.possible[0][i] && !left", "!left"),
    ("explorer.js", "if (!now || !isSame(typed, now.typed))", "if (!now)"),
    ("explorer.js", "body.stop();", ""),
    ("views/picture.js", "stretch(paths[i], widths[i], p);", SCALED),
    ("views/picture.js", 'root.setAttribute("aria-describedby", description.id);', ""),
    ("views/picture.js", "end < level && level < end + room ? level : end", "end"),
    ("views/picture.js", 'isCovered ? "none" : ""', '""'),
    ("views/picture.js", "const isFlipped = part > 0.5;", "const isFlipped = part > 1.5;"),
    ("views/picture.js", "`url(#${prefix}`", '"url(#"'),
    ("views/body.js", "observer.disconnect();", ""),
    ("views/body.js", "if (isFirst) return told.tell(frame);", ""),
    ("views/body.js", "drawn.hidden = !counts;", ""),
    ("views/body.js", ", draws: 0, batch: 0 });", " });"),
    ("views/body.js", 'el.setAttribute("aria-valuetext", text);', ""),
    ("views/head.js", "draws === 100 ? batch + 1 : 0", "0"),
    ("views/head.js", "BigInt(seed) + 1n", "Number(seed) + 1"),
    ("views/steps.js", "if (!way || event.ctrlKey", "if (!way && event.ctrlKey"),
    ("views/steps.js", 'slider.setAttribute("aria-valuetext", text);', ""),
    ("views/editor.js", "if (tokens.indexOf(token) !== i)", "if (false)"),
    ("views/editor.js", "  shift(logits);", ""),
    ("views/parts.js", 'field.setAttribute("aria-invalid", "true");', ""),
    ("views/parts.js", 'element.dataset.lmSuppressShortcuts = "true";', ";"),
    ("text.js", "first < 0xe0 ? 2", "first < 0xe0 ? 3"),
    ("text.js", "if (!texts[i].trim()) option.ariaLabel = names[token];", ""),
    ("text.js", "if (ctrlKey || metaKey || altKey) return;", ""),
    ("text.js", 'list.dataset.lmSuppressShortcuts = "true";', ""),
    ("text.js", "path[chosen] !== before[0][chosen]", "false"),
    ("text.js", "way > 0 ? 0 : -1", "way > 0 ? -1 : 0"),
    ("question.js", '"aria-disabled", pressed || right', '"aria-disabled", pressed'),
    ("question.js", "span.ariaHidden", "span.hidden"),
    ("question.js", 'return () => model.off("change:answered", follow);', ""),
    ("widget.js", 'handle.setAttribute("aria-valuetext", text);', ""),
    ("widget.js", "Object.assign(heard, ...unheard.map(({ part }) => part))", "heard"),
    ("widget.js", "change.count > told", "false"),
    ("widget.js", "source.off(name, handler)", "source"),
    ("widget.js", "problem.textContent = error.message;", ""),
    ("widget.js", "else follow();", ""),
    ("widget.js", "for (const T of [0, 1, 2])", "for (const T of [0, 2])"),
    ("page.js", 'isFramed ? "replaceState" : "pushState"', '"replaceState"'),
    ("page.js", 'autocomplete: "off",\n    oninput', "oninput"),
    ("page.js", "other.store.set({ T:", "({ T:"),
    ("page.js", 'states[i].problems.join(" ")', '""'),
    ("page.js", "`${number + 1}.`", '"1."'),
    ("notebook.js", "if (target.scrollWidth > target.clientWidth)", "if (false)"),
    ("notebook.js", '.setAttribute("aria-current", "true")', ""),
)
# Mutants that do what the code does, by the reason why.
EQUIVALENT: dict[str, tuple[str, ...]] = {
    "It only takes more time or memory.": (
        "chain._softmax: np.count_nonzero(kept) > len(masked) / 4"
        " → np.count_nonzero(kept) > len(masked) * 4",
        "checks.distributions: copy=False → copy=True",
        "model.language.LanguageModel._grow: self._network.new_cache(1, len(ids) + length)"
        " → self._network.new_cache(2, len(ids) + length)",
        "model.transformer.: 2 ** 18 → 3 ** 18",
        "model.transformer.product: -1 → -2",
    ),
    "A power of two is divided out again.": (
        "core.entropies: 2.0 ** 64 if shifted.min(initial=0, where=shifted > -np.inf) < -1e+280"
        " else 1.0 → 2.0 ** 64 if shifted.min(initial=0, where=shifted > -np.inf) < -1e+280"
        " else 2.0",
    ),
    "Only Windows ends lines otherwise.": (
        "explorers.page.replace_file: beside.write_text(text, encoding='utf-8', newline='\\n')"
        " → beside.write_text(text, encoding='utf-8')",
    ),
    "anywidget makes no use of them.": (
        "explorers.question.Question._repr_mimebundle_: super()._repr_mimebundle_(**kwargs)"
        " → super()._repr_mimebundle_()",
    ),
    "anywidget stops a view's listening to its own model by itself.": (
        'question.js: return () => model.off("change:answered", follow); → nothing',
    ),
    "A script may end without a line break.": (
        'explorers.base.script: f\'import {{ widget }} from "./widget.js";\\nimport {{ {name} }} '
        'from "./{file}";\\nexport default widget({name});\\n\' → '
        'f\'import {{ widget }} from "./widget.js";\\nimport {{ {name} }} '
        'from "./{file}";\\nexport default widget({name});\'',
    ),
    "Rows have two dimensions.": ("sampling._keeps_top_p: axis=-1 → axis=1",),
    "A value that comes here is above 0, or not a number.": (
        "reading.candidates.check_logprobs: value > 0 and (looks_like_probabilities or not source)"
        " → value >= 0 and (looks_like_probabilities or not source)",
    ),
    "A key has at most three signs.": ("drawing.bars.add_title_and_key: ncols=3 → ncols=4",),
    "A rectangle reads two numbers of its corner.": ("drawing.charts._draw_bands: :2 → :3",),
    "A character that far inside is cut.": ("words._visible: longest + 1 → longest + 2",),
}

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Nothing that is mutated, and slow to import: done once, before each run forks. Not what pytest
# rewrites.
WARM = ("anywidget", "IPython", "mpmath", "nbformat", "pandas", "pytest", "seaborn")


class Mutant(NamedTuple):
    """One change of a syntax tree: a new part in a list of parts or in the dict of a node."""

    line: int
    where: str
    around: ast.AST
    box: Any
    key: Any
    new: Any


def mutants_of(
    node: ast.AST, where: str = "", line: int = 1, raising: bool = False, inside: Any = None
) -> Iterator[Mutant]:
    """Yield all changes within a node, in the order of the lines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        where = f"{where}.{node.name}".removeprefix(".")
    raising = raising or isinstance(node, ast.Raise)
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        box, keys = (value, range(len(value))) if isinstance(value, list) else (vars(node), [field])
        for key in keys:
            part = box[key]
            if isinstance(part, ast.AST) and not _does_nothing(part):
                line = getattr(part, "lineno", line)
                within = isinstance(node, (ast.expr, ast.keyword, ast.comprehension))
                around = node if within else part
                for new in _changes(part, raising):
                    yield Mutant(line, where, around, box, key, new)
                yield from mutants_of(part, where, line, raising)


def _does_nothing(node: ast.AST) -> bool:
    """Tell docstrings, what is for type checkers, and what guards against rows of two lengths."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.If(test=ast.Name("TYPE_CHECKING")):
            return True
        case ast.keyword(arg="strict"):
            return True
    return False


def _changes(node: Any, raising: bool) -> Iterator[Any]:
    """Yield what may stand instead of a node. The words of errors stay as they are."""

    def but(name: str, value: Any) -> Any:
        other = copy.copy(node)
        setattr(other, name, value)
        return other

    match node:
        case ast.Constant(value=bool(value)):
            yield but("value", not value)
        case ast.Constant(value=int(value)):
            yield but("value", value + 1)
        case ast.Constant(value=float(value)):
            yield but("value", 2 * value or 1.0)
        case ast.Constant(value=str(value)) if not raising:
            yield but("value", value[:-1] or "x" * (not value))
        case ast.BinOp() | ast.BoolOp() if type(node.op) in SWAPS:
            yield but("op", SWAPS[type(node.op)]())
        case ast.UnaryOp():
            yield node.operand
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                yield but("ops", [*ops[:i], SWAPS[type(op)](), *ops[i + 1 :]])
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.comprehension(ifs=[_, *others]):
            yield but("ifs", others)
        case ast.Call(func=func, keywords=keywords):
            for keyword in keywords:
                if not _does_nothing(keyword):
                    yield but("keywords", [other for other in keywords if other is not keyword])
            if isinstance(func, ast.Name) and func.id in NAMES:
                yield but("func", ast.Name(NAMES[func.id]))
        case ast.If():
            yield but("test", ast.Constant(False))
        case ast.Expr() | ast.AugAssign() | ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()


def passes(folder: Path, arguments: list[str], patience: float | None = None) -> bool:
    """Return whether tests of the copy pass, in a process of their own that may take so long."""

    def run() -> None:
        os.setsid()
        os.chdir(folder)
        if "SHOW" not in os.environ:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        os.environ |= {"PYTHONPATH": f"{folder}/src", "CI": "true", "MPLBACKEND": "agg"}
        os.environ["HYPOTHESIS_PROFILE"] = "quick"
        sys.path[:0] = [f"{folder}/src", f"{folder}"]
        del sys.modules["tools"]
        options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header"]
        code = importlib.import_module("pytest").main(options + arguments)
        sys.stdout.flush()
        os._exit(code)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(patience)
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    return process.exitcode == 0


def mutants_in(name: str, line: int, count: int, seed: int) -> Iterator[tuple[int, str, str]]:
    """Yield a sample of a module's mutants, or all of a line or script: line, name, and text."""
    text = path_of(name).read_text(encoding="utf-8")
    for file, old, new in SCRIPTS:
        if file == name:
            before, found, after = text.partition(old)
            assert found, f"{name} no longer has {old!r}"
            change = f"{name}: {old} → {new or 'nothing'}".replace("\n", " ")
            yield before.count("\n") + 1, change, before + new + after
    if name.endswith(".js"):
        return
    tree = ast.parse(text)
    mutants = [mutant for mutant in mutants_of(tree) if line in (0, mutant.line)]
    chosen = random.Random(f"{name} {seed}").sample(range(len(mutants)), len(mutants))
    for mutant in [mutants[number] for number in sorted(chosen[: None if line else count])]:
        before = _first_line(mutant.around)
        old, mutant.box[mutant.key] = mutant.box[mutant.key], mutant.new
        after = _first_line(mutant.new if mutant.around is old else mutant.around)
        changed = ast.unparse(ast.fix_missing_locations(tree))
        mutant.box[mutant.key] = old
        yield mutant.line, f"{name}.{mutant.where}: {before} → {after}", changed


def try_file(folder: Path, name: str, line: int, count: int, seed: int) -> tuple[int, int]:
    """Try mutants of a module or script: how many, and how many survive."""
    path = path_of(name)
    target = folder / path.relative_to(ROOT)
    arguments = [f"tests/{tests}.py" for tests in TESTS.get(name, (f"test_{name}",))]
    if path.suffix == ".py":
        arguments.insert(0, f"{target}")
    # One engine finds what is broken in all of them.
    arguments += ["--engines=chromium"]
    start = time.monotonic()
    if not passes(folder, arguments):
        sys.exit(f"The tests of {name} fail before anything is changed.")
    patience = 30 + 4 * (time.monotonic() - start)
    tried = survived = equivalent = 0
    for number, change, text in mutants_in(name, line, count, seed):
        if any(change in changes for changes in EQUIVALENT.values()):
            equivalent += 1
            continue
        write(target, text)
        tried += 1
        if passes(folder, arguments, patience):
            survived += 1
            print(f"{target.name}:{number} {change}", flush=True)
    shutil.copy(path, target)
    print(
        f"{name}: {tried - survived} of {tried} killed, {equivalent} equivalent, "
        f"in {(time.monotonic() - start) / 60:.0f} min",
        flush=True,
    )
    return tried, survived


def path_of(name: str) -> Path:
    return PACKAGE / (f"browser/{name}" if name.endswith(".js") else f"{name.replace('.', '/')}.py")


def write(path: Path, code: str) -> None:
    """Write a module, and remove what Python would take for its bytecode."""
    path.write_text(code, encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0]


def main() -> None:
    """Try the files that are named, or all, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    modules = sorted(
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in PACKAGE.rglob("[!_]*.py")
    )
    files = [*modules, *dict.fromkeys(file for file, _, _ in SCRIPTS)]
    parser.add_argument("files", nargs="*", default=files, metavar="module[:line] | script.js")
    parser.add_argument("--count", type=int, default=13, help="mutants of a module")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    options = parser.parse_args()
    for name in WARM:
        importlib.import_module(name)
    totals = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in (
            "src",
            "tests",
            "tools",
            "notebooks",
            "conftest.py",
            "pyproject.toml",
            "README.md",
        ):
            copied = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copied(ROOT / name, folder / name)
        for file in options.files:
            name, _, line = file.partition(":")
            totals.append(try_file(folder, name, int(line or 0), options.count, options.seed))
    tried, survived = map(sum, zip(*totals, strict=True))
    print(f"{tried - survived} of {tried} killed, {100 - 100 * survived / tried:.1f} %")


if __name__ == "__main__":
    main()
