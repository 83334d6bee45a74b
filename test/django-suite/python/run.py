"""Runs Django's own tests, by Django's own runtests.py, with Node in Django's place.

    run.py REPORT PLUG,PLUG TEST_LABEL...

The tests that came of it are written to REPORT: for each its class, its name, how it ended and how
many calls of it reached Node. Needs Django's source release, with its tests, on PYTHONPATH.
"""

import json
import os
import pathlib
import runpy
import sys
import unittest

import django.test.runner
import django.test.testcases
from django.utils import timezone

TESTS = pathlib.Path(django.__file__).parents[1] / "tests"

results = []


def main():
    report, plugs, *labels = sys.argv[1:]
    share_database()
    round_clock()
    put_in_place(plugs.split(","))
    record_tests()
    os.chdir(TESTS)
    sys.path.insert(0, str(TESTS))
    sys.argv = ["runtests.py", "--settings=conformance_settings", "--parallel=1", *labels]
    try:
        runpy.run_path("runtests.py", run_name="__main__")
    finally:
        pathlib.Path(report).write_text(json.dumps(results))


def share_database():
    """Node has a connection of its own: nothing may hide in a transaction that is not committed."""
    django.test.testcases.TestCase._databases_support_transactions = classmethod(lambda cls: False)


def round_clock():
    """JavaScript's dates have milliseconds, and no more."""
    now = timezone.now

    def rounded_now():
        moment = now()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    timezone.now = rounded_now


def put_in_place(plugs):
    """Once Django is set up, before the tests are imported; Node ends before the database goes."""
    runner = django.test.runner.DiscoverRunner
    build_suite, teardown_databases = runner.build_suite, runner.teardown_databases

    def build_with_plugs(self, *args, **kwargs):
        from plugs import plug

        for name in plugs:
            plug(name)
        return build_suite(self, *args, **kwargs)

    def teardown_without_child(self, *args, **kwargs):
        from child import child

        child.stop()
        return teardown_databases(self, *args, **kwargs)

    runner.build_suite = build_with_plugs
    runner.teardown_databases = teardown_without_child


def record_tests():
    run = unittest.TestCase.run

    def run_and_record(self, result=None):
        from child import child

        before, calls = outcomes_of(result), child.calls
        run(self, result)
        ended = [name for name, many in outcomes_of(result).items() if many > before[name]]
        results.append(
            {
                "class": f"{type(self).__module__}.{type(self).__qualname__}",
                "name": self._testMethodName,
                "outcome": ended[0] if ended else "passed",
                "calls": child.calls - calls,
                "problem": problem_of(self, result) if ended else None,
            }
        )
        return result

    unittest.TestCase.run = run_and_record


def outcomes_of(result):
    return {
        "failed": len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses),
        "skipped": len(result.skipped),
        "expected": len(result.expectedFailures),
    }


def problem_of(test, result):
    """The last line of what went wrong."""
    problems = result.failures + result.errors
    texts = [text for failed, text in problems if failed.id().startswith(test.id())]
    return texts[-1].strip().splitlines()[-1] if texts else None


if __name__ == "__main__":
    main()
