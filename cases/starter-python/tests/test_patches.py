import pytest
from assistant.patches import apply_edits, common_indent, summarize


def test_ranges_are_replaced_whatever_their_order():
    assert apply_edits("abcdef", [(4, 6, "Z"), (0, 1, "XY")]) == "XYbcdZ"
    assert apply_edits("abc", []) == "abc"
    assert apply_edits("abc", [(1, 1, "-")]) == "a-bc"


@pytest.mark.parametrize("edits", [[(0, 2, ""), (1, 3, "")], [(2, 1, "")], [(0, 9, "")]])
def test_ranges_that_have_no_place_are_refused(edits):
    with pytest.raises(ValueError, match="no place"):
        apply_edits("abc", edits)


@pytest.mark.parametrize(
    ("lines", "indent"),
    [
        (["  a", "    b", ""], "  "),
        (["\ta", "\t\tb"], "\t"),
        (["a", "  b"], ""),
        (["\ta", "  b"], ""),
        (["   "], ""),
        ([], ""),
    ],
)
def test_the_indent_of_all_lines_is_found(lines, indent):
    assert common_indent(lines) == indent


def test_changes_are_summed_up():
    table = [(3, 1, "+3 -1"), (3, 0, "+3"), (0, 1, "-1"), (0, 0, "unchanged")]
    for added, removed, expected in table:
        assert summarize(added, removed) == expected
