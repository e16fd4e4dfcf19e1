import pytest

from bolus.base import extras
from bolus.bench.ablation import run_ablation
from bolus.bench.adaptation import run_adaptation
from bolus.data import InputError
from bolus.learning import train


@pytest.mark.parametrize("asked", [run_ablation, run_adaptation, lambda: train("ours.safetensors")])
def test_without_torch_it_says_what_to_install(asked, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs torch, .* pip install 'bolus\[train\]'"):
        asked()
    assert list(tmp_path.iterdir()) == []
