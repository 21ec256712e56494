"""Figures as people read them."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """0.9234 -> 92.3 %; nothing measured is a dash."""
    return "—" if share in (None, "") else f"{100 * float(share):.1f} %"
