"""Blocks on a lit floor: up to three solids seen in perspective, with soft shadows, traced by rays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_core.datasets.sources.drawing.canvas import Canvas, choose, grid, ramp
from gan_core.datasets.sources.drawing.draws import Draws, FloatArray
from gan_core.datasets.sources.drawing.rays import SOLIDS, Vector, along, dot, unit

COLOURS = (
    (0.40, 0.40, 0.41),  # gray
    (0.72, 0.12, 0.11),  # red
    (0.13, 0.26, 0.86),  # blue
    (0.09, 0.46, 0.10),  # green
    (0.47, 0.25, 0.08),  # brown
    (0.50, 0.13, 0.75),  # purple
    (0.12, 0.80, 0.82),  # cyan
    (0.98, 0.86, 0.13),  # yellow
)
SUPERSAMPLING = 2
NUM_SLOTS = 3
NUM_SHADOW_RAYS = 4  # a pixel has four samples with lights of their own: 16 in all
NUM_PLACES = 48  # tried for each object


@dataclass(frozen=True)
class Scene:
    """N scenes. Per object (N, 3): kind 0-23 or -1 for none, place on the floor, size, turn, gloss; the rest (N, 1, 1)."""

    kind: npt.NDArray[np.int64]
    place_x: FloatArray
    place_y: FloatArray
    size: FloatArray
    turn: FloatArray
    gloss: FloatArray
    floor: FloatArray
    light: Vector
    camera: Vector


def sample_scene(seed: int, stream: int, scenes: list[int], kinds: npt.NDArray[np.int64]) -> Scene:
    """Places, sizes, light and camera of the scenes with these numbers; `kinds` (N, 3) are the objects in them.

    An object's place depends on the scene and its slot only: a scene with one object more is the same scene.
    """
    draws = Draws(seed, stream, 0, scenes)
    per_object = [np.concatenate([draws.uniform(low, high) for _ in range(NUM_SLOTS)], axis=1)[..., 0] for low, high in
                  ((0.84, 1.02), (0.0, np.pi / 2), (0.0, 1.0))]  # fmt: skip
    place = np.stack([_places(seed, stream, scene) for scene in scenes])
    tone, warmth = draws.uniform(0.58, 0.74), draws.normal(0, 0.018)
    return Scene(
        kind=kinds,
        place_x=place[..., 0],
        place_y=place[..., 1],
        size=per_object[0],
        turn=per_object[1],
        gloss=(per_object[2] < 0.5).astype(np.float32),
        floor=np.stack([tone + warmth, tone, tone - warmth], axis=1).astype(np.float32),
        light=(draws.uniform(-6.5, 6.5), draws.uniform(-3.0, 3.5), draws.uniform(6.0, 8.0)),
        camera=(draws.normal(0, 0.35), draws.normal(-8.6, 0.2), draws.normal(7.2, 0.25)),
    )


def _places(seed: int, stream: int, scene: int) -> FloatArray:
    """Three places (3, 2) on the floor, far enough apart that no object hides another."""
    tries = np.random.default_rng((seed, stream, 1, scene)).random((NUM_PLACES, 2), np.float32)
    tries = (tries * 2 - 1) * np.array([2.5, 2.5], np.float32)
    tries[:, 0] *= 0.88 + 0.06 * tries[:, 1]  # less is seen of the floor in front
    chosen = tries[:1]
    for _ in range(NUM_SLOTS - 1):
        distances = (tries[:, None] - chosen[None]) / np.array([2.1, 3.1], np.float32)
        nearest = np.sqrt((distances**2).sum(axis=2)).min(axis=1)
        first = int(np.argmax(nearest > 1)) if (nearest > 1).any() else int(np.argmax(nearest))
        chosen = np.concatenate([chosen, tries[first : first + 1]])
    return chosen


def draw_scene(scene: Scene, size: int) -> npt.NDArray[np.uint8]:
    """The scenes as uint8 (N, 3, size, size)."""
    origin, direction = _camera_rays(scene, size * SUPERSAMPLING)
    distance = -origin[2] / np.minimum(direction[2], -0.05)  # the floor
    shape = distance.shape
    normal = tuple(np.broadcast_to(np.float32(n), shape).copy() for n in (0, 0, 1))
    colour = np.broadcast_to(
        scene.floor[..., None] if scene.floor.ndim == 3 else scene.floor, (shape[0], 3, *shape[1:])
    ).copy()
    gloss = np.zeros(shape, np.float32)
    for slot, kind, rows in _groups(scene):
        interval, normal_at = SOLIDS[kind]
        local_origin, local_direction = _to_local(scene, slot, rows, _rows(origin, rows), _rows(direction, rows))
        entry, leave = interval(local_origin, local_direction)
        hit = (entry < leave) & (entry > 0) & (entry < distance[rows])
        distance[rows] = choose(hit, entry, distance[rows])
        local_normal = normal_at(along(local_origin, local_direction, choose(hit, entry, 0)))
        for axis, plane in enumerate(_from_local(scene, slot, rows, unit(local_normal))):
            normal[axis][rows] = choose(hit, plane, normal[axis][rows])
        paint = np.array(COLOURS, np.float32)[scene.kind[rows, slot] % 8][..., None, None]
        colour[rows] = choose(hit[:, None], paint, colour[rows])
        gloss[rows] = choose(hit, 0.12 + 0.88 * scene.gloss[rows, slot, None, None], gloss[rows])
    point = along(origin, direction, distance)
    canvas = Canvas(_shade(scene, point, (normal[0], normal[1], normal[2]), direction, colour, gloss))
    return canvas.reduced(SUPERSAMPLING)


def _camera_rays(scene: Scene, size: int) -> tuple[Vector, Vector]:
    """Origin (N, 1, 1) and unit direction (N, H, W) of the ray through every pixel."""
    x, y = grid(size)
    cx, cy, cz = scene.camera
    forward = unit((-cx, 0.1 - cy, 0.5 - cz))
    right = unit((forward[1], -forward[0], np.zeros_like(cx)))
    up = (
        right[1] * forward[2] - right[2] * forward[1],
        right[2] * forward[0] - right[0] * forward[2],
        right[0] * forward[1] - right[1] * forward[0],
    )
    zoom = 0.32
    direction = tuple(f + zoom * (x * r - y * u) for f, r, u in zip(forward, right, up, strict=True))
    return scene.camera, unit((direction[0], direction[1], direction[2]))


def _groups(scene: Scene) -> list[tuple[int, int, npt.NDArray[np.int64]]]:
    """(slot, shape, rows): the objects of the batch by shape, so that each group is met at once."""
    groups = []
    for slot in range(NUM_SLOTS):
        for shape in range(len(SOLIDS)):
            rows = np.flatnonzero((scene.kind[:, slot] >= 0) & (scene.kind[:, slot] // 8 == shape))
            if len(rows):
                groups.append((slot, shape, rows))
    return groups


def _rows(vector: Vector, rows: npt.NDArray[np.int64]) -> Vector:
    return vector[0][rows], vector[1][rows], vector[2][rows]


def _half(scene: Scene, slot: int, rows: npt.NDArray[np.int64]) -> FloatArray:
    """Half an object's width and height; a cube's is smaller, so that all look equally large."""
    shrink = choose(scene.kind[rows, slot] // 8 == 0, 0.80, choose(scene.kind[rows, slot] // 8 == 2, 0.88, 1.0))
    return np.asarray(scene.size[rows, slot] * shrink)[:, None, None]


def _to_local(
    scene: Scene, slot: int, rows: npt.NDArray[np.int64], origin: Vector, direction: Vector
) -> tuple[Vector, Vector]:
    half = _half(scene, slot, rows)
    cos, sin = (f(scene.turn[rows, slot])[:, None, None] for f in (np.cos, np.sin))
    x, y = origin[0] - scene.place_x[rows, slot, None, None], origin[1] - scene.place_y[rows, slot, None, None]
    z = origin[2] - half
    scale = 1 / half
    dx, dy, dz = direction
    return (
        ((cos * x + sin * y) * scale, (cos * y - sin * x) * scale, z * scale),
        ((cos * dx + sin * dy) * scale, (cos * dy - sin * dx) * scale, dz * scale),
    )


def _from_local(scene: Scene, slot: int, rows: npt.NDArray[np.int64], normal: Vector) -> Vector:
    cos, sin = (f(scene.turn[rows, slot])[:, None, None] for f in (np.cos, np.sin))
    x, y, z = normal
    return cos * x - sin * y, sin * x + cos * y, z


def _shade(
    scene: Scene, point: Vector, normal: Vector, direction: Vector, colour: FloatArray, gloss: FloatArray
) -> FloatArray:
    """Light from the lamp where it reaches, from the sky as far as objects leave it open, and reflections."""
    key, highlight = _lamp(scene, point, normal, direction)
    sky = 0.44 + 0.10 * normal[2]
    sky *= _openness(scene, point, normal)
    fill = 0.10 * np.maximum(0.6 * normal[0] - 0.6 * normal[1], 0)
    light = sky + fill + 0.70 * key
    away = (point[0] ** 2 + point[1] ** 2) * (point[2] < 1e-3)
    light *= 0.62 + 0.46 * np.exp(-away / 40)
    cosine = dot(direction, normal)
    mirrored = direction[2] - 2 * cosine * normal[2]  # the height that a mirror ray looks to
    room = 0.25 + 0.75 * ramp(mirrored, -0.25, 0.9)
    edge = np.clip(1 + cosine, 0, 1) ** 3
    reflection = gloss * (0.13 + 0.4 * edge) * room
    result = colour * (light * (1 - 0.25 * gloss * edge))[:, None]
    result += (reflection * (0.5 + 0.5 * light))[:, None] * (0.45 + 0.55 * colour)
    result += (highlight * gloss * 0.75)[:, None]
    return result


def _lamp(scene: Scene, point: Vector, normal: Vector, direction: Vector) -> tuple[FloatArray, FloatArray]:
    """Diffuse light and highlight of a round lamp, by rays to points on it. Planes (N, H, W)."""
    size = point[0].shape[-1]
    parity = (np.arange(size)[:, None] % 2) * 2 + np.arange(size)[None] % 2
    start = tuple(p + 0.02 * n for p, n in zip(point, normal, strict=True))
    key, highlight = np.zeros_like(point[0]), np.zeros_like(point[0])
    for number in range(NUM_SHADOW_RAYS):
        order = (number * 4 + parity).astype(np.float32)
        radius, angle = 1.15 * np.sqrt((order + 0.5) / (4 * NUM_SHADOW_RAYS)), 2.39996 * order
        lamp = (scene.light[0] + radius * np.cos(angle), scene.light[1] + radius * np.sin(angle), scene.light[2])
        towards = (lamp[0] - start[0], lamp[1] - start[1], lamp[2] - start[2])
        lit = _unshadowed(scene, (start[0], start[1], start[2]), towards)
        straight = unit(towards)
        cosine = np.maximum(dot(straight, normal), 0)
        key += lit * cosine
        half_way = unit((straight[0] - direction[0], straight[1] - direction[1], straight[2] - direction[2]))
        highlight += lit * np.maximum(dot(half_way, normal), 0) ** 60
    return key / NUM_SHADOW_RAYS, highlight / NUM_SHADOW_RAYS


def _unshadowed(scene: Scene, start: Vector, towards: Vector) -> FloatArray:
    """1 where nothing stands between the points and the lamp, else 0."""
    free = np.ones_like(start[0])
    for slot, kind, rows in _groups(scene):
        origin, direction = _to_local(scene, slot, rows, _rows(start, rows), _rows(towards, rows))
        entry, leave = SOLIDS[kind][0](origin, direction)
        free[rows] *= ~((entry < leave) & (leave > 0) & (entry < 1))
    return free


def _openness(scene: Scene, point: Vector, normal: Vector) -> FloatArray:
    """Share of the sky that objects leave open; each taken for a ball."""
    open_share = np.ones_like(point[0])
    for slot, _, rows in _groups(scene):
        half = _half(scene, slot, rows)
        x, y = (
            scene.place_x[rows, slot, None, None] - point[0][rows],
            scene.place_y[rows, slot, None, None] - point[1][rows],
        )
        z = half - point[2][rows]
        squared = x * x + y * y + z * z
        facing = (x * normal[0][rows] + y * normal[1][rows] + z * normal[2][rows]) / np.sqrt(squared)
        blocked = np.clip(0.55 * facing + 0.45, 0, 1) * half * half / squared
        outside = ramp(squared, (1.05 * half) ** 2, (1.5 * half) ** 2) * 0.35 + 0.65
        open_share[rows] *= 1 - np.clip(0.85 * blocked, 0, 0.75) * choose(point[2][rows] < 1e-3, 1.0, 0.6 * outside)
    return open_share
