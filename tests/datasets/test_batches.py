"""Batches: pure, complete, resumable; pixels there and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import augmentation
from gan_core.datasets.augmentation import augment, rotate
from gan_core.datasets.base import Dataset
from gan_core.datasets.batches import Batches, to_signed, to_uint8


def dataset(count: int, labels: int = 3) -> Dataset:
    images = np.arange(count, dtype=np.uint32).view(np.uint8).reshape(count, 1, 2, 2)  # each image is its own number
    return Dataset("numbers", images, np.eye(labels, dtype=np.uint8)[np.arange(count) % labels], tuple("abc"))


def batches(count: int, batch_size: int, seed: int = 0) -> Batches:
    return Batches(dataset(count), batch_size, seed)


sizes = {"count": st.integers(1, 200), "batch_size": st.integers(1, 64), "seed": st.integers(0, 2**31 - 1)}


@given(**sizes, epoch=st.integers(0, 5), packing=st.integers(1, 16))
def test_an_epoch_sees_images_once_in_batches_that_can_be_trained_on(count, batch_size, seed, epoch, packing):
    """All of them but those that make no two packs; every batch is full, or the last one and of whole packs."""
    batch_size *= packing
    made = Batches(dataset(count), batch_size, seed, packing=packing)
    dealt = [made.indices(s) for s in range(epoch * made.steps_per_epoch, (epoch + 1) * made.steps_per_epoch)]
    seen = np.concatenate(dealt).tolist()
    assert len(set(seen)) == len(seen) == made.plan.images <= count and made.steps_per_epoch == made.plan.steps
    assert all(len(part) == batch_size for part in dealt[:-1])
    if count < batch_size:  # refused before it comes to this
        assert len(seen) == count or len(seen) % packing == 0
        return
    assert len(dealt[-1]) % packing == 0 and len(dealt[-1]) >= min(2 * packing, batch_size)
    assert count - len(seen) < 2 * packing


def test_the_images_that_are_left_out_are_others_in_every_epoch():
    made = batches(9, 4)
    epochs = [np.concatenate([made.indices(2 * epoch), made.indices(2 * epoch + 1)]) for epoch in range(30)]
    assert set(np.concatenate(epochs).tolist()) == set(range(9)) and {len(epoch) for epoch in epochs} == {8}


@given(**sizes, asked=st.lists(st.integers(0, 300), max_size=30))
def test_a_batch_depends_on_its_step_alone_whatever_was_asked_before(count, batch_size, seed, asked):
    one = batches(count, batch_size, seed)
    for step in asked:
        np.testing.assert_array_equal(one.indices(step), batches(count, batch_size, seed).indices(step))


@given(**sizes, step=st.integers(0, 1000))
def test_images_seen_is_the_sum_of_all_batches_before(count, batch_size, seed, step):
    made = batches(count, batch_size, seed)
    step = min(step, 50)
    assert made.images_seen(step) == sum(len(made.indices(s)) for s in range(step))


def test_only_the_last_batch_of_an_epoch_is_smaller():
    made = batches(10, 4)
    assert [len(made.indices(step)) for step in range(6)] == [4, 4, 2, 4, 4, 2]


def test_the_reports_celeba_has_1583_steps_an_epoch():
    made = Batches(Dataset("celeba", np.empty((202_599, 0), np.uint8), np.empty((202_599, 0), np.uint8), ()), 128, 0)
    assert made.steps_per_epoch == 1_583 and 10 * made.steps_per_epoch == 15_830
    assert made.images_seen(1_583) == 202_599
    assert len(made.indices(1_582)) == 202_599 - 1_582 * 128


def test_epochs_and_seeds_have_orders_of_their_own():
    made = batches(100, 100)
    assert not np.array_equal(made.indices(0), made.indices(1))
    assert not np.array_equal(made.indices(0), batches(100, 100, seed=1).indices(0))


def test_images_and_labels_of_a_batch_belong_together():
    made = batches(100, 30)
    images, labels = made.batch(2)
    np.testing.assert_array_equal(to_uint8(images), made.dataset.images[made.indices(2)])
    np.testing.assert_array_equal(labels.numpy(), made.dataset.labels[made.indices(2)])
    assert images.dtype == labels.dtype == torch.float32


def test_pixels_end_exactly_at_minus_one_and_one():
    signed = to_signed(torch.tensor([0, 255], dtype=torch.uint8))
    assert signed.tolist() == [-1.0, 1.0]


def test_all_256_values_survive_the_way_there_and_back():
    values = torch.arange(256, dtype=torch.uint8)
    assert to_uint8(to_signed(values)).tolist() == list(range(256))


def test_values_outside_the_range_are_cut():
    assert to_uint8(torch.tensor([-3.0, -1.001, 1.001, 7.0])).tolist() == [0, 0, 255, 255]


def test_taking_a_batch_leaves_the_images_as_they_are():
    made = batches(10, 10)
    before = made.dataset.images.copy()
    made.batch(0)[0].zero_()
    np.testing.assert_array_equal(made.dataset.images, before)


# ---- varied batches


def pictures(count: int = 40, size: int = 9) -> Dataset:
    images = np.random.default_rng(0).integers(0, 255, (count, 3, size, size), dtype=np.uint8)
    return Dataset("pictures", images, np.zeros((count, 0), np.uint8), ())


def varied(**changes) -> Batches:
    return Batches(replace(pictures(), **changes), 16, seed=3)


def test_a_mirrored_batch_holds_each_image_as_it_is_or_mirrored_about_half_of_each():
    plain, made = varied(), varied(flip=True)
    mirrored = 0
    for step in range(30):
        before, after = plain.batch(step)[0], made.batch(step)[0]
        for one, other in zip(before, after, strict=True):
            assert torch.equal(other, one) or torch.equal(other, one.flip(-1))
            mirrored += not torch.equal(other, one)
    total = sum(len(plain.indices(step)) for step in range(30))
    assert abs(mirrored / total - 0.5) < 5 * 0.5 / total**0.5  # five standard errors


def test_varied_batches_depend_on_seed_and_step_alone():
    asked = [4, 0, 7, 4]
    one = varied(flip=True, rotation_degrees=10.0)
    for step in asked:
        assert torch.equal(one.batch(step)[0], varied(flip=True, rotation_degrees=10.0).batch(step)[0])
    assert not torch.equal(one.batch(0)[0], varied().batch(0)[0])
    other = Batches(replace(pictures(), flip=True), 16, seed=4)
    assert not torch.equal(other.batch(0)[0], varied(flip=True).batch(0)[0])


def test_a_quarter_turn_is_the_transposed_and_mirrored_image():
    images = to_signed(torch.from_numpy(pictures(4).images))
    turned = rotate(images, torch.full((4,), torch.pi / 2))
    torch.testing.assert_close(turned, torch.rot90(images, 1, (-2, -1)), atol=1e-4, rtol=0)
    back = rotate(turned, torch.full((4,), -torch.pi / 2))
    torch.testing.assert_close(back, images, atol=1e-4, rtol=0)
    torch.testing.assert_close(rotate(images, torch.zeros(4)), images, atol=1e-5, rtol=0)


def test_turned_images_stay_within_the_range_and_a_plain_one_stays_plain():
    made = varied(rotation_degrees=45.0).batch(0)[0]
    assert made.min() >= -1 and made.max() <= 1
    plain = torch.full((3, 1, 8, 8), 0.25)
    turned = augment(plain, 0, 5, flip=True, rotation_degrees=45.0)
    torch.testing.assert_close(turned, plain)  # edges are reflected: no black corners


@pytest.mark.parametrize("degrees", [0.0, 7.0])
def test_the_angles_stay_within_the_largest(degrees, monkeypatch):
    seen = []
    monkeypatch.setattr(augmentation, "rotate", lambda images, radians: seen.append(radians) or images)
    for step in range(20):
        augment(torch.zeros(16, 1, 4, 4), 0, step, flip=False, rotation_degrees=degrees)
    angles = torch.cat(seen) * 180 / torch.pi if seen else torch.zeros(1)
    assert angles.abs().max() <= degrees + 1e-4
    assert degrees == 0 or (angles.min() < -0.8 * degrees and angles.max() > 0.8 * degrees)


def test_random_changes_are_no_part_of_what_is_prepared():
    plain = DatasetConfig(num_images=50)
    varied = DatasetConfig(num_images=50, flip=True, rotation_degrees=5)
    one, other = datasets.prepare(plain), datasets.prepare(varied)
    assert datasets.is_prepared(varied)
    assert one.images.filename == other.images.filename
    assert (one.flip, other.flip, other.rotation_degrees) == (False, True, 5.0)
    assert other.with_labels(("1",)).flip
