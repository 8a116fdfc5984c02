"""The second factor: codes of an authenticator app (RFC 6238) and passkeys (WebAuthn)."""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pyotp
import segno
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

ISSUER = "meetingcheck"
STEPS_OFF = (0, -1, 1)  # a phone's clock may be half a minute off
SEALED_FOR = "authenticator"
LONGEST_ANSWER = 20_000  # characters of what a browser says about a passkey


# --- an authenticator app


def new_secret() -> str:
    """160 random bits in the letters that authenticator apps take."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, at most one step off; None when the code is wrong."""
    totp = pyotp.TOTP(secret)
    present = totp.timecode(now)
    for step in (present + off for off in STEPS_OFF):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def app_address(secret: str, login: str) -> str:
    """What an authenticator app reads from the QR."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def qr_svg(text: str) -> bytes:
    """A QR code as an SVG image without styles."""
    out = BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=6, border=4, light="#fff", svgclass=None, lineclass=None)
    return out.getvalue()


# --- passkeys


@dataclass(frozen=True)
class Site:
    """The installation as passkeys know it: a passkey works only there."""

    host: str
    origin: str


@dataclass(frozen=True)
class NewPasskey:
    credential_id: bytes
    public_key: bytes
    sign_count: int


def registration_options(site: Site, user_id: bytes, login: str, name: str, known: Sequence[bytes]) -> tuple[str, str]:
    """What the browser needs to make a passkey, as JSON, and the challenge in it."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=ISSUER,
        user_id=user_id,
        user_name=login,
        user_display_name=name,
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def read_registration(site: Site, challenge: str, answer: str) -> NewPasskey | None:
    """The new passkey from what the browser says; None when that does not answer the challenge."""
    try:
        made = verify_registration_response(
            credential=answer[:LONGEST_ANSWER],
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except (WebAuthnException, ValueError):
        return None
    return NewPasskey(made.credential_id, made.credential_public_key, made.sign_count)


def authentication_options(site: Site, known: Sequence[bytes], *, alone: bool = False) -> tuple[str, str]:
    """What the browser needs to ask one of the person's passkeys, as JSON, and the challenge in it.

    `alone`: no password comes beside it, so the phone must see a finger, a face or its own code.
    """
    wanted = UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED
    options = generate_authentication_options(
        rp_id=site.host, allow_credentials=_descriptors(known), user_verification=wanted
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def credential_in(answer: str) -> bytes | None:
    """Which passkey a browser's answer says it is from."""
    try:
        said = json.loads(answer[:LONGEST_ANSWER])
        return base64url_to_bytes(said["id"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def read_authentication(
    site: Site, challenge: str, answer: str, public_key: bytes, sign_count: int, *, alone: bool = False
) -> int | None:
    """The passkey's new count from what the browser says; None when that does not answer the challenge."""
    try:
        proven = verify_authentication_response(
            credential=answer[:LONGEST_ANSWER],
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=alone,
        )
    except (WebAuthnException, ValueError):
        return None
    return proven.new_sign_count


def _descriptors(known: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known]
