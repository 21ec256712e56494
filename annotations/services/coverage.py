"""How well each function is covered by gold labels, parameter by parameter."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Count

from annotations.models import Function, GoldLabel, ParameterSpan


def labels_per_intent(intent_ids: Iterable[int]) -> dict[int, int]:
    """Gold labels of each intent; an intent without any is missing."""
    counted = (
        GoldLabel.objects.filter(intent__in=list(intent_ids))
        .values_list("intent")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return dict(counted)


def examples_per_parameter(
    functions: Iterable[Function],
) -> Mapping[int, Mapping[str, int]]:
    """{function id: {parameter: gold labels in which it is marked}}."""
    by_intent = {function.intent_id: function.pk for function in functions}
    counted = (
        ParameterSpan.objects.filter(annotation__goldlabel__intent__in=list(by_intent))
        .values_list("annotation__goldlabel__intent", "param")
        .annotate(n=Count("annotation", distinct=True))
        .order_by()
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for intent_id, param, n in counted:
        found[by_intent[intent_id]][param] = n
    return found
