"""The decoding child of this process: one for each web process and each worker."""

from flask import Flask

from meetingcheck.photos.decoder import Decoder

EXTENSION = "meetingcheck.decoder"


def configure_decoder(app: Flask) -> None:
    app.extensions[EXTENSION] = Decoder()


def decoder_of(app: Flask) -> Decoder:
    decoder: Decoder = app.extensions[EXTENSION]
    return decoder
