"""Running the BIDS validator, as it is and with the words for DSC-MRI that BIDS lacks."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import bids_validator_deno
from deno import find_deno_bin

from bolus.io.bids.dataset import SUFFIXES

DERIVED = 'dataset.dataset_description.DatasetType == "derivative"'
IMAGE = "match(extension, '^\\.nii(\\.gz)?$')"
TABLES = ["aif", "numbers", "motion", "summary"]
MAPS = [name for name in SUFFIXES if name not in ("mask", *TABLES)]


def validate(dataset, schema=None):
    """(errors, warnings) by the validator, each a set of (code, what, path)."""
    program = Path(sys.executable).with_name("bids-validator-deno")
    more = [] if schema is None else ["--schema", schema.as_uri()]
    command = [str(program), "--format", "json", *more, str(dataset)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.startswith("{"), done.stderr
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert done.returncode != 0 or not any(i["severity"] == "error" for i in issues)
    return tuple(
        {
            (i["code"], i.get("subCode", ""), i.get("location", ""))
            for i in issues
            if i["severity"] == severity
        }
        for severity in ("error", "warning")
    )


@cache
def schema():
    """The validator's own schema, as its program holds it."""
    source = Path(bids_validator_deno.__file__).with_name("bids-validator.js").read_text("utf-8")
    start = source.index("var schema_default = ") + len("var schema_default = ")
    end = source.index("};", source.index('schema_version: "', start)) + 1
    script = f"console.log(JSON.stringify({source[start:end]}))"
    done = subprocess.run(
        [find_deno_bin(), "run", "-"], input=script, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def write_extended_schema(path):
    """The schema with rules for derivatives of DSC-MRI, so that nothing need be ignored."""
    made = json.loads(json.dumps(schema()))
    for suffix in (*SUFFIXES, "report", "overview"):
        made["objects"]["suffixes"].setdefault(
            suffix, {"value": suffix, "display_name": suffix, "description": suffix}
        )
    own = {"subject": "required", "session": "optional", "description": "required"}
    images = {"datatypes": ["perf"], "extensions": [".nii.gz", ".json"], "selectors": [DERIVED]}
    rules = made["rules"]["files"]["deriv"]["imaging"]
    rules["dsc_maps"] = {**images, "entities": own, "suffixes": MAPS}
    masks = {**own, "label": "required"}
    rules["dsc_masks"] = {**images, "entities": masks, "suffixes": ["mask"]}
    tables = {**images, "extensions": [".tsv", ".json"]}
    rules["dsc_tables"] = {**tables, "entities": own, "suffixes": TABLES}
    sidecars = made["rules"]["sidecars"]["derivatives"]["common_derivatives"]
    wanted = ("Description", "RepetitionTime")
    sidecars["DscImages"] = {
        "selectors": [DERIVED, "datatype == 'perf'", IMAGE],
        "fields": dict.fromkeys(wanted, "required"),
    }
    chosen = ", ".join(f"'{name}'" for name in MAPS if name != "quality")
    sidecars["DscMaps"] = {
        "selectors": [DERIVED, f"intersects([suffix], [{chosen}])", IMAGE],
        "fields": dict.fromkeys(("Units", "EchoTime"), "required"),
    }
    path.write_text(json.dumps(made))
    return path
