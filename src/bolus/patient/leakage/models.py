"""The registry of leakage models, and what may enter it."""

import re

from bolus.data import InputError, LeakageModel
from bolus.data.description import CITED, LONGEST_MEANING, LONGEST_VALUE
from bolus.patient.leakage.boxerman import Boxerman
from bolus.patient.leakage.free import Free

MODELS: dict[str, LeakageModel] = {model.name: model for model in (Free(), Boxerman())}
"""Name → model. To add one: one frozen object, one entry under its own name."""


def find_leakage_model(model: str | LeakageModel) -> LeakageModel:
    """The model of a name in MODELS; a model is handed back as it is.

    Raises InputError for an unknown name, for what is no model, and for a model whose sentence
    cites what it does not hold or whose code DICOM cannot: what every output needs is known before
    any work is done.
    """
    if isinstance(model, str):
        if model not in MODELS:
            raise InputError(f"the leakage model is one of {', '.join(MODELS)}, found '{model}'")
        model = MODELS[model]
    if isinstance(model, type) or not isinstance(model, LeakageModel):
        found = model.__name__ if isinstance(model, type) else type(model).__name__
        raise InputError(
            "a leakage model is a name or an object with name, sentence, citations, code and "
            f"fit(problem), found {'the class ' if isinstance(model, type) else ''}{found}"
        )
    cited = re.findall(CITED, model.sentence)
    if not cited or set(cited) != set(model.citations):
        raise InputError(
            f"the sentence of leakage model '{model.name}' cites {cited}, and its citations are "
            f"{list(model.citations)}: every one is cited and every one is there"
        )
    value, meaning = model.code.value, model.code.meaning
    if not (0 < len(value) <= LONGEST_VALUE and 0 < len(meaning) <= LONGEST_MEANING):
        raise InputError(
            f"the code of leakage model '{model.name}' has a value of 1 to {LONGEST_VALUE} and a "
            f"meaning of 1 to {LONGEST_MEANING} characters, found '{value}' and '{meaning}'"
        )
    return model
