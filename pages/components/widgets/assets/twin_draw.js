// Draws one moment of a game in the plane. What it is given stays data: numbers in base64, and words as text.

const FARTHEST = 3; // as in gan_core.twin.camera
const INT16 = 32767;
const PALETTE = {
  light: { low: [255, 255, 255], high: [88, 186, 168], fake: "#c2410c", pull: "#7a1f9d", ink: "#0f1317", halo: "#ffffff" },
  dark: { low: [22, 24, 27], high: [19, 131, 122], fake: "#ff9e64", pull: "#f0b6ff", ink: "#e4e7ea", halo: "#16181b" },
};

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function int16sOf(text) { // little-endian on every machine
  const bytes = bytesOf(text);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true) / INT16);
}

// A frame with its numbers unpacked; places in views from the middle, so that the picture's edge is at 1.
function decoded(frame) {
  const places = (text) => int16sOf(text).map((value) => value * FARTHEST);
  return {
    ...frame,
    points: places(frame.points),
    grid: places(frame.grid),
    arrows: int16sOf(frame.arrows),
    landscape: Float32Array.from(bytesOf(frame.landscape)),
  };
}

function mixed(a, b, share) {
  if (a.length !== b.length) return b;
  return a.map((value, i) => value + (b[i] - value) * share);
}

// The moment between two frames; all but places and colours is the later one's.
function between(before, after, share) {
  if (share >= 1 || before.revision !== after.revision) return after;
  const moment = { ...after };
  for (const name of ["points", "grid", "arrows", "landscape"]) moment[name] = mixed(before[name], after[name], share);
  return moment;
}

class TwinPicture {
  constructor() {
    this.canvas = make("canvas", "ganvas-twin-canvas", { role: "img" });
    this.pen = this.canvas.getContext("2d");
    this.heat = document.createElement("canvas");
    this.shown = { landscape: true, real: true, generated: true, grid: true, arrows: true };
  }

  setScene(scene) {
    this.scene = scene;
    this.real = int16sOf(scene.real).map((value) => value * FARTHEST);
    this.centres = int16sOf(scene.centres).map((value) => value * FARTHEST);
    this.heat.width = this.heat.height = scene.side;
    this.pixels = new ImageData(scene.side, scene.side);
  }

  isDark() {
    return getComputedStyle(this.canvas).colorScheme === "dark";
  }

  draw(moment) {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const side = Math.round((this.canvas.clientWidth || 480) * ratio);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const { pen, shown } = this;
    this.colours = PALETTE[this.isDark() ? "dark" : "light"];
    this.at = (value) => (value + 1) / 2 * side;
    this.ratio = ratio;
    pen.clearRect(0, 0, side, side);
    if (shown.landscape) this.drawLandscape(moment, side);
    if (shown.grid) this.drawGrid(moment);
    if (shown.real) this.drawReal();
    if (shown.generated) this.drawGenerated(moment);
    if (shown.arrows) this.drawArrows(moment, side);
  }

  drawLandscape(moment, side) {
    const { low, high } = this.colours;
    const { data } = this.pixels;
    moment.landscape.forEach((level, i) => {
      const share = level / 255;
      for (let channel = 0; channel < 3; channel += 1) {
        data[4 * i + channel] = low[channel] + (high[channel] - low[channel]) * share;
      }
      data[4 * i + 3] = 235;
    });
    this.heat.getContext("2d").putImageData(this.pixels, 0, 0);
    this.pen.imageSmoothingEnabled = true;
    this.pen.drawImage(this.heat, 0, 0, side, side);
  }

  drawGrid({ grid }) {
    const { pen, at } = this;
    const count = this.scene.lattice;
    pen.strokeStyle = this.colours.ink;
    pen.globalAlpha = 0.45;
    pen.lineWidth = 0.8 * this.ratio;
    pen.beginPath();
    for (let row = 0; row < count; row += 1) {
      for (const [start, step] of [[row * count, 1], [row, count]]) { // a row, and a column
        for (let i = 0; i < count; i += 1) {
          const index = 2 * (start + i * step);
          pen[i === 0 ? "moveTo" : "lineTo"](at(grid[index]), at(-grid[index + 1]));
        }
      }
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }

  // Rings, so that they differ from the generated dots in shape too.
  drawReal() {
    const { pen, at, ratio, scene } = this;
    pen.strokeStyle = this.colours.ink;
    pen.lineWidth = ratio;
    pen.globalAlpha = 0.5;
    pen.beginPath();
    for (let i = 0; i < this.real.length; i += 2) {
      const [x, y] = [at(this.real[i]), at(-this.real[i + 1])];
      pen.moveTo(x + 2.2 * ratio, y);
      pen.arc(x, y, 2.2 * ratio, 0, 2 * Math.PI);
    }
    pen.stroke();
    pen.globalAlpha = 1;
    const reach = Math.max(7 * ratio, 3 * scene.spread / scene.reach * this.canvas.width / 2);
    pen.beginPath();
    for (let i = 0; i < this.centres.length; i += 2) {
      const [x, y] = [at(this.centres[i]), at(-this.centres[i + 1])];
      pen.moveTo(x + reach, y);
      pen.arc(x, y, reach, 0, 2 * Math.PI);
    }
    pen.stroke();
  }

  drawGenerated({ points }) {
    const { pen, at, ratio } = this;
    pen.fillStyle = this.colours.fake;
    pen.strokeStyle = this.colours.halo;
    pen.lineWidth = 0.6 * ratio;
    pen.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [at(points[i]), at(-points[i + 1])];
      pen.moveTo(x + 2.4 * ratio, y);
      pen.arc(x, y, 2.4 * ratio, 0, 2 * Math.PI);
    }
    pen.fill();
    pen.stroke();
  }

  drawArrows({ points, arrows }, side) {
    const { pen, at, ratio } = this;
    pen.strokeStyle = this.colours.pull;
    pen.lineWidth = 1.6 * ratio;
    const full = 0.085 * side;
    pen.beginPath();
    for (let i = 0; i < arrows.length; i += 2) {
      const [x, y, dx, dy] = [at(points[i]), at(-points[i + 1]), full * arrows[i], -full * arrows[i + 1]];
      const length = Math.hypot(dx, dy);
      if (length < 2 * ratio) continue;
      const head = Math.min(5 * ratio, 0.45 * length) / length;
      pen.moveTo(x, y);
      pen.lineTo(x + dx, y + dy);
      pen.lineTo(x + dx - head * (dx - 0.6 * dy), y + dy - head * (dy + 0.6 * dx));
      pen.moveTo(x + dx, y + dy);
      pen.lineTo(x + dx - head * (dx + 0.6 * dy), y + dy - head * (dy - 0.6 * dx));
    }
    pen.stroke();
  }
}

// A small chart of two lines that grow.
class TwinCurve {
  constructor(names, range) {
    this.names = names; // of the lines -> what they are called in a frame's values
    this.range = range; // fixed limits, or null for those of the values
    this.title = make("span", "ganvas-twin-curve-title");
    this.legend = Object.keys(names).map(() => make("span", "ganvas-twin-line"));
    this.canvas = make("canvas", "ganvas-twin-curve", { "aria-hidden": "true" });
    const head = make("div", "ganvas-twin-curve-head", {}, this.title, ...this.legend);
    this.root = make("div", "", {}, head, this.canvas);
    this.clear();
  }

  clear() {
    this.history = [];
    this.every = 1;
    this.seen = 0;
  }

  add(step, values) {
    const row = Object.values(this.names).map((names) => {
      const name = names.find((one) => one in values);
      return name === undefined ? NaN : values[name];
    });
    this.newest = row;
    this.seen += 1;
    if (this.seen % this.every !== 0) return;
    this.history.push([step, ...row]);
    if (this.history.length > 600) { // every second one goes, and from now on so many are passed over
      this.history = this.history.filter((_, i) => i % 2 === 0);
      this.every *= 2;
    }
  }

  draw(title, words, colours, format) {
    this.title.textContent = title;
    words.forEach((word, i) => {
      const value = this.newest?.[i];
      this.legend[i].textContent = `${word} ${Number.isFinite(value) ? format(value, i) : "–"}`;
      this.legend[i].style.setProperty("--ganvas-line", colours[i]);
    });
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [this.canvas.clientWidth || 240, 56].map((size) => Math.round(size * ratio));
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    const all = this.history.flatMap((row) => row.slice(1)).filter(Number.isFinite);
    if (all.length === 0) return;
    const [low, high] = this.range ?? [Math.min(...all), Math.max(...all)];
    const [first, last] = [this.history[0][0], this.history.at(-1)[0]];
    const y = (value) => height - 3 * ratio - (value - low) / (high - low || 1) * (height - 6 * ratio);
    words.forEach((_, line) => {
      pen.strokeStyle = colours[line];
      pen.lineWidth = 1.5 * ratio;
      pen.setLineDash(line === 1 ? [4 * ratio, 2 * ratio] : []);
      pen.beginPath();
      let drawing = false;
      for (const row of this.history) {
        const value = row[line + 1];
        if (!Number.isFinite(value)) continue;
        pen[drawing ? "lineTo" : "moveTo"]((row[0] - first) / (last - first || 1) * width, y(value));
        drawing = true;
      }
      pen.stroke();
    });
  }
}
