"""Names of the maps of one patient in a BIDS dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bolus.estimators import Estimator
    from bolus.io.bids.dataset import BidsNames


def bids_names(
    source: Path,
    subject: str | None,
    session: str | None,
    method: "str | Estimator",
    *,
    named: bool,
) -> "BidsNames":
    """Names in a BIDS dataset, from the options, or else from what the input is called.

    ``named`` says whether output that names the patient was asked for. Raises InputError where it
    was, and where nothing says the subject.
    """
    from bolus.data import InputError
    from bolus.io.bids.dataset import BidsNames, named_in

    if named:
        raise InputError(
            "--bids does not go with --dicom or --no-anonymize: these name the patient, and a "
            "dataset is made to be shared. Run bolus maps a second time without --bids"
        )
    its_subject, its_session = named_in(source)
    if subject is None and its_subject is None:
        raise InputError(
            f"{source.name}: with --bids give --subject (and --session), or an input called "
            "sub-…_…; a patient's id in the headers is never taken"
        )
    if session is None and subject in (None, its_subject, (its_subject or "").removeprefix("sub-")):
        session = its_session
    return BidsNames.of(subject or its_subject or "", session, method_label(method))


def method_label(method: "str | Estimator") -> str:
    """What names of files call a method."""
    from bolus.patient import method_name

    return method if isinstance(method, str) else method_name(method)


def check_only_with_bids(subject: str | None, session: str | None) -> None:
    """Raise InputError for labels that nothing would be called by."""
    from bolus.data import InputError

    if subject is not None or session is not None:
        raise InputError("--subject and --session are for --bids, which was not given")
