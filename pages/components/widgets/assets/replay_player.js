const WHOLE_S = 14; // what is recorded, from start to end, at speed 1
const REPLY_TIMEOUT_MS = 4000;
const SETTLED_MS = 350;
const ASKED_AT_ONCE = 12;

// A chart with a line where the recording stands; a click on it goes there.
class ReplayChart extends LivePlot {
  constructor(component, seek) {
    super(component);
    this.seek = seek;
    this.step = 0;
    this.cursor = make("div", "ganvas-replay-cursor", { hidden: true, "aria-hidden": "true" });
    this.root.append(this.cursor);
    this.hooked = false;
  }

  async draw() {
    await super.draw();
    if (this.hooked || this.plot.on === undefined) return;
    this.hooked = true;
    this.plot.on("plotly_afterplot", () => this.move(this.step));
    this.plot.on("plotly_click", (event) => this.seek(event.points[0].x));
    this.move(this.step);
  }

  move(step) {
    this.step = step;
    const { xaxis, yaxis } = this.plot._fullLayout ?? {};
    if (xaxis === undefined || yaxis === undefined) return;
    const x = xaxis.d2p(step);
    this.cursor.hidden = x < -0.5 || x > xaxis._length + 0.5;
    Object.assign(this.cursor.style, {
      left: `${xaxis._offset + x}px`, top: `${yaxis._offset}px`, height: `${yaxis._length}px`,
    });
  }
}

class ReplayPlayer {
  constructor(component) {
    const { data, parentElement } = component;
    this.parentElement = parentElement;
    this.toggle = make("button", "ganvas-button ganvas-replay-play", { type: "button" });
    this.speed = make("select", "ganvas-button ganvas-replay-speed");
    for (const speed of [0.25, 0.5, 1, 2, 4]) this.speed.append(make("option", "", { value: speed, textContent: `${speed}×` }));
    this.speed.value = "1";
    this.range = make("input", "ganvas-range", { type: "range", min: 0, step: 1, value: 0 });
    this.ticks = make("div", "ganvas-replay-ticks");
    this.counter = make("output", "ganvas-replay-counter");
    const track = make("div", "ganvas-replay-track", {}, this.range, this.ticks);
    const bar = make("div", "ganvas-replay-bar", {}, this.toggle, track, this.speed);
    this.canvas = make("canvas", "ganvas-pixelated ganvas-replay-canvas", { role: "img" });
    this.context = this.canvas.getContext("2d");
    this.caption = make("p", "ganvas-caption");
    this.picture = make("div", "ganvas-replay-picture", {}, this.canvas, this.caption);
    this.plots = make("div", "ganvas-replay-plots");
    this.list = make("ol", "ganvas-replay-list");
    this.listTitle = make("p", "ganvas-replay-heading");
    const left = make("div", "ganvas-replay-side", {}, this.picture);
    const right = make("div", "ganvas-replay-side", {}, this.plots, this.listTitle, this.list);
    this.root = make("div", "ganvas-live ganvas-replay", { "data-testid": "replay-player", "data-key": data.key },
      this.counter, bar, make("div", "ganvas-replay-body", {}, left, right));
    this.images = new Map(); // step -> a picture that has arrived
    this.charts = new Map();
    this.index = 0;
    this.sequence = 0;
    this.playing = false;
    this.waiting = false;
    this.drawnStep = null;
    this.toggle.addEventListener("click", () => this.play(!this.playing));
    this.range.addEventListener("input", () => { this.play(false); this.show(this.range.valueAsNumber); this.settle(); });
    this.range.addEventListener("keydown", (event) => this.pressed(event));
    this.tick = this.tick.bind(this);
  }

  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    const first = this.data === undefined;
    const followed = !first && this.index === this.data.moments.length - 1;
    const step = first ? data.step : this.step;
    this.data = data;
    this.texts = data.texts;
    for (const [node, words] of [[this.range, data.texts.moment], [this.speed, data.texts.speed], [this.canvas, data.texts.alt]]) {
      node.setAttribute("aria-label", words);
    }
    this.speed.title = data.texts.speed;
    this.range.title = data.texts.keys;
    this.range.max = Math.max(1, data.moments.length - 1);
    this.listTitle.textContent = data.texts.happened;
    this.buildMarkers();
    this.updateCharts();
    this.buildReadout();
    this.take(data.frames);
    this.label();
    this.show(followed ? data.moments.length - 1 : this.placeOf(step));
    this.waiting = false;
    clearTimeout(this.timer);
    this.ask();
  }

  get step() { return this.data.moments[this.index] ?? 0; }

  // The last moment at or before a step.
  placeOf(step) {
    const { moments } = this.data;
    let low = 0;
    let high = moments.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (moments[middle] <= step) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  seek(step) {
    this.play(false);
    this.show(this.placeOf(step));
    this.settle();
  }

  take(frames) {
    for (const [step, source] of frames) {
      if (this.images.has(step)) continue;
      const image = new Image();
      image.src = source;
      this.images.set(step, image);
      image.decode().then(() => { this.drawnStep = null; this.draw(); }, () => {
        image.broken = true;
        console.warn(`The picture of step ${step} could not be decoded.`);
      });
    }
  }

  // One request at a time; the nearest pictures that are not here yet come first.
  ask() {
    if (this.waiting || this.destroyed) return;
    const missing = this.data.frame_steps.filter((step) => !this.images.has(step));
    if (missing.length === 0) return;
    missing.sort((a, b) => Math.abs(a - this.step) - Math.abs(b - this.step));
    this.send(missing.slice(0, ASKED_AT_ONCE));
    this.waiting = true;
    this.timer = setTimeout(() => { this.waiting = false; this.ask(); }, REPLY_TIMEOUT_MS);
  }

  send(need) {
    this.sequence += 1;
    this.setStateValue("view", { step: this.step, need, sequence: this.sequence });
  }

  // Python hears where the recording stands once the hand rests.
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => { if (!this.playing && !this.destroyed) this.send([]); }, SETTLED_MS);
  }

  show(index) {
    this.index = Math.max(0, Math.min(index, this.data.moments.length - 1));
    setRange(this.range, this.index);
    const words = this.data.counters[this.index] ?? "";
    this.counter.textContent = words;
    this.range.setAttribute("aria-valuetext", words);
    this.root.dataset.step = this.step;
    for (const chart of this.charts.values()) chart.move(this.step);
    for (const { node, step } of this.items) {
      node.classList.toggle("ganvas-replay-future", step > this.step);
    }
    for (const { value, since, values } of this.values) {
      const [number, at] = values[this.index] ?? ["–", this.step];
      value.textContent = number;
      since.textContent = at < this.step ? this.texts.since.replace("{n}", at.toLocaleString("en")) : "";
    }
    this.draw();
  }

  // The newest picture at or before this moment that has arrived.
  draw() {
    const wanted = this.data.frame_steps.filter((step) => step <= this.step);
    const ready = wanted.filter((step) => this.images.get(step)?.complete && !this.images.get(step).broken);
    const step = ready[ready.length - 1];
    this.picture.hidden = this.data.frame_steps.length === 0;
    if (step === undefined || step === this.drawnStep) return;
    const image = this.images.get(step);
    if (image.naturalWidth === 0) return;
    this.drawnStep = step;
    if (this.canvas.width !== image.naturalWidth || this.canvas.height !== image.naturalHeight) {
      this.canvas.width = image.naturalWidth;
      this.canvas.height = image.naturalHeight;
    }
    this.context.drawImage(image, 0, 0);
    this.caption.textContent = this.texts.picture.replace("{n}", step.toLocaleString("en"));
    this.root.dataset.picture = step;
  }

  updateCharts() {
    const wanted = this.data.charts.map(({ key }) => key);
    for (const [key, chart] of this.charts) {
      if (wanted.includes(key)) continue;
      chart.destroy();
      chart.frame.remove();
      this.charts.delete(key);
    }
    for (const { key, title, figure } of this.data.charts) {
      const data = { key: `${this.data.key}_${key}`, figure, plotly: this.data.plotly, height_px: this.data.height_px, texts: this.texts };
      const component = { parentElement: this.parentElement, data };
      let chart = this.charts.get(key);
      if (chart === undefined) {
        chart = new ReplayChart(component, (step) => this.seek(step));
        chart.readout = make("dl", "ganvas-replay-readout");
        const heading = make("p", "ganvas-replay-heading", { textContent: title });
        chart.frame = make("div", "ganvas-replay-chart", {}, heading, chart.readout, chart.root);
        this.charts.set(key, chart);
      }
      this.plots.append(chart.frame);
      chart.update(component);
    }
  }

  // Above each chart its curves' names and values: the chart's legend.
  buildReadout() {
    const same = JSON.stringify(this.data.readout.map(({ chart, label }) => [chart, label]));
    if (same !== this.readoutLabels) {
      this.readoutLabels = same;
      for (const { readout } of this.charts.values()) readout.replaceChildren();
      this.readings = this.data.readout.map(({ chart, label, color }) => {
        const dot = make("span", "ganvas-replay-dot");
        dot.style.background = color;
        const value = make("span");
        const since = make("span", "ganvas-replay-since");
        const row = make("div", "", {}, make("dt", "", {}, dot, label), make("dd", "", {}, value, since));
        this.charts.get(chart).readout.append(row);
        return { value, since };
      });
    }
    this.values = this.data.readout.map(({ values }, place) => ({ values, ...this.readings[place] }));
  }

  buildMarkers() {
    const same = JSON.stringify([this.data.markers, this.data.moments.length]);
    if (same === this.markersDrawn) return;
    this.markersDrawn = same;
    const last = Math.max(1, this.data.moments.length - 1);
    this.items = [];
    const ticks = this.data.markers.map(({ step, kind, words }) => {
      const tick = make("button", `ganvas-replay-tick ganvas-replay-${kind}`, { type: "button", title: words, tabIndex: -1 });
      tick.setAttribute("aria-label", words);
      tick.style.setProperty("--at", this.placeOf(step) / last);
      tick.addEventListener("click", () => this.seek(step));
      return tick;
    });
    this.ticks.replaceChildren(...ticks);
    const told = this.data.markers.filter(({ kind }) => kind !== "checkpoint");
    const rows = told.map(({ step, kind, words, detail }) => {
      const go = make("button", "ganvas-replay-go", { type: "button", textContent: words });
      go.addEventListener("click", () => this.seek(step));
      const dot = make("span", `ganvas-replay-dot ganvas-replay-${kind}`);
      const row = make("li", "", {}, dot, make("div", "", {}, go, make("span", "ganvas-replay-detail", { textContent: detail })));
      this.items.push({ node: row, step });
      return row;
    });
    this.list.replaceChildren(...rows);
    this.listTitle.hidden = rows.length === 0;
  }

  pressed(event) {
    if (event.key === " ") {
      event.preventDefault();
      this.play(!this.playing);
    } else if (event.shiftKey && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
      event.preventDefault(); // from picture to picture
      const steps = this.data.frame_steps;
      const next = event.key === "ArrowRight" ? steps.find((step) => step > this.step) : steps.filter((step) => step < this.step).pop();
      if (next !== undefined) this.seek(next);
    }
  }

  play(playing) {
    const changed = this.playing !== playing;
    this.playing = playing;
    this.label();
    cancelAnimationFrame(this.request);
    if (playing) {
      if (this.index >= this.data.moments.length - 1) this.show(0);
      this.place = this.index;
      this.shownAt = performance.now();
      this.request = requestAnimationFrame(this.tick);
    } else if (changed) this.settle();
  }

  label() {
    this.toggle.textContent = this.playing ? this.texts.pause : this.texts.play;
  }

  // On the display's own clock: nothing runs while the tab is in the background.
  tick(now) {
    const last = this.data.moments.length - 1;
    const passed = Math.min(now - this.shownAt, 100) / 1000;
    this.shownAt = now;
    this.place += (passed * Number(this.speed.value) * last) / WHOLE_S;
    if (Math.floor(this.place) !== this.index) this.show(Math.floor(this.place));
    if (this.place >= last) {
      this.play(false);
      return;
    }
    this.request = requestAnimationFrame(this.tick);
  }

  destroy() {
    this.destroyed = true;
    this.playing = false;
    cancelAnimationFrame(this.request);
    clearTimeout(this.timer);
    clearTimeout(this.settling);
    for (const chart of this.charts.values()) chart.destroy();
    this.root.remove();
  }
}

export default (component) => mountOnce(component, ReplayPlayer);
