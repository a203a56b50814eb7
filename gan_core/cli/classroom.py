"""The command that makes this installation a classroom."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_core.access import classroom as rooms

DEFAULT = rooms.StudentLimits()


def classroom(
    pin: Annotated[
        str,
        typer.Option(help="The teacher's PIN; asked for if not given.", prompt="PIN of the teacher", hide_input=True,
                     confirmation_prompt=True),
    ] = "",
    code: Annotated[str, typer.Option(help="The class code; a random one if not given.")] = "",
    folders: Annotated[
        list[str] | None, typer.Option("--folder", help="A folder that everybody may train on; may be repeated.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Most steps of a student's run.", min=1)] = DEFAULT.steps,
    weights: Annotated[int, typer.Option(help="Most weights of a student's networks.", min=1)] = DEFAULT.weights,
    image_size: Annotated[int, typer.Option(help="Largest image size of a student's run, in pixels.", min=4)] = DEFAULT.image_size,
    batch_size: Annotated[int, typer.Option(help="Largest batch of a student's run.", min=1)] = DEFAULT.batch_size,
    gigabytes: Annotated[float, typer.Option(help="Most storage of a student, in gigabytes.", min=0.1)] = DEFAULT.gigabytes,
    waiting: Annotated[int, typer.Option(help="Most waiting runs of a student.", min=1)] = DEFAULT.waiting,
    tasks: Annotated[int, typer.Option(help="Most tasks of a student at once.", min=1)] = DEFAULT.tasks,
) -> None:  # fmt: skip
    """Set up a classroom: students sign in with a class code, the teacher with a PIN, and everybody may watch."""
    limits = rooms.StudentLimits(
        steps=steps, weights=weights, image_size=image_size, batch_size=batch_size, gigabytes=gigabytes, waiting=waiting,
        tasks=tasks,
    )  # fmt: skip
    made = rooms.make(pin, code, tuple(folders or ()), limits)
    print(f"Class code: {made}")
    print(f"Kept as hashes in {rooms.path()}. Earlier sign-ins have ended; a running server knows at once.")


def end_classroom() -> None:
    """End the classroom: the app is for one person on this computer again. Runs and data stay."""
    rooms.remove()
    print("There is no classroom any more.")


def forget_student(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name with which the student signs in.")],
) -> None:
    """Let a student choose a new personal code at the next sign-in."""
    rooms.forget_student(name)
    print(f"{name} may choose a new code.")
