class FramesPlayer {
  constructor({ data }) {
    this.canvas = make("canvas", "ganvas-pixelated ganvas-canvas", { role: "img" });
    this.context = this.canvas.getContext("2d");
    this.toggle = make("button", "ganvas-button", { type: "button" });
    this.scrub = make("input", "ganvas-range", { type: "range", min: 0, step: 1, value: 0 });
    this.counter = make("span", "ganvas-number", { "aria-hidden": "true" });
    this.bar = make("div", "ganvas-player-bar", { hidden: true }, this.toggle, this.scrub, this.counter);
    this.root = make("div", "ganvas-live ganvas-player", {
      "data-testid": "frames-player", "data-key": data.key,
    }, this.canvas, this.bar);
    this.bitmaps = [];
    this.source = [];
    this.index = 0;
    this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.toggle.addEventListener("click", () => this.play(!this.playing));
    this.scrub.addEventListener("input", () => {
      this.play(false);
      this.show(this.scrub.valueAsNumber);
    });
    this.tick = this.tick.bind(this);
  }

  async update({ data }) {
    this.texts = data.texts;
    this.frame_ms = 1000 / data.fps;
    this.root.style.maxWidth = data.max_width_px === null ? "none" : `${data.max_width_px}px`;
    this.canvas.setAttribute("aria-label", data.texts.alt ?? "");
    this.scrub.setAttribute("aria-label", data.texts.frame ?? "");
    this.label();
    const same = data.frames.length === this.source.length
      && data.frames.every((frame, index) => frame === this.source[index]);
    if (same) return;
    this.source = data.frames;
    await this.load(data.frames);
  }

  // The old frames play on until all the new ones are decoded.
  async load(frames) {
    let bitmaps;
    try {
      bitmaps = await Promise.all(frames.map(decodeFrame));
    } catch {
      console.warn("A frame could not be decoded; the previous frames stay.");
      return;
    }
    if (this.destroyed || this.source !== frames) {
      for (const bitmap of bitmaps) bitmap.close();
      return;
    }
    for (const bitmap of this.bitmaps) bitmap.close();
    this.bitmaps = bitmaps;
    this.canvas.width = bitmaps[0].width;
    this.canvas.height = bitmaps[0].height;
    this.scrub.max = bitmaps.length - 1;
    this.bar.hidden = bitmaps.length < 2;
    this.show(0);
    this.play(this.playing);
  }

  show(index) {
    const bitmap = this.bitmaps[index];
    if (bitmap === undefined) return;
    this.index = index;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.context.drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
    setRange(this.scrub, index);
    this.counter.textContent = `${index + 1} / ${this.bitmaps.length}`;
    this.root.dataset.frame = index;
  }

  play(playing) {
    this.playing = playing;
    this.label();
    cancelAnimationFrame(this.request);
    if (playing && this.bitmaps.length > 1) {
      this.shown = performance.now();
      this.request = requestAnimationFrame(this.tick);
    }
  }

  label() {
    this.toggle.textContent = this.playing ? this.texts.pause : this.texts.play;
  }

  // On the display's own clock: nothing runs while the tab is in the background.
  tick(now) {
    if (now - this.shown >= this.frame_ms) {
      this.shown = Math.max(this.shown + this.frame_ms, now - this.frame_ms);
      this.show((this.index + 1) % this.bitmaps.length);
    }
    this.request = requestAnimationFrame(this.tick);
  }

  destroy() {
    this.destroyed = true;
    cancelAnimationFrame(this.request);
    for (const bitmap of this.bitmaps) bitmap.close();
    this.root.remove();
  }
}

// Through an image, not fetch(): a content security policy rarely lets fetch() read data URLs.
async function decodeFrame(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return createImageBitmap(image);
}

export default (component) => mountOnce(component, FramesPlayer);
