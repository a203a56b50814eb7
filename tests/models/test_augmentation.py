"""What D sees in place of images: known answers, gradients, and the strength that follows D's verdicts."""

from __future__ import annotations

import pytest
import torch
from helpers import tiny

from gan_core.config import RunConfig, with_changes
from gan_core.models.augmentation import AUGMENTATIONS, Augmenter, cut_out, recolor, translate
from gan_core.models.objectives import OBJECTIVES

CPU = torch.device("cpu")


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = 6, size: int = 8, channels: int = 3) -> torch.Tensor:
    return torch.rand(count, channels, size, size, generator=rng(), dtype=torch.float64) * 2 - 1


def augmenter(step: int = 0, **changes) -> Augmenter:
    made = Augmenter(tiny(**{"augmentation__kinds": tuple(AUGMENTATIONS), **changes}), CPU)
    made.begin_step(step)
    return made


def test_colours_without_strength_are_the_image_and_each_number_does_what_it_says():
    x = images(2)
    zero, one = torch.zeros(2, dtype=x.dtype), torch.ones(2, dtype=x.dtype)
    torch.testing.assert_close(recolor(x, zero, one, one), x)
    torch.testing.assert_close(recolor(x, one / 4, one, one), x + 0.25)
    grey = recolor(x, zero, zero, one)
    torch.testing.assert_close(grey, x.mean(1, keepdim=True).expand_as(x))
    torch.testing.assert_close(recolor(x, zero, one, zero), x.mean((1, 2, 3), keepdim=True).expand_as(x))
    only_second = recolor(x, torch.tensor([0.0, 0.5], dtype=x.dtype), one, one)
    torch.testing.assert_close(only_second[0], x[0])


def test_a_translation_by_hand_leaves_grey_behind():
    x = torch.arange(1.0, 17).reshape(1, 1, 4, 4).repeat(2, 1, 1, 1)
    moved = translate(x, torch.tensor([1, 0]), torch.tensor([-2, 3]))
    assert moved[0, 0].tolist() == [[0, 0, 0, 0], [3, 4, 0, 0], [7, 8, 0, 0], [11, 12, 0, 0]]
    assert moved[1, 0].tolist() == [[0, 0, 0, 1], [0, 0, 0, 5], [0, 0, 0, 9], [0, 0, 0, 13]]


@pytest.mark.parametrize(("place", "zeros"), [((4, 4), 16), ((0, 0), 4), ((8, 4), 8), ((2, 6), 16)])
def test_a_cut_out_has_half_the_side_less_what_lies_beyond_the_border(place, zeros):
    row, column = (torch.tensor([p]) for p in place)
    cut = cut_out(torch.ones(1, 3, 8, 8), row, column, 4)
    assert (cut == 0).sum((2, 3)).tolist() == [[zeros] * 3] and set(cut.unique().tolist()) == {0, 1}


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_kind_changes_each_image_by_itself_and_lets_gradients_through(name):
    apply, x = AUGMENTATIONS[name].apply, images(6)
    changed = apply(x, rng(1))
    assert changed.shape == x.shape and not torch.equal(changed, x)
    assert torch.equal(changed, apply(x, rng(1))) and not torch.equal(changed, apply(x, rng(2)))
    alike = apply(x[:1].repeat(6, 1, 1, 1), rng(1))
    assert len({tuple(image.flatten().tolist()) for image in alike}) > 1
    small = images(2, size=4).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: apply(x, rng(3)), small)


def test_shifts_and_cuts_go_everywhere_that_they_may_and_no_further():
    ones = torch.ones(4000, 1, 8, 8)
    shifted = AUGMENTATIONS["translation"].apply(ones, rng())
    grey_rows = (shifted == 0).all(3).flatten(1)
    assert not grey_rows[:, 1:7].any() and 0.3 < grey_rows[:, 0].float().mean() < 0.37
    cut = AUGMENTATIONS["cutout"].apply(ones, rng()) == 0
    assert cut.flatten(1).any(1).all() and cut.float().mean(0).min() > 0.1


def test_an_augmentation_is_a_function_of_seed_and_step_and_draws_nothing_else():
    x = images()
    assert torch.equal(augmenter(3)(x), augmenter(3)(x))
    assert not torch.equal(augmenter(3)(x), augmenter(4)(x))
    assert not torch.equal(augmenter(3)(x), augmenter(3, training__seed=1)(x))
    twice = augmenter(3)
    assert not torch.equal(twice(x), twice(x))  # real and generated images are changed differently
    assert augmenter(augmentation__kinds=())(x) is x


def test_of_the_adaptive_strength_so_large_a_share_of_images_is_changed_by_each_kind():
    x = torch.ones(4000, 1, 8, 8)
    made = augmenter(augmentation__kinds=("cutout",), augmentation__adaptive=True)
    assert torch.equal(made(x), x)
    made.state()["strength"].fill_(0.3)
    assert (made(x) != x).flatten(1).any(1).float().mean().item() == pytest.approx(0.3, abs=0.03)


def test_the_strength_after_some_steps_by_hand():
    """Every fourth step by the images seen since, over 1,000: up while more than four fifths of the signs are positive."""
    made = augmenter(augmentation__adaptive=True, augmentation__ramp_images=1000)
    sure, unsure = torch.ones(50), torch.cat([torch.ones(30), -torch.ones(20)])
    found = [made.adapt(step, sure) for step in range(4)]
    assert found[:3] == [{}, {}, {}] and {k: v.item() for k, v in found[3].items()} == pytest.approx(
        {"augmentation/strength": 0.2, "augmentation/sign": 1.0}
    )
    for step in range(4, 8):
        last = made.adapt(step, unsure if step % 2 else sure)
    assert last["augmentation/sign"].item() == pytest.approx(0.6) and made.state()["signs"] == 0
    for step in range(8, 12):
        last = made.adapt(step, unsure)
    assert last["augmentation/sign"].item() == pytest.approx(0.2)
    for step in range(12, 40):
        last = made.adapt(step, sure)
    assert last["augmentation/strength"] == 1
    for step in range(40, 68):
        last = made.adapt(step, -sure)
    assert last["augmentation/strength"] == 0 and last["augmentation/sign"] == -1


def test_a_pack_counts_as_its_images_and_a_fixed_strength_is_not_adapted():
    made = augmenter(augmentation__adaptive=True, augmentation__ramp_images=1000, remedies__packing=2)
    for step in range(4):
        made.adapt(step, torch.ones(25))
    assert made.state()["strength"].item() == pytest.approx(0.2)
    fixed = augmenter()
    assert fixed.state() == {} and fixed.adapt(3, torch.ones(5)) == {}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_knows_what_d_takes_for_real(name):
    """Cross-entropy and hinge part at 0, least squares halfway between its targets; the others compare pairs."""
    margin = OBJECTIVES[name].margin(torch.tensor([0.4, 3.0]), torch.tensor([1.0, 2.0])).tolist()
    wanted = {"least_squares": [-0.1, 2.5], "wasserstein": [-0.6, 1.0], "relativistic": [-0.6, 1.0]}
    assert margin == pytest.approx(wanted.get(name, [0.4, 3.0]))


@pytest.mark.parametrize(("text", "kinds"), [("color+cutout", ("color", "cutout")), ("none", ()), ("", ()), ("color, cutout", ("color", "cutout"))])  # fmt: skip
def test_kinds_are_named_with_commas_or_plus(text, kinds):
    assert with_changes(RunConfig(), {"augmentation.kinds": text}).augmentation.kinds == kinds


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"Unknown augmentation 'blur'\. Choose one of: color, translation, cutout"):
        tiny(augmentation__kinds=("blur",))
