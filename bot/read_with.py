"""How a trained model reads messages, without starting Rasa.

`python read_with.py MODEL.tar.gz < texts.json > readings.json`, by Rasa's interpreter. A list of texts goes
in; for each `{"intent", "confidence", "ranking", "parts"}` comes out, much as the gateway's channel has it.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile

import joblib

from insyn_bot.reader import Reader

_FILE = "reader.joblib"
_RANKING_LENGTH = 10


def load(model: str) -> Reader:
    """The reader of a model. Raises `LookupError` when there is none in it."""
    with tarfile.open(model) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(_FILE) else None
            if content is not None:
                return joblib.load(io.BytesIO(content.read()))
    raise LookupError(f"no {_FILE} in the model")


def main() -> None:
    reader = load(sys.argv[1])
    reader.warm_up()
    readings = []
    for text in json.load(sys.stdin):
        reading = reader.read(text)
        readings.append(
            {
                "intent": reading.intent,
                "confidence": reading.confidence,
                "ranking": [
                    {"name": name, "confidence": score} for name, score in reading.ranking[:_RANKING_LENGTH]
                ],
                "parts": [part.intent for part in reading.parts],
            }
        )
    json.dump(readings, sys.stdout)


if __name__ == "__main__":
    main()
