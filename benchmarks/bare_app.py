"""Serve a fitted pipeline as one would by hand, to compare the hub with.

python -m benchmarks.bare_app FOLDER PORT
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from auger_hub.models.predict import Predictor


def main(folder: str, port: str) -> None:
    """Load the model and answer until ended."""
    predictor = Predictor.load(Path(folder))
    classes = predictor.classes or []

    async def health(_request: Request) -> JSONResponse:
        return JSONResponse({})

    async def predict(request: Request) -> JSONResponse:
        records = (await request.json())["records"]
        frame = pd.DataFrame(records, columns=list(predictor.needed))
        predicted = predictor.model.predict(frame)
        return JSONResponse({"predictions": [str(classes[int(one)]) for one in predicted]})

    routes = [Route("/health", health), Route("/", predict, methods=["POST"])]
    uvicorn.run(Starlette(routes=routes), port=int(port), log_level="error")


if __name__ == "__main__":
    main(*sys.argv[1:])
