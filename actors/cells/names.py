"""What people are called where others see them."""

from storage.accounts import Profile


def called(profile: Profile) -> str:
    """Return what agents see in place of a name, if there is none (F18)."""
    known = profile.name or profile.email or profile.phone
    return known or f"Visitor {profile.id[-4:]}"
