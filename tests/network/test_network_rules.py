"""Rules in a file: what they say, what they may not say, and which options maps are made by."""

import pytest
from network_cases import free_port

from bolus.data import InputError
from bolus.network import Door, Entity, Listener, Rule, Rules, Web, destination_of, read_rules
from bolus.network.header import Header
from bolus.options import Estimation, Given, MapOptions, Prepared

FILE = """
[listen]
port = 11113

[destinations.pacs]
ae = "PACS"
host = "10.0.0.5"
port = 104
tls = true
tls_ca = "ca.pem"

[destinations.web]
url = "https://pacs.example/dicom-web"
authorization = "PACS_TOKEN"

[[rules]]
name = "tumour"
description = ["*perf*", "DSC*"]
send = ["pacs", "web"]

[rules.options]
method = "osvd"
drift = false

[[rules]]
name = "rest"
modality = "MR"
"""


def header(description="ep2d_perf", modality="MR"):
    return Header("1.2", "1.2.3", "1.2.3.4", modality, description)


@pytest.fixture
def told(tmp_path):
    def write(text=FILE, old="", new=""):
        path = tmp_path / "rules.toml"
        path.write_text(text.replace(old, new) if old else text)
        return path

    return write


def test_a_file_says_what_it_says(told, tmp_path):
    rules = read_rules(told())
    first, second = rules.rules
    assert (first.description, first.send) == (("*perf*", "DSC*"), ("pacs", "web"))
    assert first.options == MapOptions(
        estimation=Estimation(method="osvd"), prepared=Prepared(drift=False)
    )
    assert (second.modality, second.description, second.send) == ("MR", ("*",), ())
    pacs, web = rules.destinations["pacs"], rules.destinations["web"]
    assert pacs == Entity(
        ae="PACS", host="10.0.0.5", port=104, tls=True, tls_ca=tmp_path / "ca.pem"
    )
    assert web == Web(url="https://pacs.example/dicom-web", authorization="PACS_TOKEN")
    assert rules.listen == {"port": 11113}


def test_the_first_rule_that_matches_counts(told):
    rules = read_rules(told())
    assert rules.first(header("EP2D_PERF_moco")).name == "tumour"
    assert rules.first(header("dsc [1]")).name == "tumour"
    assert rules.first(header("t1")).name == "rest"
    assert rules.first(header("ep2d_perf", "CT")) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('send = ["pacs", "web"]', 'send = ["pax"]', "sends to 'pax', which is no destination"),
        ("name = \"rest\"", 'name = "tumour"', "two rules have the name 'tumour'"),
        ("modality = \"MR\"", "modalities = 3", "rule 'rest' has no 'modalities'"),
        ("port = 104", 'port = "104"', "destination 'pacs': port is int, found '104'"),
        ("port = 104", "port = 104000", "destination 'pacs': a port is a number"),
        ('host = "10.0.0.5"', "", "destination 'pacs': ae, host and port are needed"),
        ("tls = true", "tls = false", "destination 'pacs': certificates are given"),
        ("https://pacs", "ftp://pacs", "destination 'web': a DICOMweb address"),
        ("https://pacs", "https://me:secret@pacs", "without name and password"),
        ("[[rules]]", "[[rule]]", "the file has no 'rule'"),
        ("[listen]", "[listen", "this is not readable TOML"),
        ('description = ["*perf*", "DSC*"]', "description = [1]", "description of rule 'tumour'"),
    ],
)  # fmt: skip
def test_what_a_file_may_not_say_is_named(told, old, new, words):
    with pytest.raises(InputError) as error:
        read_rules(told(FILE, old, new))
    assert words in str(error.value)
    assert "rules.toml" in str(error.value)


def test_no_rules_and_no_file(told, tmp_path):
    with pytest.raises(InputError, match="at least one rule"):
        read_rules(told(""))
    with pytest.raises(InputError, match="cannot be read"):
        read_rules(tmp_path / "none.toml")


def test_options_are_those_of_maps(told, tmp_path):
    options = 'method = "osvd"\nmask = "brain.nii.gz"\nmotion-limit = 2'
    rule = read_rules(told(f'[[rules]]\nname = "a"\n[rules.options]\n{options}\n')).rules[0]
    assert rule.options == MapOptions(
        estimation=Estimation(method="osvd"),
        given=Given(mask=tmp_path / "brain.nii.gz"),
        prepared=Prepared(motion_limit=2),
    )


@pytest.mark.parametrize(
    "option", ["dicom = true", "bids = true", "series = 3", "anonymize = false"]
)
def test_what_the_listener_decides_stands_in_no_rule(told, option):
    with pytest.raises(InputError, match="is decided by the listener"):
        read_rules(told(f'[[rules]]\nname = "a"\n[rules.options]\n{option}\n'))


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("colour = 1", "there is no option 'colour'"),
        ('te = "long"', "a number"),
        ("te = {}", "a number"),
        ("output = 'x'", "there is no option 'output'"),
    ],
)
def test_options_of_no_maps_are_named(told, option, words):
    with pytest.raises(InputError, match=r"rules\.toml: options of rule 'a'") as error:
        read_rules(told(f'[[rules]]\nname = "a"\n[rules.options]\n{option}\n'))
    assert words in str(error.value)


def test_options_are_checked_before_the_start(tmp_path):
    wrong = Rule(name="b", options=MapOptions(estimation=Estimation(method="none")))
    rules = Rules(rules=(Rule(name="a"), wrong))
    listener = Listener(tmp_path / "out", rules, Door(port=free_port()))
    with pytest.raises(InputError, match="options of rule 'b': no method 'none'"), listener:
        pass
    assert not (tmp_path / "out").exists()


def test_destinations_on_the_command_line():
    pacs = destination_of("PACS@host:104", calling="ME")
    assert pacs == Entity(ae="PACS", host="host", port=104, calling="ME")
    assert destination_of("http://host:8042/dicom-web") == Web(url="http://host:8042/dicom-web")
    for wrong in ("PACS", "PACS@host", "host:104", "@host:104", "PACS@host:0"):
        with pytest.raises(InputError):
            destination_of(wrong)


def test_a_secret_comes_from_the_environment(monkeypatch):
    web = Web(url="http://host", authorization="SOME_TOKEN")
    monkeypatch.delenv("SOME_TOKEN", raising=False)
    with pytest.raises(InputError, match="SOME_TOKEN is not set"):
        web.check()
    monkeypatch.setenv("SOME_TOKEN", "Bearer x")
    assert web.secret() == "Bearer x"
