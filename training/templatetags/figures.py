"""Figures as people read them."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """0.9234 -> 92.3 %; nothing measured is a dash."""
    return "—" if share in (None, "") else f"{100 * float(share):.1f} %"


@register.filter
def points(difference: float | None) -> str:
    """0.0123 -> +1.2, in points of a percentage; nothing measured is a dash."""
    return "—" if difference in (None, "") else f"{100 * float(difference):+.1f}"


@register.filter
def hundredths(share: float) -> str:
    """0.923 -> 92; what is there but rounds to nothing is <1."""
    return f"{100 * share:.0f}" if share >= 0.005 else "<1"
