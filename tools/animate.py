"""A run's sample grids as one small animation.

Run:  python tools/animate.py RUN_FOLDER docs/pictures/learning.gif [--frames 40] [--columns 16]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from gan_core.runs import Run


def main() -> None:
    """Writes the GIF: evenly chosen grids, the last one held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--frame-ms", type=int, default=150)
    args = parser.parse_args()
    run = Run(args.run)
    steps = run.sample_steps()
    count = min(args.frames, len(steps))
    chosen = [steps[round(i * (len(steps) - 1) / max(1, count - 1))] for i in range(count)]
    frames = [Image.open(run.sample_path(step)).convert("L").quantize(16) for step in chosen]
    durations = [args.frame_ms] * (len(frames) - 1) + [2500]
    frames[0].save(args.out, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)
    print(f"{args.out}: {len(frames)} frames, steps {chosen[0]} to {chosen[-1]}, {args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
