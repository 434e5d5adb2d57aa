"""Gather what a report of a run tells, as sections; views and notebooks write them down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from auger_reconcile.api.runs.leaderboard import SENTENCES, Leaderboard, Row
from auger_reconcile.notebook import to_sentences, to_table, to_text

NOTHING = "–"  # what a table shows of a figure that there is not
SCORES = ("precision", "recall", "f1")
WIDTH, HEIGHT, EDGE = 320, 220, 36
_LINE = 'fill="none" stroke="currentColor" stroke-width="2"'
_DOT = 'fill="currentColor" opacity=".5"'
_WORD = 'fill="currentColor" opacity=".7" font-size="11"'
_FRAME = 'fill="none" stroke="currentColor" stroke-opacity=".3"'
TRIALS, COLUMNS, CLASSES, WORST = 20, 20, 20, 10
Point = Sequence[float]


@dataclass(frozen=True)
class Drawing:
    """A curve or dots, with what its axes are.

    Attributes:
        dots: beside the curve, on the same axes.
        ends: words at both ends of the horizontal axis, in place of its numbers.
    """

    title: str
    points: Sequence[Point]
    x: str
    y: str
    is_line: bool = True
    dots: Sequence[Point] = ()
    ends: tuple[str, str] | None = None


@dataclass(frozen=True)
class Section:
    """A heading with sentences, a table and drawings."""

    title: str
    lines: Sequence[str] = ()
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    drawings: Sequence[Drawing] = field(default=())


class Told(Protocol):
    """What a report holds; see there."""

    @property
    def experiment(self) -> str: ...  # noqa: D102 - told above

    @property
    def board(self) -> Leaderboard: ...  # noqa: D102 - told above

    @property
    def settings(self) -> Mapping[str, Any]: ...  # noqa: D102 - told above

    @property
    def trial(self) -> Row | None: ...  # noqa: D102 - told above

    @property
    def explanation(self) -> Mapping[str, Any] | None: ...  # noqa: D102 - told above

    @property
    def missing(self) -> str: ...  # noqa: D102 - told above


def title_of(report: Told) -> str:
    """Return what the report is about."""
    return f"{report.experiment}: run {report.board.run_id}"


def sections_of(report: Told) -> list[Section]:
    """Return everything there is to tell, in the order in which one asks for it."""
    told = report.explanation or {}
    sections = [_summary(report), _board(report), *_columns(told)]
    if "classes" in told:
        sections += _classes(told["classes"])
    if "values" in told:
        sections += _values(told["values"])
    if "backtests" in told:
        sections += _backtests(
            told["backtests"], str(told["metric"]), _any(report.settings.get("target"))
        )
    sections += [*_segments(told), *_dependence(told), *_worst(told), *_hyperparameters(told)]
    return [*sections, _settings(report)]


def _summary(report: Told) -> Section:
    board, account = report.board, report.board.account
    why = f": {account.error}" if account.error else "."
    lines = [SENTENCES.get(board.status, f"Its status is {board.status}.").removesuffix(".") + why]
    if account.expected:
        lines.append(f"{account.expected.text} on new rows.")
    if account.asked is not None:
        lines.append(f"Trials: {account.trials}.")
    lines += [notice.text for notice in account.notices]
    if report.trial is not None:
        score = "" if report.trial["score"] is None else f", {_four(report.trial['score'])}"
        lines.append(f"Explained: {report.trial['algorithm']} ({report.trial['id']}){score}.")
    lines += [str(one["text"]) for one in (report.explanation or {}).get("notices") or ()]
    if report.missing:
        lines.append(f"No explanation: {report.missing}.")
    return Section("Summary", lines)


def _board(report: Told) -> Section:
    trials = report.board.trials
    metric = next((str(row["score_name"]) for row in trials if row["score_name"]), "score")
    rows = [
        [row["id"], row["algorithm"], _four(row["score"]), _one(row["seconds"])]
        for row in trials[:TRIALS]
    ]
    left = len(trials) - TRIALS
    lines = [f"{left} more trials are not shown."] if left > 0 else []
    return Section("Leaderboard", lines, ("Trial", "Algorithm", metric, "Seconds"), rows)


def _columns(told: Mapping[str, Any]) -> Iterator[Section]:
    importance = told.get("importance") or {}
    columns = importance.get("columns")
    if columns:
        most = max((one["mean"] for one in columns), default=0) or 1
        rows = [
            [one["column"], _four(one["mean"]), _four(one["std"]), _bar(one["mean"] / most)]
            for one in columns[:COLUMNS]
        ]
        why = f"By how much {importance['metric']} falls when a column is shuffled."
        left = len(columns) - COLUMNS
        lines = [why, *([f"{left} columns of less importance are not shown."] if left > 0 else [])]
        yield Section("Which columns matter", lines, ("Column", "Fall", "±", ""), rows)


def _classes(told: Mapping[str, Any]) -> Iterator[Section]:
    labels = told["labels"]
    if len(labels) <= CLASSES:
        rows = [
            [label, *map(str, counts)]
            for label, counts in zip(labels, told["confusion"], strict=True)
        ]
        yield Section("Confusion", ["Rows are actual classes."], ("", *labels), rows)
    rows = [
        [one["label"], *(_four(one[name]) or NOTHING for name in SCORES), f"{one['rows']:.0f}"]
        for one in told["per_class"]
    ]
    headings = ("Class", "Precision", "Recall", "F1", "Rows")
    yield Section("Classes", (), headings, rows, [d for c in told["curves"] for d in _drawn(c)])
    if "thresholds" in told:
        rows = [
            [
                f"{one['threshold']:.2f}",
                *(_four(one[name]) for name in SCORES),
                *(str(one[name]) for name in ("fp", "fn")),
            ]
            for one in told["thresholds"]["rows"]
        ]
        best = f"The best F1 is at {told['thresholds']['best_f1']:.2f}."
        names = ("From", "Precision", "Recall", "F1", "False alarms", "Missed")
        yield Section("Thresholds", [best], names, rows)


def _drawn(curve: Mapping[str, Any]) -> Iterator[Drawing]:
    label = curve["label"]
    roc = f"ROC of {label}, area {curve['auc']:.4f}"
    yield Drawing(roc, curve["roc"], "false positives", "true positives")
    average = f"Precision and recall of {label}, {curve['average_precision']:.4f}"
    yield Drawing(average, curve["precision_recall"], "recall", "precision")
    yield Drawing(f"Calibration of {label}", curve["calibration"], "predicted", "found")
    yield Drawing(f"Gain of {label}", curve["gain"], "share of rows", "share of the class")


def _values(told: Mapping[str, Any]) -> Iterator[Section]:
    left = told["residuals"]
    rows = [["mean", number(left["mean"])], ["standard deviation", number(left["std"])]]
    rows += [[f"{name} % are below", number(value)] for name, value in left["quantiles"].items()]
    drawing = Drawing("Predicted over actual", told["points"], "actual", "predicted", is_line=False)
    yield Section("Residuals", ["Actual less predicted."], ("", "Value"), rows, [drawing])


def _backtests(told: Mapping[str, Any], metric: str, target: str) -> Iterator[Section]:
    why = "Each fold forecasts the times after those that it has learned from."
    rows = [
        [
            _span(one["from"], one["to"]),
            number(one["score"]),
            number(one["error"]),
            str(one["rows"]),
        ]
        for one in told["folds"]
    ]
    headings = ("Forecast of", metric, "Error", "Rows")
    lines = [why, "Errors are means of the absolute ones."]
    drawings = [_forecast(one, str(told["time"]), target) for one in told["lines"]]
    yield Section("Backtests by fold", lines, headings, rows, drawings)
    most = max((one["error"] for one in told["steps"]), default=0) or 1
    rows = [
        [
            _span(one["first"], one["last"]),
            number(one["error"]),
            str(one["rows"]),
            _bar(one["error"] / most),
        ]
        for one in told["steps"]
    ]
    yield Section("Backtests by steps ahead", (), ("Steps", "Error", "Rows", ""), rows)
    rows = [[one["series"], number(one["error"])] for one in told["lines"] if one["series"]]
    yield Section("The series that are forecast worst", (), ("Series", "Error"), rows)


def _forecast(line: Mapping[str, Any], time: str, target: str) -> Drawing:
    name = f"{line['series']}: " if line["series"] else ""
    return Drawing(
        f"{name}forecasts (dots) and what came (line)",
        list(enumerate(line["actual"])),
        time,
        target,
        dots=list(enumerate(line["forecast"])),
        ends=(str(line["times"][0]), str(line["times"][-1])),
    )


def _span(first: Any, last: Any) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _segments(told: Mapping[str, Any]) -> Iterator[Section]:
    shown = [
        (one["column"], part)
        for one in (told.get("segments") or ())[:5]
        for part in one["segments"]
    ]
    decimals = 4 if all(abs(part["error"]) < 1000 for _, part in shown) else 1
    rows = [
        [column, part["value"], f"{part['error']:,.{decimals}f}", str(part["rows"])]
        for column, part in shown
    ]
    if rows:
        kind = "Share of wrong classes" if "classes" in told else "Mean absolute error"
        yield Section("Where it is bad", [f"{kind}."], ("Column", "Part", "Error", "Rows"), rows)


def _dependence(told: Mapping[str, Any]) -> Iterator[Section]:
    drawings = []
    for one in told.get("dependence") or ():
        if not all(isinstance(v, int | float) for v in one["values"]):
            continue
        series = list(one["classes"].items()) if "classes" in one else [("", one["mean"])]
        for label, means in series[-1:] if len(series) == 2 else series[:4]:
            title = f"{label or 'Prediction'} by {one['column']}"
            points = list(zip(one["values"], means, strict=True))
            drawings.append(Drawing(title, points, one["column"], "mean prediction"))
    if drawings:
        yield Section("How the prediction moves", drawings=drawings)


def _worst(told: Mapping[str, Any]) -> Iterator[Section]:
    worst = (told.get("worst_rows") or ())[:WORST]
    if worst:
        names = list(worst[0]["values"])[:6]
        rows = [
            [str(one["row"]), _any(one["actual"]), _any(one["predicted"])]
            + [_any(one["values"][name]) for name in names]
            for one in worst
        ]
        headings = ("Row", "Actual", "Predicted", *names)
        lines = ["Numbers count the rows with a target from 0."]
        yield Section("The worst rows", lines, headings, rows)


def _hyperparameters(told: Mapping[str, Any]) -> Iterator[Section]:
    shares = told.get("hyperparameters") or {}
    if shares:
        rows = [[name, f"{100 * share:.1f} %"] for name, share in shares.items()]
        yield Section("Hyperparameters that mattered", (), ("Name", "Share"), rows)


def _settings(report: Told) -> Section:
    rows = [
        [name, ", ".join(map(str, value)) if isinstance(value, list | tuple) else _any(value)]
        for name, value in sorted(report.settings.items())
        if value not in (None, [], {}, "")
    ]
    return Section("Settings", (), ("Name", "Value"), rows)


def to_notebook(section: Section) -> str:
    """Return what a notebook shows of a section; nothing of an empty one."""
    numbers = [n for n in range(len(section.headings)) if is_right(section, n)]
    table = to_table(section.headings, section.rows, numbers=numbers)
    figures = "".join(f'<div style="flex: 0 1 20em">{draw(one)}</div>' for one in section.drawings)
    drawn = f'<div style="display: flex; flex-wrap: wrap; gap: 1em">{figures}</div>'
    told = to_sentences(section.lines) + table + (drawn if figures else "")
    return f"<h4>{to_text(section.title)}</h4>{told}" if told else ""


def is_right(section: Section, place: int) -> bool:
    """Tell whether a column of a section has nothing but numbers."""
    cells = [row[place] for row in section.rows]
    return all(not cell or cell[0] in "-–0123456789" for cell in cells)


def _bar(share: float) -> str:
    return "█" * round(20 * max(0.0, min(share, 1.0)))


def _four(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _one(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def number(value: float) -> str:
    """Return a number to be read: four significant digits."""
    return f"{value:.4g}"


def _any(value: Any) -> str:
    if value is None:
        return ""
    return number(value) if isinstance(value, float) else str(value)


def draw(drawing: Drawing) -> str:
    """Return a figure with a drawing in the colours around; nothing without points."""
    if not drawing.points:
        return ""
    every = [*drawing.points, *drawing.dots]
    left, right = _range([float(one[0]) for one in every])
    low, high = _range([float(one[1]) for one in every])

    def place(one: Point) -> tuple[float, float]:
        return (
            EDGE + (WIDTH - 2 * EDGE) * (float(one[0]) - left) / (right - left),
            HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (float(one[1]) - low) / (high - low),
        )

    line = [place(one) for one in drawing.points] if drawing.is_line else []
    dots = [place(one) for one in (drawing.dots if drawing.is_line else drawing.points)]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
    shape = f'<polyline {_LINE} points="{corners}"/>' if line else ""
    shape += "".join(f'<circle {_DOT} cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in dots)
    first, last = drawing.ends or (number(left), number(right))
    bottom, title = HEIGHT - EDGE, to_text(drawing.title)
    texts = (
        (EDGE, bottom + 14, "start", first),
        (WIDTH - EDGE, bottom + 14, "end", last),
        (WIDTH // 2, bottom + 28, "middle", drawing.x),
        (EDGE, EDGE - 6, "start", f"{number(high)} {drawing.y}"),
        (EDGE - 4, bottom, "end", number(low)),
    )
    words = "".join(
        f'<text {_WORD} x="{x}" y="{y}" text-anchor="{anchor}">{to_text(text)}</text>'
        for x, y, anchor, text in texts
    )
    return (
        f'<figure style="margin: 0"><figcaption>{title}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
        f'<rect {_FRAME} x="{EDGE}" y="{EDGE}" width="{WIDTH - 2 * EDGE}" '
        f'height="{HEIGHT - 2 * EDGE}"/>{shape}{words}</svg></figure>'
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1, high + 1)
