"""What people are called where others see them."""

from storage.accounts import Profile


def called(profile: Profile) -> str:
    """Return what agents see in place of a name, if there is none (F18)."""
    return called_by(profile.id, profile.name, profile.email, profile.phone)


def called_by(
    profile: str, name: str | None, email: str | None, phone: str | None
) -> str:
    """Return the same from what is known of `profile`."""
    return name or email or phone or f"Visitor {profile[-4:]}"
