"""Surrogates learn the maps of their teacher, and run without torch as they were trained."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from altered import BARE
from bolus.cli import main
from bolus.data import InputError, MethodError, WeightsError
from bolus.estimators import Places, deconvolve, deconvolve_patient
from bolus.estimators.phae import from_weights, read_weights
from bolus.estimators.rebuild import rebuilt
from bolus.estimators.surrogate import KINDS, SurrogateConfig
from bolus.estimators.surrogate.told import taught
from bolus.learning import Sample, find_sources, read_cohort, train
from bolus.learning.lesson import TAUGHT, Lesson
from bolus.learning.presets import PRESETS
from bolus.learning.surrogate.pupils import caps_of, curve_batch, slice_batch, slices_of
from bolus.learning.surrogate.recipe import RECIPES
from bolus.learning.surrogate.task import SurrogateTask, _on_grid
from bolus.learning.surrogate.train import train_surrogate
from bolus.learning.voxels import PatientVoxels
from bolus.patient import perfusion_maps
from bolus.testing import estimator as laws
from recorder import Recorder

TINY = {
    "temporal": replace(RECIPES["temporal", "small"], tower=(4, 8), hidden=16, batch=128, epochs=6),
    "gan": replace(
        RECIPES["gan", "small"],
        learning_rate=2e-3,
        tower=(4, 4),
        hidden=4,
        image=(4, 8),
        epochs=16,
        batch=2,
    ),
    "talebi": replace(
        RECIPES["talebi", "small"],
        tower=(4, 4),
        hidden=4,
        image=(4, 8),
        epochs=16,
        batch=1,
        learning_rate=3e-3,
    ),
}
SAMPLE = Sample(voxels=1000, preparation=BARE)


@pytest.fixture(scope="module")
def lessons(made, bids, tmp_path_factory):
    """The voxels of the cohort with osvd's maps: alone, and by slices."""
    found = {}
    for slices in (False, True):
        folder = tmp_path_factory.mktemp("lesson")
        read = read_cohort(
            find_sources([bids / "sub-00", bids / "sub-01"]),
            folder,
            sample=SAMPLE,
            lesson=Lesson(target="osvd", slices=slices),
        )
        found[slices] = [PatientVoxels.open(path) for path in read.files]
    return found


@pytest.fixture(scope="module")
def trained(lessons, tmp_path_factory):
    """Weights of every kind, and the losses of their epochs."""

    def one(kind):
        files = lessons[kind != "temporal"]
        return train_surrogate(
            kind,
            Lesson(target="osvd", slices=kind != "temporal"),
            files[:1],
            files[1:],
            tmp_path_factory.mktemp(kind),
            recipe=TINY[kind],
            seed=3,
            resume=False,
            reporter=Recorder(),
        )

    return {kind: one(kind) for kind in KINDS}


class TestLesson:
    def test_targets_are_the_maps_of_the_method(self, bids, lessons):
        source = find_sources([bids / "sub-00"])[0]
        from bolus.io import read_series

        maps = perfusion_maps(
            read_series(source.path), "osvd", source.aif, source.brain, preparation=BARE
        )
        patient = lessons[False][0]
        x, y, z = patient.further("pixels", 0, patient.count).astype(int)[:, :3].T
        targets = patient.further("targets", 0, patient.count)
        for name in ("cbf", "tmax"):
            values = maps.volumes[name][x, y, z]
            told = targets[:, TAUGHT.index(name)]
            assert np.corrcoef(values, told)[0, 1] > 0.9999
        np.testing.assert_allclose(
            maps.volumes["tmax"][x, y, z], targets[:, TAUGHT.index("tmax")], rtol=1e-5, atol=1e-6
        )

    def test_slices_are_whole(self, lessons):
        patient = lessons[True][0]
        pixels = patient.further("pixels", 0, patient.count)
        parts = slices_of(patient)
        assert len({pixels[a, 2] for a, _ in parts}) == len(parts)
        assert sum(b - a for a, b in parts) == patient.count
        assert len(parts) == 2, "no third one fits into the voxels that are asked for"

    def test_the_target_is_a_method(self):
        with pytest.raises(InputError, match="the target is one of"):
            Lesson(target="better")


@pytest.mark.parametrize("kind", KINDS)
class TestTraining:
    def test_it_learns(self, trained, kind):
        told = trained[kind].provenance
        assert told["validation_loss"][told["epoch_kept"] - 1] < 0.8 * told["validation_loss"][0]

    def test_the_weights_say_target_scale_and_preset(self, trained, kind):
        weights = trained[kind]
        config = SurrogateConfig.from_weights(weights)
        assert (weights.kind, config.target) == (kind, "osvd")
        assert weights.provenance["target"] == "osvd"
        assert all(cap > 0 for cap in config.caps)
        assert "rival" not in "".join(weights.tensors)

    def test_numpy_says_what_torch_says(self, trained, lessons, kind):
        weights = trained[kind]
        patient = lessons[kind != "temporal"][1]
        config, estimator = SurrogateConfig.from_weights(weights), from_weights(weights)
        task = SurrogateTask(kind, config, TINY[kind], [patient], [])
        network = task.module["network"]
        network.load_state_dict({k: torch.from_numpy(v) for k, v in weights.tensors.items()})
        stop = slices_of(patient)[0][1] if config.image else 50
        part = [(patient, 0, stop)]
        curves, aif = patient.rows(0, stop)[0].astype(float), patient.aif.astype(float)
        pixels = patient.further("pixels", 0, stop).astype(int)[:, :3]
        with torch.no_grad():
            if config.image:
                batch = slice_batch(part, config)
                said = network(batch.curves, batch.brain).permute(0, 2, 3, 1)[batch.brain].numpy()
                order = np.lexsort((pixels[:, 1], pixels[:, 0]))
                shape = (32, 32, 4)
                found = deconvolve_patient(
                    curves, aif, patient.dt, Places(pixels, shape), estimator
                )
            else:
                batch, order = curve_batch(part, config), np.arange(stop)
                said = network(batch.curves, batch.arteries).numpy()
                found = deconvolve(curves, aif, patient.dt, estimator)
        for column, name in enumerate(config.quantities):
            expected = config.caps[column] * np.maximum(said[:, column], 0) ** 2
            np.testing.assert_allclose(getattr(found, name)[order], expected, rtol=2e-4, atol=1e-7)
        known = np.isfinite(found.mtt)
        np.testing.assert_allclose((found.cbf * found.mtt)[known], found.cbv[known], rtol=1e-6)

    def test_other_tensors_are_refused(self, trained, kind):
        weights = trained[kind]
        fewer = {k: v for k, v in weights.tensors.items() if k != "last.bias"}
        with pytest.raises(WeightsError, match=r"last\.bias"):
            from_weights(replace(weights, tensors=fewer))
        with pytest.raises(WeightsError, match="other fields"):
            from_weights(replace(weights, config={}))

    def test_a_result_is_set_up_again(self, trained, kind):
        weights = trained[kind]
        told = {"weights": kind, "checksum": weights.checksum, "config": dict(weights.config)}
        assert rebuilt(kind, told, weights).weights is weights
        with pytest.raises(WeightsError, match="not shipped"):
            rebuilt(kind, told)


LAWS = (
    laws.is_frozen_data,
    laws.says_what_it_is,
    laws.one_number_a_voxel,
    laws.single_precision_is_close,
    laws.inputs_stay_as_they_are,
    laws.the_same_again,
    laws.voxels_are_independent,
    laws.volume_is_flow_times_transit_time,
    laws.claims_a_posterior,
    laws.claims_to_censor,
)
"""All that do not ask for a network that was trained for long."""


class TestRunning:
    @pytest.mark.parametrize("law", LAWS)
    def test_laws_of_an_estimator(self, trained, law):
        law(from_weights(trained["temporal"]))

    def test_no_unit_and_no_repetition_time(self, trained):
        """The same curves in another unit and at half the frames' distance say the same."""
        estimator = from_weights(trained["temporal"])
        t = np.arange(80) * 0.75
        aif = np.maximum(t - 12, 0) ** 3 * np.exp(-np.maximum(t - 12, 0) / 1.5)
        tissue = 0.05 * np.stack([np.roll(aif, k) for k in (1, 3)])
        here = deconvolve(tissue, aif, 0.75, estimator)
        other = deconvolve(7 * tissue, 7 * aif, 0.75, estimator)
        np.testing.assert_allclose(other.cbf, here.cbf, rtol=1e-4)
        aif[::2] *= 1 + 1e-9  # the peak's frame is one of those kept
        keep = slice(int(np.argmax(aif)) % 2, None, 2)
        coarse = deconvolve(tissue[:, keep], aif[keep], 1.5, estimator)
        np.testing.assert_allclose(coarse.cbv, here.cbv, rtol=0.05)

    def test_slices_need_places(self, trained):
        estimator = from_weights(trained["talebi"])
        with pytest.raises(MethodError, match="sees whole slices"):
            deconvolve(np.ones((3, 40)), np.ones(40), 1.5, estimator)

    def test_maps_of_a_patient(self, trained, made, bids):
        """Through the whole of ``bolus maps``: every kind has maps where it has learnt them."""
        measured_by = find_sources([bids / "sub-02"])[0]
        series = made[2].series
        for kind in KINDS:
            maps = perfusion_maps(
                series,
                from_weights(trained[kind]),
                measured_by.aif,
                measured_by.brain,
                preparation=BARE,
            )
            assert maps.method == kind
            assert maps.description.sentence.endswith("osvd, whose errors it inherits")
            cbv = maps.volumes["cbv"]
            assert np.isfinite(cbv[maps.mask]).mean() > 0.95
            assert (kind == "talebi") == (not np.isfinite(maps.volumes["tmax"]).any())


class TestSameAgain:
    @pytest.mark.parametrize("kind", KINDS)
    def test_same_seed_same_weights(self, lessons, trained, tmp_path, kind):
        """Also where the training was broken off half way and resumed."""
        files, lesson = (
            lessons[kind != "temporal"],
            Lesson(target="osvd", slices=kind != "temporal"),
        )
        stop = Recorder(stop_after=3, error=KeyboardInterrupt())
        common = {"recipe": TINY[kind], "seed": 3}
        with pytest.raises(KeyboardInterrupt):
            train_surrogate(
                kind, lesson, files[:1], files[1:], tmp_path, resume=False, reporter=stop, **common
            )
        again = train_surrogate(
            kind, lesson, files[:1], files[1:], tmp_path, resume=True, reporter=Recorder(), **common
        )
        assert again.checksum == trained[kind].checksum

    def test_the_rival_moves_by_its_own_loss_alone(self, lessons):
        """The network's gradient passes through the rival, and does not move it."""
        recipe, patient = TINY["gan"], lessons[True][0]
        config = SurrogateConfig(
            target="osvd", quantities=("cbv", "cbf", "tmax"), caps=caps_of([patient], TAUGHT),
            step=1.5, before=12.0, samples=48, tower=recipe.tower, hidden=recipe.hidden,
            image=recipe.image,
        )  # fmt: skip
        task = SurrogateTask("gan", config, recipe, [patient], [])
        batch = next(task.batches(0))
        rival, network = task.module["rival"], task.module["network"]
        task.loss(batch).backward()
        whole = [p.grad.clone() for p in rival.parameters()]
        for parameter in task.module.parameters():
            parameter.grad = None
        fake = task._said(batch).detach() * batch.brain[:, None]
        seen, real = (_on_grid(part, batch.brain) for part in (batch.curves, batch.targets))
        lost = torch.nn.functional.softplus
        (0.5 * (lost(-rival(seen, real)).mean() + lost(rival(seen, fake)).mean())).backward()
        for own, alone in zip(whole, (p.grad for p in rival.parameters()), strict=True):
            torch.testing.assert_close(own, alone)
        assert all(p.grad is None for p in network.parameters())


class TestCommand:
    def test_a_file_that_names_its_teacher(self, bids, tmp_path):
        made = train(
            tmp_path / "w.safetensors",
            [bids / "sub-00", bids / "sub-01"],
            preset="temporal",
            recipe=TINY["temporal"],
            sample=replace(SAMPLE, epochs=1, target="osvd"),
        )
        assert made.lines()[0].startswith("1 series trained on, 1 held out")
        weights = read_weights(tmp_path / "w.safetensors")
        assert (weights.kind, weights.config["target"]) == ("temporal", "osvd")
        assert "/" not in json.dumps(weights.provenance)

    def test_target_and_size_by_option(self, monkeypatch):
        asked = []
        monkeypatch.setattr("bolus.learning.train", lambda *_, **named: asked.append(named))
        given = ["train", "x", "-o", "w", "--preset", "gan", "--target", "osvd", "-q"]
        for more in ([], ["--size", "large"]):
            with pytest.raises(SystemExit) as stop:
                main([*given, *more])
            assert not stop.value.code
        small, large = asked
        assert (small["preset"], small["sample"].target, small["recipe"]) == ("gan", "osvd", None)
        assert large["recipe"] == RECIPES["gan", "large"]

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"preset": "gan"}, "name it as the target"),
            ({"preset": "phae", "sample": Sample(target="osvd")}, "learns no maps"),
            ({"preset": "talebi", "sample": Sample(target="none")}, "the target is one of"),
        ],
    )
    def test_what_makes_no_training_is_refused(self, bids, tmp_path, more, words):
        with pytest.raises(InputError, match=words):
            train(tmp_path / "w.safetensors", [bids], **more)

    def test_without_a_cohort_there_is_no_teacher(self, tmp_path):
        with pytest.raises(InputError, match="name its series"):
            train(tmp_path / "w.safetensors", preset="gan", sample=Sample(target="osvd"))

    def test_every_surrogate_is_a_preset_of_two_sizes(self):
        assert {kind for kind, _ in RECIPES} == {*KINDS} == {k for k in KINDS if PRESETS[k].lesson}


def test_what_is_taught_comes_back():
    targets = np.array([[0.0, 0.02], [0.04, 0.5], [-0.1, np.nan]])
    said = taught(targets, (0.08, 0.25))
    np.testing.assert_allclose(0.08 * said[:2, 0] ** 2, [0.0, 0.04], rtol=1e-6)
    assert said[1, 1] == 1, "above the cap"
    assert said[2, 0] == 0
    assert np.isnan(said[2, 1])
