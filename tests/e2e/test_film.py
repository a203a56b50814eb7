"""A film of a run in Chromium: it is played to its end, every frame of it."""

from __future__ import annotations

import base64

import pytest
from PIL import Image

from gan_core.analysis import film
from tests.e2e.browser import chromium

pytestmark = pytest.mark.e2e

PLAY = """
async url => {
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  await new Promise((done, failed) => {
    video.onended = done;
    video.onerror = () => failed(new Error(video.error.message));
    video.src = url;
    video.play();
  });
  const seen = document.createElement("canvas").getContext("2d");
  seen.drawImage(video, 0, 0);
  const frames = video.getVideoPlaybackQuality().totalVideoFrames;
  return [video.videoWidth, video.videoHeight, frames, video.duration, seen.getImageData(50, 50, 1, 1).data[0]];
}
"""


def test_chromium_plays_a_film_to_its_end() -> None:
    pictures = [Image.new("RGB", (122, 90), (grey, grey, grey)) for grey in (20, 120, 220)]
    content, size = film._mp4(iter(pictures), 4)
    assert size == (122, 90, 3 + 6)
    with chromium() as browser:
        page = browser.new_page()
        url = "data:video/mp4;base64," + base64.b64encode(content).decode("ascii")
        *found, grey = page.evaluate(PLAY, url)
    assert found == [122, 90, 9, 2.25]
    assert abs(grey - 220) <= 3
