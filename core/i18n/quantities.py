"""Shares and areas as text."""

from __future__ import annotations

from core.i18n import N_, Lang, say


def percent(share: float) -> str:
    """A share in percent; one below the whole is never shown as 100 %, one above zero never as 0 %."""
    # The digit shown is rounded: 0.9996 would read 100.0 %.
    if 0.999 <= share < 1:
        return "> 99.9 %"
    return "< 0.1 %" if 0 < share < 0.001 else f"{share * 100:.1f} %"


def area(m2: float, lang: Lang) -> str:
    """An area in square metres and mu (1 mu = 2000/3 m²)."""
    return say(lang, N_("{m2} m² ({mu} mu)"), m2=f"{m2:,.0f}", mu=f"{m2 * 3 / 2000:,.2f}")
