"""The WSGI application, for a web server of your choice: `waitress-serve wsgi:app`, `gunicorn wsgi:app`."""

from meetingcheck import create_app

app = create_app()
