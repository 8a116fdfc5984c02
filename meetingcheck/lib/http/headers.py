"""The headers of every response: pages, errors, static files and photos alike (security.md 14 names them)."""

from flask import Flask, Response

from meetingcheck.lib.settings import Settings

HSTS = "max-age=63072000"


# No inline script or style, no frames, nothing from elsewhere; blob: is for thumbnails of photos just chosen.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)


def configure_headers(app: Flask, settings: Settings) -> None:
    fixed = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(), microphone=(), payment=(), usb=()",
    }
    if settings.https:
        fixed["Strict-Transport-Security"] = HSTS

    def add_headers(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(add_headers)
