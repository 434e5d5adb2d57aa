# auger in a small image that runs as nobody in particular:
#   docker build --tag auger .
#   docker run --rm --volume "$PWD:/project" auger plan
# The same with the hub, and a hub that others reach (its data is in the volume /data):
#   docker build --build-arg WITH=hub --tag auger-hub .
#   docker run --publish 8080:8080 --volume auger-data:/data auger-hub hub serve --host 0.0.0.0 --port 8080
# With git, for the controller:
#   docker build --target controller --tag auger-controller .
#   docker run --volume "$PWD/controller.yaml:/project/controller.yaml" --env AUGER_CREDENTIALS auger-controller
FROM python:3.12-slim AS build
# core or hub: one of requirements/
ARG WITH=core
WORKDIR /source
COPY requirements requirements
RUN ["python", "-m", "venv", "/opt/auger"]
RUN /opt/auger/bin/pip install --no-cache-dir --require-hashes --requirement "requirements/${WITH}.txt"
COPY pyproject.toml README.md LICENSE ./
COPY auger auger
COPY auger_reconcile auger_reconcile
COPY auger_hub auger_hub
RUN ["/opt/auger/bin/pip", "install", "--no-cache-dir", "--no-deps", "--no-build-isolation", "."]

FROM python:3.12-slim AS auger
COPY --from=build /opt/auger /opt/auger
RUN useradd --create-home --uid 10001 auger \
 && install --directory --owner auger /data /project
ENV PATH=/opt/auger/bin:$PATH PYTHONUNBUFFERED=1 AUGER_HUB_HOME=/data
VOLUME /data
USER 10001
WORKDIR /project
EXPOSE 8080
# Asks the hub whose data is in the volume whether it answers, wherever it listens.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["python", "-c", "from auger_hub.processes.daemon import find_running, is_healthy; from auger_hub.settings import HubSettings; hub = find_running(HubSettings.from_environment()); raise SystemExit(hub is None or not is_healthy(hub.url))"]
ENTRYPOINT ["auger"]
CMD ["--help"]

FROM auger AS controller
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends git openssh-client \
 && rm -rf /var/lib/apt/lists/*
USER 10001
HEALTHCHECK NONE
CMD ["controller", "run"]

FROM auger
