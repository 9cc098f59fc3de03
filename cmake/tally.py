#!/usr/bin/env python3
"""tally.py REPORT…: adds up the JUnit files that ctest wrote and prints "N passed, N failed, N skipped".

What did not run counts as failed: a program that is missing, a fixture that broke, a test that took too long. Fails if anything failed,
if nothing passed, or if a report is not there.
"""
import sys
import xml.etree.ElementTree


def outcome(case):
    status = case.get("status")
    skipped = case.find("skipped")
    if status == "disabled":
        return "skipped"
    if skipped is not None and skipped.get("message", "").startswith("SKIP_"):
        return "skipped"  # the test said so itself, by SKIP_RETURN_CODE or SKIP_REGULAR_EXPRESSION
    return "passed" if status == "run" else "failed"


def main(reports):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for report in reports:
        try:
            cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
        except (OSError, xml.etree.ElementTree.ParseError) as error:
            print(f"{report}: {error}", file=sys.stderr)
            cases = []
        if not cases:
            print(f"{report}: no test ran", file=sys.stderr)
            counts["failed"] += 1
        for case in cases:
            counts[outcome(case)] += 1
    print(", ".join(f"{count} {word}" for word, count in counts.items()))
    sys.exit(1 if counts["failed"] or not counts["passed"] else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
