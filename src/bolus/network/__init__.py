"""DICOM over the network: a listener that makes maps of what it receives, and transfers."""

from bolus.network.address import Refusal
from bolus.network.courier import Backoff
from bolus.network.destination import Destination, Entity, Web, destination_of
from bolus.network.door import Door, Limits
from bolus.network.listener import Listener, Timing, listen
from bolus.network.records import Arrival, Delivery, Job, State, read_jobs
from bolus.network.rules import Rule, Rules, read_rules
from bolus.network.transfer import Found, Query, fetch, find, send

__all__ = [
    "Arrival",
    "Backoff",
    "Delivery",
    "Destination",
    "Door",
    "Entity",
    "Found",
    "Job",
    "Limits",
    "Listener",
    "Query",
    "Refusal",
    "Rule",
    "Rules",
    "State",
    "Timing",
    "Web",
    "destination_of",
    "fetch",
    "find",
    "listen",
    "read_jobs",
    "read_rules",
    "send",
]
