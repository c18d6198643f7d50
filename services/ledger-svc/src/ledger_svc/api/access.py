"""Whose books somebody reads."""

from fundmix_kit.policy import Access


def agency_filter(access: Access, agency: str | None) -> str | None:
    """Whose books: those asked for, where they may be seen. Raises ForeignRowError."""
    if agency is None:
        return access.org_filter
    access.require_own(agency)
    return agency
