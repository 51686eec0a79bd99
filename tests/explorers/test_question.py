"""Questions without a browser: what is refused, what is kept, and what is not told."""

import subprocess
import sys

import nbformat
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from ipywidgets.widgets.widget import _instances

from softmax_temperature import Question
from tests.helpers import need

TEXT = "At T = 2, does “experience” gain or lose?"
WHY = "Its peak is at T = 0.90, and behind it, it falls."


def ask(text=TEXT, choices=None, why=WHY):
    return Question(text, choices or {"gains": False, "loses": True}, why)


def test_a_question_shows_text_and_choices_in_their_order():
    question = ask()
    assert repr(question) == f"Question: {TEXT} (gains / loses)"
    long = ask("w" * 200, {"b" * 90: True, "a" * 90: False})
    bundle, _ = long._repr_mimebundle_()
    assert bundle["text/plain"] == f"Question: {'w' * 200} ({'b' * 90} / {'a' * 90})"


def test_the_browser_gets_the_choice_that_is_true():
    question = ask()
    assert question.get_state()["_asked"] == {
        "text": TEXT,
        "choices": ["gains", "loses"],
        "answer": "loses",
        "why": WHY,
        "replies": {},
    }
    assert Question("?", {"a": True, "b": False}).get_state()["_asked"]["why"] == ""


def test_wrong_choices_have_replies_which_no_output_tells():
    replies = {"gains": "Then p would be above 0.31 at T = 2."}
    question = Question(TEXT, {"gains": False, "stays": False, "loses": True}, WHY, replies)
    assert question.get_state()["_asked"]["replies"] == replies
    assert "above" not in str(outputs(question))


@pytest.mark.parametrize(
    ("replies", "error", "words"),
    [
        ("no", TypeError, "replies must map wrong choices to sentences, got 'no'"),
        ({"c": "No."}, ValueError, r"replies must be to choices, got one to 'c': .*\['a', 'b'\]"),
        ({"a": "No."}, ValueError, "replies must be to wrong choices, got one to 'a', which is"),
        ({"b": ""}, ValueError, "a reply of replies must not be blank, got ''"),
        ({"b": 3}, TypeError, "a reply of replies must be a string, got 3"),
    ],
)
def test_bad_replies_are_refused(replies, error, words):
    with pytest.raises(error, match=words):
        Question("?", {"a": True, "b": False}, replies=replies)


def test_comparisons_of_numpy_are_booleans():
    p1, p2 = np.array([0.31, 0.27])
    question = ask(choices={"gains": p2 > p1, "loses": p2 < p1, "stays": np.bool_(False)})
    assert question.get_state()["_asked"]["answer"] == "loses"


def outputs(question):
    return {
        name: data for name, data in question._repr_mimebundle_()[0].items() if "widget" not in name
    }


def test_no_output_tells_the_answer():
    for answer in ("gains", "loses"):
        question = ask(choices={choice: choice == answer for choice in ("gains", "loses")})
        shown = outputs(question)
        assert shown == {
            "text/plain": f"Question: {TEXT} (gains / loses)",
            "text/html": f"<p>{TEXT}</p><ul><li>gains</li><li>loses</li></ul>",
        }
        question.answered = answer
        assert outputs(question) == shown
        assert repr(question) == shown["text/plain"]


def test_markup_and_formulas_are_text():
    question = ask("<b>$x$</b> & “y”?", {"</li><script>": True, "$2": False})
    assert outputs(question)["text/html"] == (
        "<p>&lt;b&gt;<span>$</span>x<span>$</span>&lt;/b&gt; &amp; “y”?</p>"
        "<ul><li>&lt;/li&gt;&lt;script&gt;</li><li><span>$</span>2</li></ul>"
    )


def test_a_saved_notebook_shows_question_and_choices_without_a_kernel():
    exporter = need("nbconvert").HTMLExporter
    data, metadata = ask()._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("ask()", outputs=[output])
    page = exporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))[0]
    assert f"<p>{TEXT}</p><ul><li>gains</li><li>loses</li></ul>" in page
    assert WHY not in page


def test_answered_is_what_was_chosen_last():
    question = ask()
    assert question.answered is None
    # What the browser sends.
    question.set_state({"answered": "gains"})
    assert question.answered == "gains"
    question.answered = "loses"
    assert question.answered == "loses"
    with pytest.raises(ValueError, match=r"answered must be one of \['gains', 'loses'\], got 'no'"):
        question.answered = "no"
    assert question.answered == "loses"
    question.answered = None
    assert question.answered is None


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((None, {"a": True, "b": False}), TypeError, "text must be a string, got None"),
        ((3, {"a": True, "b": False}), TypeError, "text must be a string, got 3"),
        (("", {"a": True, "b": False}), ValueError, "text must not be blank, got ''"),
        ((" \n", {"a": True, "b": False}), ValueError, r"text must not be blank, got ' \\n'"),
        (("?", ["a", "b"]), TypeError, "choices must map each label to True or False, got"),
        (("?", "ab"), TypeError, "choices must map each label to True or False, got 'ab'"),
        (("?", None), TypeError, "choices must map each label to True or False, got None"),
        (("?", {}), ValueError, r"choices must be two or more, got \{\}"),
        (("?", {"a": True}), ValueError, r"choices must be two or more, got \{'a': True\}"),
        (("?", {1: True, 2: False}), TypeError, "a label of choices must be a string, got 1"),
        (("?", {"": True, "b": False}), ValueError, "a label of choices must not be blank, got ''"),
        (("?", {"a": 1, "b": 0}), TypeError, "choices must be True or False, got 1 for 'a'"),
        (("?", {"a": True, "b": None}), TypeError, "must be True or False, got None for 'b'"),
        (("?", {"a": True, "b": "no"}), TypeError, "must be True or False, got 'no' for 'b'"),
        (("?", {"a": np.array([True]), "b": False}), TypeError, "must be True or False, got array"),
        (("?", {"a": True, "b": np.float64(0)}), TypeError, "must be True or False, got"),
        (("?", {"a": False, "b": False}), ValueError, "exactly one that is true, got 0 in .*'b'"),
        (("?", {"a": True, "b": np.True_}), ValueError, "exactly one that is true, got 2 in"),
        (("?", {"a": True, "b": False}, None), TypeError, "why must be a string, got None"),
        (("?", {"a": True, "b": False}, 5), TypeError, "why must be a string, got 5"),
    ],
)
def test_bad_questions_are_refused(arguments, error, words):
    before = len(_instances)
    with pytest.raises(error, match=words):
        Question(*arguments)
    assert len(_instances) == before


def test_errors_are_short():
    for choices in ({"a" * 5000: False, "b": False}, {"a": "x" * 5000, "b": True}, ["a"] * 5000):
        with pytest.raises((TypeError, ValueError)) as caught:
            Question("?", choices)
        assert len(str(caught.value)) < 250


def test_a_closed_question_is_freed_and_is_a_line_of_text():
    code = """if True:
        import gc
        import softmax_temperature as st
        from ipywidgets.widgets.widget import _instances
        before = len(_instances)
        for number in range(20):
            question = st.Question(f"{number}?", {"yes": True, "no": False})
            question._repr_mimebundle_()
            question.close()
            question.close()
            question.answered = "no"
        assert len(_instances) == before, _instances
        del question
        gc.collect()
        assert not [left for left in gc.get_objects() if isinstance(left, st.Question)]
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    question, other = ask(), ask()
    question.close()
    shown, _ = DisplayFormatter().format(question)
    assert shown == {"text/plain": f"Question: {TEXT} (gains / loses)"}
    assert other.comm is not None


def test_a_question_waits_for_no_chart():
    code = """if True:
        import sys
        import softmax_temperature as st
        st.Question("?", {"yes": True, "no": False})
        assert not {"matplotlib", "seaborn", "pandas"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
