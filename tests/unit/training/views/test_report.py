"""A model's report as markup: every part can be told from every other."""

import re

import numpy as np
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string

from training.ml.data import Span
from training.ml.exam_items import Items
from training.ml.examination import examine
from training.models import Evaluation
from training.views import report

BILL = (Span(0, 5, "amount"),)


def two_items() -> Items:
    """One answered right with its parameter, one taken for another intent."""
    return Items(
        keys=[1, 2],
        truth=["bill", "pay"],
        predicted=["bill", "bill"],
        named=["bill", "bill"],
        proba=np.array([[0.9, 0.1], [0.6, 0.4]]),
        classes=("bill", "pay"),
        scope_score=np.ones(2),
        spans=[BILL, BILL],
        found_spans=[BILL, ()],
        groups=["a", "b"],
        calls=np.ones(2),
        domains={"bill": "billing", "pay": "payments"},
        sources=["calls", "calls"],
        heard=[None, None],
        turn_ms=(5.0, 6.0),
    )


def test_no_two_regions_of_a_report_have_one_name(monkeypatch):
    monkeypatch.setattr(report, "domain_titles", dict)
    detail = examine(two_items(), repeats=50).as_json()
    shown = report.build(Evaluation(n=2, detail=detail))
    request = type("Request", (), {"user": _Nobody()})

    page = render_to_string(
        "training/rounds/_report.html", {"report": shown, "request": request}
    )

    titles = re.findall(r'<h2 id="[^"]+">(.*?)</h2>', page)
    regions = re.findall(r'role="region" aria-label="([^"]+)"', page)
    assert "Parameters" in titles and "Each parameter" in regions
    assert len({*titles, *regions}) == len(titles) + len(regions)


class _Nobody(AnonymousUser):
    def has_role(self, *roles: str) -> bool:
        return False
