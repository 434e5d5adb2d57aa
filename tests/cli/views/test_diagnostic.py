"""Diagnostics as a person sees them."""

from click import unstyle

from auger_reconcile.cli.views.diagnostic import render_diagnostics
from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan


def render(
    line: str, column: int, length: int = 1, *, number: int = 14, label: str | None = None
) -> list[str]:
    span = SourceSpan("auger.yaml", number, column, length, line)
    item = Diagnostic(Severity.ERROR, "some-code", "some summary", span, label)
    return render_diagnostics([item], color=False).splitlines()


FULL = Diagnostic(
    Severity.ERROR,
    "unknown-field",
    "unknown field",
    SourceSpan("auger.yaml", 14, 5, 7, "    metrics: f1"),
    "`metrics`",
    "`experiment` has a field `metric`",
    "experiment.churn",
)


def test_a_diagnostic_shows_place_line_mark_and_hint() -> None:
    assert render_diagnostics([FULL], color=False) == (
        "error[unknown-field]: unknown field\n"
        "  --> auger.yaml:14:5 (experiment.churn)\n"
        "14 |     metrics: f1\n"
        "   |     ^^^^^^^ `metrics`\n"
        "   = hint: `experiment` has a field `metric`\n"
    )


def test_colors_add_nothing_but_colors() -> None:
    colored = render_diagnostics([FULL], color=True)
    assert "\x1b[" in colored
    assert unstyle(colored) == render_diagnostics([FULL], color=False)


def test_several_diagnostics_are_separated_by_an_empty_line() -> None:
    assert render_diagnostics([FULL, FULL], color=False).count("\n\n") == 1


def test_no_diagnostics_are_no_text() -> None:
    assert render_diagnostics([], color=False) == ""


def test_the_gutter_is_as_wide_as_the_number() -> None:
    assert render("a", 1, number=1234)[1:] == [
        "    --> auger.yaml:1234:1",
        "1234 | a",
        "     | ^",
    ]


def test_marks_stand_below_what_follows_a_tab() -> None:
    assert render("\ta\tb: c", 4)[2:] == ["14 |     a    b: c", "   |          ^"]


def test_marks_stand_below_wide_characters() -> None:
    assert render("名前: 値", 5, label="`値`")[2:] == ["14 | 名前: 値", "   |       ^^ `値`"]


def test_a_long_line_is_cut_around_the_place() -> None:
    line, mark = render("x" * 300 + "HERE" + "y" * 300, 301, 4)[2:]
    assert line == "14 | …" + "x" * 40 + "HERE" + "y" * 56 + "…"
    assert mark == "   | " + " " * 41 + "^^^^"


def test_the_start_of_a_long_line_stays() -> None:
    line, mark = render("name: " + "x" * 300, 1, 4)[2:]
    assert line == "14 | name: " + "x" * 94 + "…"
    assert mark == "   | ^^^^"


def test_a_place_behind_the_line_is_marked() -> None:
    assert render("a:", 3)[2:] == ["14 | a:", "   |   ^"]


def test_nothing_in_a_file_moves_the_cursor() -> None:
    text = "\n".join(render("a\x1b[2Jb\u202e", 2, label="`\x1b[0m`"))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_without_a_line_the_label_stands_in_the_title() -> None:
    span = SourceSpan("auger.yaml", 1, 1)
    item = Diagnostic(Severity.WARNING, "unreadable", "the file cannot be read", span, "Denied")
    assert render_diagnostics([item], color=False) == (
        "warning[unreadable]: the file cannot be read: Denied\n --> auger.yaml:1:1\n"
    )


def test_without_a_place_the_address_is_shown() -> None:
    item = Diagnostic(Severity.ERROR, "guard", "a delete is forbidden", address="model.a")
    assert render_diagnostics([item], color=False) == (
        "error[guard]: a delete is forbidden\n  --> model.a\n"
    )


def test_a_command_to_run_stands_alone_on_its_line() -> None:
    item = Diagnostic(Severity.ERROR, "no-config", "there is no auger.yaml", hint="auger new NAME")
    assert render_diagnostics([item], color=False).splitlines()[1:] == [
        "   = hint:",
        "       auger new NAME",
    ]


def test_of_many_alike_the_first_are_shown_and_the_rest_is_counted() -> None:
    many = [
        Diagnostic(
            Severity.ERROR,
            "unknown-field",
            "unknown field",
            SourceSpan("auger.yaml", line, 5, 6, "    metrik: r2"),
            "`metrik`",
            "`experiment` has a field `metric`",
        )
        for line in range(1, 801)
    ]
    text = render_diagnostics([*many, many[0]._replace(label="`other`")], color=False)
    assert text.count("--> auger.yaml") == 6
    assert text.endswith(
        "error[unknown-field]: unknown field (`metrik`): 795 more like it, "
        "from auger.yaml:6 to auger.yaml:800\n"
    )


def test_of_very_many_of_one_sort_the_first_are_shown_and_the_rest_is_counted() -> None:
    many = [
        Diagnostic(
            Severity.ERROR,
            "unknown-reference",
            "a reference to an undeclared data set",
            SourceSpan("auger.yaml", line, 5, 1, "    x"),
            f"`x{line}`",
        )
        for line in range(1, 3_001)
    ]
    text = render_diagnostics([*many, many[0]._replace(code="other")], color=False)
    assert text.count("--> auger.yaml") == 21
    assert text.endswith(
        "error[unknown-reference]: a reference to an undeclared data set: 2,980 more like it, "
        "from auger.yaml:21 to auger.yaml:3000\n"
    )


def test_a_few_alike_are_all_shown() -> None:
    place = SourceSpan("auger.yaml", 1, 1, 1, "x")
    one = Diagnostic(Severity.ERROR, "a", "b", place)
    assert render_diagnostics([one] * 5, color=False).count("-->") == 5
