"""Tables with one defect each, and the notices that tell it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

ROWS = 60
_RNG = random.Random(3)
CLEAN = {
    "size": [f"{_RNG.uniform(1, 9):.4f}" for _ in range(ROWS)],
    "count": [str(_RNG.randrange(12)) for _ in range(ROWS)],
    "town": [_RNG.choice(["Ulm", "Bonn", "Kiel"]) for _ in range(ROWS)],
}
DAYS = [(2010 + n % 9, 1 + n % 12, 1 + n % 28) for n in range(ROWS)]


@dataclass(frozen=True)
class Defect:
    """A column that is wrong, or a change of the whole file, and the notices that tell it."""

    name: str
    codes: tuple[str, ...]
    values: Sequence[str] = ()
    column: str = "odd"
    change: Callable[[str], str | bytes] = str
    about: tuple[str | None, ...] = field(default=("odd",))

    @property
    def text(self) -> str | bytes:
        columns = dict(CLEAN)
        if self.values:
            columns = {"size": CLEAN["size"], self.column: self.values, "town": CLEAN["town"]}
        lines = [";".join(columns), *map(";".join, zip(*columns.values(), strict=True))]
        return self.change("\n".join(lines) + "\n")


def of(form: str) -> list[str]:
    """Fill a form with 1, 2, 3 for `{n}`, another number for `{m}`, and year, month and day."""
    return [
        form.format(n=n + 11, m=n * 37 % 900 + 100, y=year, mo=month, d=day)
        for n, (year, month, day) in enumerate(DAYS)
    ]


def mixed(usual: str, odd: str, count: int = 3) -> list[str]:
    return [odd] * count + of(usual)[count:]


def codes(*texts: str) -> list[str]:
    """Some texts again and again: no identifier."""
    return [texts[n % len(texts)] for n in range(ROWS)]


MARKS = ["-", "--", ".", "n.a.", "N.A.", "unknown", "missing", "nil", "none", "#DIV/0!", "#REF!",
         "(null)", "\\N", "–", "***", "not available", "-nan", "x"]  # fmt: skip
NUMBERS = ["${n}.25", "{n}.25 €", "{n},25", "{n},25 €", "{n}.5%", "{n}.5 %", "CHF {n}.25",
           "{n} USD", "-${n}.10", "$-{n}.10", "Rs {n}.50", "£{n}", "{n},{m}.50", "{n}.{m},50",
           "{n} {m},5", "{n}\u202f{m},5", "{n}\u2009{m}", "{n}\u00a0{m}", "{n}'{m}.5", "{n}’{m}.5",
           "(${n}.00)", "US$ {n}.10", "R$ {n},25", "{n} kr", "{n}¢", "({n},5)"]  # fmt: skip
DATES = ["{d}.{mo}.{y}", "{mo}/{d}/{y}", "{d:02}-{mo:02}-{y}", "{d} Mar {y}", "March {d}, {y}",
         "{d}-Mar-{y}", "{d}/{mo}/{y} 10:30", "{d}.{mo}.{y}, 10:30", "{mo}/{d}/{y} 9:05:10 PM",
         "{y}-{mo:02}", "Mar {d}, {y} 10:15", "{d}. March {y}", "{d}Mar{y}", "{d}. März {y}",
         "{d} août {y}", "{d} de mayo de {y}", "{y}年{mo}月{d}日"]  # fmt: skip
LOOKS = ["{n} kg", "{n}°C", "{n}.5k", "{n}th", "<{n}", "{y}-W{mo:02}", "Q1 {y}", "10:{d:02}",
         "{n}.5-{m}.5", "{n} 1/2", "'{n}.5", '="{n}.5"', "{n}_{m}", "US$ {n}.5m"]  # fmt: skip
TWINS = [("Yes", "yes", "No"), ("a", "a ", "b"), (" a", "a", "b"), ("New  York", "New York", "b"),
         ("ULM", "Ulm", "ulm"), ("Straße", "STRASSE", "b")]  # fmt: skip


def with_head(head: str) -> Callable[[str], str]:
    return lambda text: head + text


def header_of(*names: str) -> Callable[[str], str]:
    return lambda text: ";".join(names) + text[text.index("\n") :]


def encoded(encoding: str, *words: str) -> Callable[[str], bytes]:
    """Write in an encoding, with words of a language that is written in it."""

    def change(text: str) -> bytes:
        for old, new in zip(("Ulm", "Bonn", "Kiel"), words, strict=True):
            text = text.replace(old, new)
        return text.encode(encoding)

    return change


DEFECTS = [
    *(Defect(f"mark {one}", ("missing-tokens",), mixed("{n}.5", one)) for one in MARKS),
    *(Defect(f"mark {one} among dates", ("missing-tokens",), mixed("{y}-{mo:02}-{d:02}", one))
      for one in [*MARKS, "0000-00-00", "2019-02-31"]),
    *(Defect(f"marks {one} in whole numbers", ("missing-tokens",), mixed("{n}", one))
      for one in MARKS),
    *(Defect(f"numbers {one}", ("number-format",), of(one)) for one in NUMBERS),
    *(Defect(f"numbers {one} and a dash", ("missing-tokens", "number-format"), mixed(one, "-"),
             about=("odd", "odd")) for one in NUMBERS[:12]),
    *(Defect(f"dates {one}", ("date-format",), of(one)) for one in DATES),
    *(Defect(f"looks {one}", ("text-like-values",), codes(*of(one)[:20])) for one in LOOKS),
    *(Defect(f"all different, {one}", ("identifier", "text-like-values"), of(one),
             about=("odd", "odd")) for one in ["{n} kg", "{n}°C", "<{n}", "90071992547{n}{m}123"]),
    *(Defect(f"alike {one}", ("values-alike",), codes(*one)) for one in TWINS),
    *(Defect(f"days {one}", ("numbers-like-dates",), codes(*of("{y}{mo:02}{d:02}")), column=one,
             about=(one,)) for one in ["day", "x", "when"]),
    *(Defect(f"since 1970, {one}", ("numbers-like-dates",), codes(*of(form)[:30]), column=one,
             about=(one,))
      for one in ["timestamp", "created", "ts"] for form in ["160{n}{m}00", "160{n}{m}00000"]),
    *(Defect(f"empty {one!r}", ("empty-column",), [one] * ROWS)
      for one in ["", "NA", "NULL", "nan", "N/A", "None", "?"]),
    *(Defect(f"constant {one}", ("constant-column",), [one] * ROWS)
      for one in ["k", "5", "2.5", "2020-01-01", "true"]),
    *(Defect(f"identifier {one}", ("identifier",), of(one))
      for one in ["c{n:05}", "00{n}", "{n}", "#{n}-{m}", "{n}/{m}/x"]),
    *(Defect(f"named {one}", ("identifier",), of("{n}{m}"), column=one, about=(one,))
      for one in ["id", "user_id", "customerID", "row_number", "uuid", "Unnamed: 1"]),
    *(Defect(f"before: {one!r}", ("lines-skipped",), change=with_head(one), about=(None,))
      for one in ["# made on Monday\n", "Sales\n\n", "Sales of March\nnorth\n", "\n\n", "sep=;\n",
                  "// x\n// y\n", ";;\n"[:1] + "\n"][:6]),
    *(Defect(f"header {one}", (code,), change=header_of(*one), about=(about,))
      for code, about, one in [
          ("column-without-name", "Unnamed: 1", ("size", "", "town")),
          ("column-without-name", "Unnamed: 0", ("", "count", "town")),
          ("column-without-name", "Unnamed: 2", ("size", "count", " ")),
          ("doubled-name", "size.1", ("size", "size", "town")),
          ("doubled-name", "town.1", ("size", "town", "town")),
          ("header-like-values", None, ("1", "2", "3")),
          ("header-like-values", None, ("5.1", "3", "setosa")),
      ]),
    *(Defect(f"encoding {one[0]}", ("encoding-guessed",), change=encoded(*one), about=(None,))
      for one in [
          ("cp1252", "Düsseldorf", "Göttingen", "Fürth"),
          ("latin-1", "Besançon", "Orléans", "Béziers"),
          ("cp1251", "Москва", "Казань", "Пермь"),
          ("utf-16-le", "Ulm", "Bonn", "Kiel"),
          ("utf-16-be", "Ulm", "Bonn", "Kiel"),
      ]),
    Defect("points of thousands or not", ("number-ambiguous",), of("{n}.{m}"), column="sales",
           about=("sales",)),
    *(Defect(f"placeholder {one}", ("placeholder-suspected",), mixed("{n}.5", one, 5))
      for one in ["-999", "-9999.0", "99999", "-99"]),
    *(Defect(f"half are {one}", ("missing-tokens",), mixed("{n}.5", one, 30))
      for one in ["#DIV/0!", "#VALUE!", "-", "TBD"]),
    Defect("numbers beside other texts", ("text-like-values",), mixed("{n}.5", "sold out", 12)),
    Defect("rounded by a spreadsheet", ("rounded-numbers",), codes(*of("1.{m}0{n}E+11")[:30]),
           column="customer_id", about=("customer_id",)),
    *(Defect(f"{form} as {name}", ("numbers-like-dates",), codes(*of(form)[:30]), column=name,
             about=(name,))
      for form, name in [("44{m}", "order_date"), ("44{m}.5", "time"), ("{y}{mo:02}", "month")]),
    *(Defect(f"a row of {one}", ("total-rows",),
             change=lambda text, one=one: f"{text}300.5;60;{one}\n", about=("town",))  # type: ignore[misc]
      for one in ["Total", "Summe", "Grand total", "SUM"]),
    *(Defect(f"sums as {one}", ("total-rows",),
             change=lambda text, one=one: f"{text}9.5;6;{one} Ulm\n8.5;7;{one} Kiel\n",  # type: ignore[misc]
             about=("town",)) for one in ["Zwischensumme", "Total"]),
    *(Defect(f"{one} among names", ("missing-suspected",), [one, *codes("a", "b", "c")[1:]])
      for one in ["\\N", "-", "…", "#NV", "(null)", "NaT", "k.A.", "n/d", "unknown"]),
    Defect("read in a wrong encoding before", ("mojibake-suspected",), codes("KÃ¶ln", "Ulm", "x")),
    Defect("objects in cells", ("nested-values",), codes("{a: 1}", "{a: 2}", "{b: [3]}")),
    Defect("values above gaps", ("values-above-gaps",),
           [f"part {n}" if n % 20 == 0 else "" for n in range(ROWS)]),
    *(Defect(f"negative as {one}", ("number-format",), of(one)) for one in ["({n}.5)", "{n}.5-"]),
    Defect("a header among rows", ("header-repeated", "missing-tokens", "missing-tokens"),
           change=lambda text: text + text.split("\n")[0] + "\n", about=(None, "size", "count")),
    Defect("blanks around a name", ("blanks-in-name",), change=header_of("size", " count", "town"),
           about=(" count",)),
    *(Defect(f"bare rows {one!r}", ("bare-rows",), change=lambda text, one=one: text + one,  # type: ignore[misc]
             about=(None,)) for one in [";;\n", ";;Source\n"]),
    *(Defect(f"before: {one!r}", ("lines-skipped",), change=with_head(one), about=(None,))
      for one in ["Report;;\n;;\n", ";;\n", "Size;;Where\n"]),
    Defect("rows in quotes", ("identifier", "one-column"), about=("size;count;town",) * 2,
           change=lambda text: "".join(f'"{line}"\n' for line in text.splitlines())),
    Defect("numbers with a few names", ("text-like-values",), mixed("{n}", "12a")),
    Defect("comments among rows", ("comments-skipped",),
           change=lambda text: text.replace("\n", "\n# by hand\n", 5), about=(None,)),
    Defect("a doubled row", ("duplicate-rows",), change=lambda text: text + text.splitlines()[9],
           about=(None,)),
    Defect("many doubled rows", ("duplicate-rows",),
           change=lambda text: text + text.partition("\n")[2], about=(None,)),
    *(Defect(f"one column at {one!r}", ("one-column",),
             change=lambda text, one=one: text.replace(".", "").replace(";", one),  # type: ignore[misc]
             about=("size count town".replace(" ", one),))
      for one in ["   ", " - ", " : "]),
    *(Defect(f"panel at {one}", ("panel-suspected",),
             change=lambda _, one=one: "day;shop;y\n" + "".join(  # type: ignore[misc]
                 f"2020-01-{day:02};{one.format(s=shop)};{(day * 7 + shop * 3) % 11}.5\n"
                 for day in range(1, 21) for shop in range(3)),
             about=("shop",)) for one in ["s{s}", "{s}", "shop {s}"]),
]  # fmt: skip
