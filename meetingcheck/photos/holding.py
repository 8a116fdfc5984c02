"""The lease that sweep, purge and backup share: whoever holds it may rely on no object being deleted by another."""

import threading
import time
import uuid
from datetime import timedelta
from typing import Self

from flask import Flask

from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.leases import drop_lease, take_lease
from meetingcheck.lib.logs import log_error
from meetingcheck.lib.services import services_of

NAME = "photos.objects"
LASTING = timedelta(minutes=2)
RENEW_S = 20.0
ASK_AGAIN_S = 1.0


class ObjectsHeld(Exception):
    """Another sweep, purge, backup or restore is at work; the message is a sentence."""


class HoldLost(Exception):
    """The lease ran out while the work went on, for example because this machine slept."""


class Holding:
    """Holds the lease while its block runs; a thread of its own renews it. To be entered outside any transaction."""

    def __init__(self, app: Flask, wait_s: float = 0) -> None:
        """`wait_s` is how many seconds to wait for another holder to finish."""
        self._app = app
        self._clock = services_of(app).clock
        self._wait_s = wait_s
        self._holder = uuid.uuid4()
        self._stop = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._renew, name="holding", daemon=True)

    def __enter__(self) -> Self:
        """Raises ObjectsHeld."""
        deadline = time.monotonic() + self._wait_s
        while not self._take():
            if time.monotonic() >= deadline:
                raise ObjectsHeld("Another backup, restore, sweep or purge is at work. Try again in a few minutes.")
            time.sleep(ASK_AGAIN_S)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        try:
            with self._app.app_context(), write_transaction() as session:
                drop_lease(session, NAME, self._holder)
        except Exception as error:  # it runs out by itself; what the work did stands
            log_error("lease not given back", error)

    def ensure(self) -> None:
        """Prolong the lease; raises HoldLost if another has had it meanwhile. With no transaction open."""
        self._lost = self._lost or not self._take()
        if self._lost:
            raise HoldLost("The lease on the photos was lost while the work went on. Try again.")

    def _take(self) -> bool:
        with self._app.app_context(), write_transaction() as session:
            return take_lease(session, NAME, self._holder, LASTING, self._clock())

    def _renew(self) -> None:
        while not self._stop.wait(RENEW_S):
            try:
                self._lost = self._lost or not self._take()
            except Exception as error:  # a moment without the database; the next time may be better
                log_error("lease not renewed", error)
