"""A report as JSON, as CSV, a second a line, and as JUnit's XML, a promise a case."""

import csv
from io import StringIO
from xml.etree import ElementTree as ET

import msgspec

from clients.load.report import PerSecond, Report


def as_json(report: Report) -> bytes:
    """Return everything."""
    return msgspec.json.format(msgspec.json.encode(report)) + b"\n"


def as_csv(report: Report) -> str:
    """Return every second of the run, with a head line."""
    text = StringIO()
    writer = csv.DictWriter(text, PerSecond.__struct_fields__, lineterminator="\n")
    writer.writeheader()
    writer.writerows(msgspec.to_builtins(second) for second in report.seconds)
    return text.getvalue()


def as_junit(report: Report) -> str:
    """Return the promises as test cases: each threshold, and each kind of wrong."""
    suite = ET.Element("testsuite", name="shopwire load", time=str(report.duration_s))
    failures = 0
    for name, said in _cases(report):
        case = ET.SubElement(suite, "testcase", classname="load", name=name)
        if report.verdict is None:
            ET.SubElement(case, "skipped", message=report.why)
        elif said:
            failures += 1
            ET.SubElement(case, "failure", message=said)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    ET.indent(suite)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return head + ET.tostring(suite, encoding="unicode") + "\n"


def _cases(report: Report) -> list[tuple[str, str]]:
    """Return names, and what is to be said against each."""
    cases: list[tuple[str, str]] = []
    for each in report.thresholds:
        value = "nothing" if each.value_ms is None else f"{each.value_ms:.1f} ms"
        cases.append((each.threshold, "" if each.held else f"it was {value}"))
    for what, wrong in report.correctness.items():
        samples = "; ".join(sample.what for sample in wrong.samples)
        said = f"{wrong.count}: {samples}" if wrong.count else ""
        cases.append((f"nothing {what.replace('_', ' ')}", said))
    cases.append(("nothing else wrong", "; ".join(report.problems)))
    return cases
