# auger in a small image that runs as nobody in particular. With its hub:
#   docker build --build-arg EXTRAS=[hub] --tag auger .
FROM python:3.12-slim AS build
ARG EXTRAS=""
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY auger auger
COPY auger_reconcile auger_reconcile
COPY auger_hub auger_hub
RUN python -m venv /opt/auger \
 && /opt/auger/bin/pip install --no-cache-dir ".${EXTRAS}"

FROM python:3.12-slim
COPY --from=build /opt/auger /opt/auger
RUN useradd --create-home --uid 10001 auger
ENV PATH=/opt/auger/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /project
ENTRYPOINT ["auger"]
CMD ["--help"]
