"""Rays against spheres, cubes and upright cylinders: where a ray enters and leaves, and the normal there.

Vectors are triples of planes (x, y, z). Every solid is met in its own frame, where it reaches from -1 to 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gan_core.datasets.sources.drawing.canvas import choose
from gan_core.datasets.sources.drawing.draws import FloatArray

Vector = tuple[FloatArray, FloatArray, FloatArray]
Interval = tuple[FloatArray, FloatArray]
"""Ray parameters of entry and exit; there is a hit where entry < exit."""
FAR = 1e9


def dot(a: Vector, b: Vector) -> FloatArray:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def unit(a: Vector) -> Vector:
    """The vector at length 1."""
    scale = 1 / np.sqrt(dot(a, a) + 1e-12)
    return a[0] * scale, a[1] * scale, a[2] * scale


def along(origin: Vector, direction: Vector, distance: FloatArray) -> Vector:
    """The point at a distance on a ray."""
    x, y, z = (o + distance * d for o, d in zip(origin, direction, strict=True))
    return x, y, z


def _quadratic(a: FloatArray, b: FloatArray, c: FloatArray) -> Interval:
    """Where a t^2 + 2 b t + c is negative."""
    under_root = b * b - a * c
    root = np.sqrt(np.maximum(under_root, 0))
    missed = under_root <= 0
    return choose(missed, FAR, (-b - root) / a), choose(missed, -FAR, (-b + root) / a)


def _slab(origin: FloatArray, direction: FloatArray) -> Interval:
    """Where -1 < origin + t direction < 1."""
    slope = 1 / choose(np.abs(direction) < 1e-6, 1e-6, direction)
    middle, half = -origin * slope, np.abs(slope)
    return middle - half, middle + half


def sphere(origin: Vector, direction: Vector) -> Interval:
    """The unit sphere."""
    return _quadratic(dot(direction, direction), dot(origin, direction), dot(origin, origin) - 1)


def cube(origin: Vector, direction: Vector) -> Interval:
    """The cube from -1 to 1."""
    entry, leave = _slab(origin[0], direction[0])
    for axis in (1, 2):
        low, high = _slab(origin[axis], direction[axis])
        entry, leave = np.maximum(entry, low), np.minimum(leave, high)
    return entry, leave


def cylinder(origin: Vector, direction: Vector) -> Interval:
    """The cylinder about z, of radius 1, from -1 to 1."""
    (ox, oy, oz), (dx, dy, dz) = origin, direction
    entry, leave = _quadratic(dx * dx + dy * dy + 1e-9, ox * dx + oy * dy, ox * ox + oy * oy - 1)
    low, high = _slab(oz, dz)
    return np.maximum(entry, low), np.minimum(leave, high)


def sphere_normal(point: Vector) -> Vector:
    """Outwards, not of unit length."""
    return point


def cube_normal(point: Vector) -> Vector:
    """Outwards; edges are a little round."""
    x, y, z = (np.sign(p) * np.minimum(p * p, 1) ** 9 for p in point)
    return x, y, z


def cylinder_normal(point: Vector) -> Vector:
    """Outwards; the rim is a little round."""
    x, y, z = point
    wall = np.minimum(x * x + y * y, 1) ** 9
    return x * wall, y * wall, np.sign(z) * np.minimum(z * z, 1) ** 9


SOLIDS: tuple[tuple[Callable[[Vector, Vector], Interval], Callable[[Vector], Vector]], ...] = (
    (cube, cube_normal),
    (sphere, sphere_normal),
    (cylinder, cylinder_normal),
)
"""(interval, normal) of each shape, in i-CLEVR's order: cube, sphere, cylinder."""
