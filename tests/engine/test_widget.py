"""What a notebook's view does while new data are unpacked."""

from pathlib import Path


def test_no_change_is_lost_while_data_are_unpacked(answers_of):
    painted = answers_of(Path(__file__).with_name("widget.mjs").read_text(), [])
    assert painted == ["one 1", "one 0.5", "two 0.5", "slider 0.5", "three 2"]
