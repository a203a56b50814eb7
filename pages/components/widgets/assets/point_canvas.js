const SIDE_PX = 420;
const DOT_PX = 2;
const STEP_PX = 9; // of a drag between two sprays
const KEY_STEP = 0.25; // of the square's reach of 4, for those who draw with the keyboard

class PointCanvas {
  constructor({ data }) {
    this.canvas = make("canvas", "ganvas-points-canvas", { tabIndex: 0, role: "img" });
    [this.sprayRow, this.spray, this.sprayName] = this.makeRange(1, 40, 1, 12);
    [this.spreadRow, this.spread, this.spreadName] = this.makeRange(0, 1, 0.02, 0.14);
    this.undoButton = make("button", "ganvas-button", { type: "button" });
    this.clearButton = make("button", "ganvas-button", { type: "button" });
    this.count = make("span", "ganvas-points-count", { role: "status" });
    const buttons = make("div", "ganvas-points-buttons", {}, this.undoButton, this.clearButton, this.count);
    const panel = make("div", "ganvas-points-panel", {}, this.sprayRow, this.spreadRow, buttons);
    this.root = make("div", "ganvas-live ganvas-points", {
      "data-testid": "point-canvas", "data-key": data.key,
    }, this.canvas, panel);
    this.strokes = []; // lists of points; the last one is undone first
    this.revision = data.revision;
    this.cursor = [0, 0];
    this.last = null; // where the pen sprayed last, while it is down
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => this.up());
    this.canvas.addEventListener("keydown", (event) => this.press(event));
    this.undoButton.addEventListener("click", () => { this.strokes.pop(); this.changed(); });
    this.clearButton.addEventListener("click", () => { this.strokes = []; this.changed(); });
  }

  makeRange(min, max, step, value) {
    const name = make("span", "");
    const input = make("input", "ganvas-range", { type: "range", min, max, step });
    setRange(input, value);
    input.addEventListener("input", () => setRange(input, input.value));
    return [make("label", "ganvas-points-row", {}, name, input), input, name];
  }

  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.data = data;
    this.canvas.setAttribute("aria-label", data.texts.label);
    this.undoButton.textContent = data.texts.undo;
    this.clearButton.textContent = data.texts.clear;
    this.sprayName.textContent = data.texts.spray;
    this.spreadName.textContent = data.texts.spread;
    if (data.revision !== this.revision) {
      this.revision = data.revision;
      this.strokes = [];
    }
    this.draw();
  }

  place(event) { // in the units of the data, y pointing up
    const box = this.canvas.getBoundingClientRect();
    const { reach } = this.data;
    const x = ((event.clientX - box.left) / box.width * 2 - 1) * reach;
    const y = (1 - (event.clientY - box.top) / box.height * 2) * reach;
    return [x, y];
  }

  total() {
    return this.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  }

  down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus({ preventScroll: true });
    this.strokes.push([]);
    this.last = [event.clientX, event.clientY];
    this.sprayAt(this.place(event));
  }

  move(event) {
    if (this.last === null) return;
    const [x, y] = this.last;
    if (Math.hypot(event.clientX - x, event.clientY - y) < STEP_PX) return;
    this.last = [event.clientX, event.clientY];
    this.sprayAt(this.place(event));
  }

  up() {
    if (this.last === null) return;
    this.last = null;
    this.changed();
  }

  press(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const { reach } = this.data;
    if (step !== undefined) {
      this.cursor = this.cursor.map((value, axis) => Math.max(-reach, Math.min(reach, value + KEY_STEP * step[axis])));
      this.draw();
    } else if (event.key === " " || event.key === "Enter") {
      this.strokes.push([]);
      this.sprayAt(this.cursor);
      this.changed();
    } else {
      return;
    }
    event.preventDefault();
  }

  sprayAt([x, y]) {
    const { reach, limit } = this.data;
    const stroke = this.strokes.at(-1);
    const room = limit - this.total();
    for (let left = Math.min(this.spray.valueAsNumber, room); left > 0; left -= 1) {
      const radius = this.spread.valueAsNumber * Math.sqrt(-2 * Math.log(1 - Math.random())); // Box-Muller
      const angle = 2 * Math.PI * Math.random();
      const point = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
      stroke.push(point.map((value) => Number(Math.max(-reach, Math.min(reach, value)).toFixed(3))));
    }
    this.draw();
  }

  changed() {
    this.draw();
    this.setStateValue("drawing", { points: this.strokes.flat(), revision: this.revision });
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const side = Math.round(SIDE_PX * ratio);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(this.root);
    const colour = (name) => style.getPropertyValue(name).trim();
    const { reach, texts, limit } = this.data;
    const at = (value) => (value / reach + 1) / 2 * side;
    pen.clearRect(0, 0, side, side);
    pen.strokeStyle = colour("--st-border-color");
    for (let line = -reach; line <= reach; line += 1) {
      pen.lineWidth = (line === 0 ? 2 : 0.5) * ratio;
      pen.beginPath();
      pen.moveTo(at(line), 0);
      pen.lineTo(at(line), side);
      pen.moveTo(0, at(line));
      pen.lineTo(side, at(line));
      pen.stroke();
    }
    pen.fillStyle = colour("--st-text-color");
    pen.font = `${11 * ratio}px ${colour("--st-font")}`;
    for (const line of [-reach, reach]) {
      pen.textAlign = line < 0 ? "left" : "right";
      pen.fillText(String(line), at(line) - Math.sign(line) * 4 * ratio, at(0) - 4 * ratio);
      pen.textAlign = "left";
      pen.fillText(String(line), at(0) + 4 * ratio, line < 0 ? side - 4 * ratio : 12 * ratio);
    }
    pen.fillStyle = colour("--st-primary-color");
    for (const [x, y] of this.strokes.flat()) {
      pen.beginPath();
      pen.arc(at(x), side - at(y), DOT_PX * ratio, 0, 2 * Math.PI);
      pen.fill();
    }
    if (document.activeElement === this.canvas && this.canvas.matches(":focus-visible")) {
      pen.strokeStyle = colour("--st-text-color");
      pen.lineWidth = 1.5 * ratio;
      pen.strokeRect(at(this.cursor[0]) - 5 * ratio, side - at(this.cursor[1]) - 5 * ratio, 10 * ratio, 10 * ratio);
    }
    const count = this.total();
    this.count.textContent = count >= limit ? texts.full : texts.count.replace("{n}", count);
    this.undoButton.disabled = this.clearButton.disabled = count === 0;
  }

  destroy() {
    this.root.remove();
  }
}

export default (component) => mountOnce(component, PointCanvas);
