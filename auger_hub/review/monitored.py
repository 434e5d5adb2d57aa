"""Make the endpoint and the alerts of a declared monitor, which older clients see as their own.

A monitor belongs to a model by its name. Its endpoint has the model that answers at present, and
one alert for each thing that is declared. What a client changes of these alerts changes the
monitor: there is one truth.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.review_tables import Endpoint, EndpointPipeline, ReviewAlert
from auger_hub.database.tables import Pipeline
from auger_hub.review.monitor import MEASURES, Measure

_NAME = "monitor_of"  # among the settings of its endpoint


def attach_monitor(session: Session, pipeline: Pipeline) -> None:
    """Bring endpoint and alerts to what the monitor of a model says.

    A model that does not answer yet takes the place of one that does when it is ready.
    """
    name = pipeline.name or pipeline.id
    for endpoint in _endpoints(session, pipeline.project_id):
        if endpoint.settings[_NAME] != name or not pipeline.monitor:
            _leave(session, endpoint, pipeline)
    if not pipeline.monitor:
        return
    found = (e for e in _endpoints(session, pipeline.project_id) if e.settings[_NAME] == name)
    endpoint_or_none = next(found, None)
    endpoint = endpoint_or_none or _add_endpoint(session, pipeline, name)
    links = _links(session, endpoint)
    if pipeline.status != "ready" and any(one.active for one in links):
        return
    make_primary(session, endpoint, pipeline)
    _sync_alerts(session, endpoint, pipeline.monitor)


def detach(session: Session, pipeline: Pipeline) -> None:
    """Take a model that is undeployed from the endpoint of its monitor."""
    for endpoint in _endpoints(session, pipeline.project_id):
        _leave(session, endpoint, pipeline)


def follow_alert(session: Session, alert: ReviewAlert, *, is_gone: bool = False) -> None:
    """Take what a client has changed of an alert into the monitor that made it."""
    measure = MEASURES.get((alert.rule or {}).get("measure", ""))
    if measure is None:
        return
    links = session.scalars(
        select(EndpointPipeline).where(EndpointPipeline.endpoint_id == alert.endpoint_id)
    )
    for link in links:
        pipeline = session.get_one(Pipeline, link.pipeline_id)
        monitor = dict(pipeline.monitor or {})
        if is_gone or not alert.active:
            monitor.pop(measure.name, None)
        else:
            told = monitor.get(measure.name)
            monitor[measure.name] = measure.changed(told, alert.threshold, alert.sensitivity)
        pipeline.monitor = monitor or None


def _endpoints(session: Session, project_id: int) -> list[Endpoint]:
    query = select(Endpoint).where(Endpoint.project_id == project_id)
    return [one for one in session.scalars(query) if _NAME in one.settings]


def _links(session: Session, endpoint: Endpoint) -> list[EndpointPipeline]:
    query = select(EndpointPipeline).where(EndpointPipeline.endpoint_id == endpoint.id)
    return list(session.scalars(query))


def _add_endpoint(session: Session, pipeline: Pipeline, name: str) -> Endpoint:
    endpoint = Endpoint(
        id=str(uuid.uuid4()),
        organization_id=pipeline.organization_id,
        project_id=pipeline.project_id,
        name=name,
        settings={_NAME: name},
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def make_primary(session: Session, endpoint: Endpoint, pipeline: Pipeline) -> None:
    """Let one model answer; the newest link is the one that does, so it is made anew."""
    links = _links(session, endpoint)
    others = [one for one in links if one.pipeline_id != pipeline.id]
    mine = [one for one in links if one.pipeline_id == pipeline.id]
    if mine and mine[0].active and not any(one.active for one in others):
        return
    for one in others:
        one.active = False
    for one in mine:
        session.delete(one)
    session.flush()
    session.add(
        EndpointPipeline(
            organization_id=endpoint.organization_id,
            project_id=endpoint.project_id,
            endpoint_id=endpoint.id,
            pipeline_id=pipeline.id,
            active=True,
        )
    )
    session.flush()


def _leave(session: Session, endpoint: Endpoint, pipeline: Pipeline) -> None:
    """Take a model from an endpoint; one without any that answers is of no use."""
    links = _links(session, endpoint)
    if not any(one.pipeline_id == pipeline.id for one in links):
        return
    for one in links:
        if one.pipeline_id == pipeline.id:
            session.delete(one)
    if not any(one.active for one in links if one.pipeline_id != pipeline.id):
        session.delete(endpoint)
    session.flush()


def _sync_alerts(session: Session, endpoint: Endpoint, monitor: dict[str, Any]) -> None:
    query = select(ReviewAlert).where(ReviewAlert.endpoint_id == endpoint.id)
    known = {one.rule["measure"]: one for one in session.scalars(query) if one.rule}
    for name, measure in MEASURES.items():
        alert = known.get(name)
        if name not in monitor:
            if alert is not None:
                session.delete(alert)
            continue
        if alert is None:
            alert = _add_alert(session, endpoint, measure)
        alert.threshold, alert.sensitivity = measure.read(monitor[name])
        alert.active = True
    session.flush()


def _add_alert(session: Session, endpoint: Endpoint, measure: Measure) -> ReviewAlert:
    alert = ReviewAlert(
        organization_id=endpoint.organization_id,
        project_id=endpoint.project_id,
        endpoint_id=endpoint.id,
        kind=measure.kind,
        rule={"measure": measure.name},
    )
    session.add(alert)
    return alert
