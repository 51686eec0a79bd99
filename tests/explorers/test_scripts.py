"""The scripts of explorers, joined: each module once, in import order, as JavaScript that runs."""

import json
import re
import subprocess
from importlib.resources import files

import pytest

from softmax_temperature.explorers import scripts
from softmax_temperature.explorers.base import script
from softmax_temperature.explorers.page import KINDS
from softmax_temperature.explorers.scripts import join_scripts
from tests.helpers import need

BROWSER = files("softmax_temperature") / "browser"


@pytest.fixture
def join(monkeypatch):
    """Join an entry with modules of a test's own: ``join(entry, {"a.js": text})``."""

    def joined(entry, modules=None):
        monkeypatch.setattr(scripts, "read_browser", (modules or {}).__getitem__)
        return join_scripts.__wrapped__(entry)

    return joined


@pytest.fixture(scope="module")
def node():
    return need("playwright._impl._driver").compute_driver_executable()[0]


def names_of(text):
    """List what the lines of a script declare, in their order."""
    return re.findall(r"^(?:const|let|class|function) (\w+)", text, re.M)


def test_each_module_comes_once_and_before_those_that_need_it(join):
    modules = {
        "a.js": (
            'import { c } from "./deep/c.js";\nimport { b } from "./b.js";\n'
            "export const a = b + c;\n"
        ),
        "b.js": 'import { c } from "./deep/c.js";\nexport const b = c;\n',
        "deep/c.js": 'import { d } from "../d.js";\nexport const c = d;\n',
        "d.js": "export const d = 1;\n",
    }
    text = join('import { a } from "./a.js";\nimport "./d.js";\nstart(a);\n', modules)
    assert text == "const d = 1;\nconst c = d;\nconst b = c;\nconst a = b + c;\nstart(a);\n"


def test_an_import_over_several_lines_is_one(join):
    modules = {"a.js": "export const a = 1;\nexport function b() {}\n"}
    text = join('import {\n  a,\n  b,\n} from "./a.js";\nb(a);\n', modules)
    assert text == "const a = 1;\nfunction b() {}\nb(a);\n"


def test_comments_and_indents_are_left_out_but_not_what_looks_like_them(join):
    text = join(
        "// A comment.\n"
        "/** Another one,\n * of two lines. */\n"
        "function a() {\n"
        "  // One within.\n"
        '  return "// no comment" + "/** nor this */";\n'
        "}\n"
        "const b = 6 / 2; // Not a line of its own.\n"
        "const c = /** @type {string[]} */ (a()).map((/** @type {string} */ d) => d);\n"
    )
    assert text == (
        'function a() {\nreturn "// no comment" + "/** nor this */";\n}\n'
        "const b = 6 / 2; // Not a line of its own.\n"
        "const c = (a()).map((d) => d);\n"
    )


def test_only_the_default_stays_an_export(join):
    text = join("export async function a() {}\nexport class B {}\nexport default a;\n")
    assert text == "async function a() {}\nclass B {}\nexport default a;\n"


@pytest.mark.parametrize(
    "declared",
    [
        "const twice = 1;\n",
        "let twice;\n",
        "export const twice = 1;\n",
        "function twice() {}\n",
        "async function twice() {}\n",
        "export async function twice() {}\n",
        "function* twice() {}\n",
        "export class twice {}\n",
        "const [other, twice] = [1, 2];\n",
        "let { other, twice } = {};\n",
    ],
)
def test_a_name_that_two_modules_declare_is_refused(join, declared):
    modules = {"a.js": "function first() {}\nfunction twice() {}\n", "deep/b.js": declared}
    words = r"scripts must declare each name once, got twice in a\.js and in deep/b\.js: rename one"
    with pytest.raises(ValueError, match=words):
        join('import "./a.js";\nimport "./deep/b.js";\n', modules)


def test_a_name_within_a_function_is_its_own(join):
    modules = {"a.js": "export function a() {\n  const x = 1;\n  return x;\n}\n"}
    text = join('import { a } from "./a.js";\nconst x = a();\n', modules)
    assert names_of(text) == ["a", "x", "x"]


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        ({"a.js": 'import "./a.js";\n'}, "a.js → a.js"),
        (
            {"a.js": 'import "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'},
            "a.js → b.js → a.js",
        ),
        (
            {
                "a.js": 'import "./deep/b.js";\n',
                "deep/b.js": 'import "./c.js";\n',
                "deep/c.js": 'import "../a.js";\n',
            },
            "a.js → deep/b.js → deep/c.js → a.js",
        ),
    ],
)
def test_modules_that_import_each_other_are_refused(join, modules, words):
    with pytest.raises(ValueError, match=f"scripts must not import each other, got {words}$"):
        join('import "./a.js";\n', modules)


def test_a_module_that_is_missing_is_an_error(join):
    with pytest.raises(KeyError, match="missing"):
        join('import "./missing.js";\n')


def test_the_phrases_are_a_module_of_one_line_with_those_that_scripts_name(join):
    kept = json.loads(
        (files("softmax_temperature") / "phrases" / "en.json").read_text(encoding="utf-8")
    )
    text = join('import { PHRASES } from "./phrases.js";\nsay(["draw", "as_it_was"], { top_p });\n')
    (value,) = re.findall("^const PHRASES = (.*);\nsay.*\n$", text)
    assert json.loads(value) == {name: kept[name] for name in ("top_p", "draw", "as_it_was")}
    for name, entry in ENTRIES.items():
        (value,) = re.findall("^const PHRASES = (.*);$", entry, re.M)
        named = set(re.findall(r"\"(\w+)\"", entry.replace(value, ""))) & set(kept)
        assert named, name
        assert {word: json.loads(value).get(word) for word in named} == {
            word: kept[word] for word in named
        }


ENTRIES = {kind: script(kind) for kind in KINDS} | {
    f"page of {kind}": join_scripts(
        f'import {{ startPage }} from "./page.js";\nimport {{ {name} }} from "./{file}";\n'
        f"startPage({{ {kind}: {name} }});\n"
    )
    for kind, (file, name, _) in KINDS.items()
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_joined_is_javascript_without_imports_and_comments(entry, node, tmp_path):
    text = ENTRIES[entry]
    path = tmp_path / "joined.mjs"
    path.write_text(text, encoding="utf-8")
    # It parses, and no name is declared twice: that is an error of syntax.
    subprocess.run([node, "--check", path], check=True, capture_output=True, timeout=60)
    assert not re.search(r"^(import|export(?! default)|//|/\*|[ \t])", text, re.M)
    assert text.count("export default") == (not entry.startswith("page"))


@pytest.mark.parametrize("text", ["const a = ;\n", "const a = 1;\nconst a = 2;\n"])
def test_node_refuses_what_is_no_script(text, node, tmp_path):
    path = tmp_path / "joined.mjs"
    path.write_text(text, encoding="utf-8")
    run = subprocess.run([node, "--check", path], capture_output=True, check=False, timeout=60)
    assert run.returncode != 0


def test_no_script_is_left_out(monkeypatch):
    seen, read = set(), scripts.read_browser
    monkeypatch.setattr(scripts, "read_browser", lambda name: seen.add(name) or read(name))
    for file in (
        "page.js",
        "widget.js",
        "notebook.js",
        "question.js",
        "door.js",
        "people.js",
        *(k[0] for k in KINDS.values()),
    ):
        join_scripts.__wrapped__(f'import "./{file}";\n')
    assert seen == {path.relative_to(BROWSER).as_posix() for path in BROWSER.glob("**/*.js")}
