const ASK_EVERY_MS = 220; // while it plays: a few frames come with each answer
const POLL_MS = 700; // while the process that plays is starting
const REPLY_TIMEOUT_MS = 4000;
const MARGIN_S = 0.3; // shown so much later than made, so that frames never run out between two answers
const LATEST_S = 1.5;
const REDUCED_S = 0.5; // between two pictures, for those who asked for less motion
const RATE_STEP = 0.05; // of a decade
const HALF = 0.5; // of the points

class TwinStage {
  constructor({ data }) {
    this.picture = new TwinPicture();
    this.curves = {
      belief: new TwinCurve({ real: ["prob/real", "score/real"], fake: ["prob/fake_before", "score/fake_before"] }, null),
      losses: new TwinCurve({ d: ["loss/d"], g: ["loss/g"] }, null),
      quality: new TwinCurve({ captured: ["share"], high_quality: ["high_quality"] }, [0, 1]),
    };
    this.build(data);
    this.turn = 0;
    this.inFlight = false;
    this.actions = []; // not yet known to be done
    this.number = Date.now(); // of the last action; grows also over a reload
    this.frames = []; // to be shown, the oldest first; the first one is on show
    this.shift = 0; // seconds from the browser's clock to that of what is shown
    this.revision = "";
    this.newest = null; // frame that was received last
    this.drawn = []; // times at which another frame came on show
    this.reduced = matchMedia("(prefers-reduced-motion: reduce)");
    this.tick = this.tick.bind(this);
    this.onVisible = () => { if (document.visibilityState === "visible") this.ask(); };
    document.addEventListener("visibilitychange", this.onVisible);
    this.resizer = new ResizeObserver(() => this.redraw());
    this.resizer.observe(this.picture.canvas);
  }

  build({ key, paces }) {
    const button = (className = "") => make("button", `ganvas-button ${className}`, { type: "button" });
    this.playButton = button("ganvas-twin-play");
    this.resetButton = button();
    this.stepButtons = { both: button(), d: button(), g: button() };
    this.who = make("select", "ganvas-button ganvas-twin-select");
    this.whoLabel = make("span", "");
    this.pace = make("input", "ganvas-range", { type: "range", min: 0, max: paces.length - 1, step: 1 });
    [this.paceRow, this.paceName, this.paceValue] = this.knob(this.pace);
    this.rates = {};
    for (const name of ["discriminator", "generator"]) {
      const input = make("input", "ganvas-range", { type: "range", min: -5, max: -1, step: RATE_STEP });
      const [row, label, value] = this.knob(input);
      this.rates[name] = { input, row, label, value };
      input.addEventListener("input", () => this.rateMoved());
    }
    const whoRow = make("label", "ganvas-twin-knob ganvas-twin-who", {}, this.whoLabel, this.who);
    const bar = make("div", "ganvas-twin-bar", {}, this.playButton, ...Object.values(this.stepButtons), this.resetButton);
    const knobs = make("div", "ganvas-twin-bar", {}, this.paceRow, whoRow, this.rates.discriminator.row, this.rates.generator.row);
    this.notice = make("p", "ganvas-twin-notice", { hidden: true, role: "alert" });
    this.low = make("span", "");
    this.high = make("span", "");
    this.ramp = make("span", "ganvas-twin-ramp", { "aria-hidden": "true" });
    this.scale = make("div", "ganvas-twin-scale", {}, this.low, this.ramp, this.high);
    this.toggles = make("div", "ganvas-twin-toggles");
    const left = make("div", "ganvas-twin-left", {}, this.picture.canvas, this.scale, this.toggles);
    this.sentence = make("p", "ganvas-twin-sentence", { role: "status" });
    this.facts = make("dl", "ganvas-twin-facts");
    this.factsRule = make("p", "ganvas-twin-small", { hidden: true });
    this.counts = make("p", "ganvas-twin-small");
    this.foot = make("p", "ganvas-twin-small");
    const right = make("div", "ganvas-twin-right", {}, this.sentence, this.counts, this.facts, this.factsRule, ...Object.values(this.curves).map((curve) => curve.root), this.foot);
    this.parts = make("div", "ganvas-twin-parts", {}, left, right);
    this.root = make("div", "ganvas-live ganvas-twin", { "data-testid": "twin-stage", "data-key": key }, bar, knobs, this.notice, this.parts);
    this.playButton.addEventListener("click", () => (this.playing() ? this.act({ what: "pause" }) : this.play()));
    this.resetButton.addEventListener("click", () => this.act({ what: "reset" }));
    for (const [who, one] of Object.entries(this.stepButtons)) one.addEventListener("click", () => this.act({ what: "step", who }));
    this.pace.addEventListener("input", () => { this.labelPace(); if (this.playing()) this.play(); });
    this.who.addEventListener("change", () => { if (this.playing()) this.play(); });
  }

  knob(input) {
    const [name, value] = [make("span", ""), make("span", "ganvas-twin-value", { "aria-hidden": "true" })];
    return [make("label", "ganvas-twin-knob", {}, make("span", "", {}, name, value), input), name, value];
  }

  update({ data, setStateValue }) {
    const first = this.data === undefined;
    this.data = data;
    this.setStateValue = setStateValue;
    if (first) this.begin(data);
    this.label(data);
    this.actions = this.actions.filter((action) => action.number > data.done);
    if (data.turn >= this.turn) this.settle();
    if (!this.ratesHeld()) this.adoptRates(data.rates);
    this.notice.textContent = data.notice;
    this.notice.hidden = data.notice === "";
    if (data.scene.revision === undefined) {
      this.sentence.textContent = data.texts.starting;
      this.picture.canvas.setAttribute("aria-label", data.texts.starting);
    } else {
      this.receive(data);
    }
    if (data.autoplay !== this.autoplay) {
      this.autoplay = data.autoplay;
      if (!first && !this.reduced.matches) this.play();
    }
    this.labelPlay();
    this.plan();
  }

  begin({ paces, autoplay, texts }) {
    this.autoplay = autoplay;
    setRange(this.pace, paces.indexOf("5"));
    this.who.replaceChildren(...Object.entries(texts.movers).map(([value, words]) => make("option", "", { value, textContent: words })));
    this.toggles.replaceChildren(...Object.keys(texts.show).map((name) => {
      const box = make("input", "", { type: "checkbox", checked: true });
      box.addEventListener("change", () => { this.picture.shown[name] = box.checked; this.redraw(); });
      return make("label", "", { "data-name": name }, box, make("span", ""));
    }));
  }

  label({ texts, num_shown: numShown }) {
    this.resetButton.textContent = texts.reset;
    this.resetButton.title = texts.reset_help;
    for (const [who, one] of Object.entries(this.stepButtons)) {
      one.textContent = texts.step[who];
      one.title = texts.step_help[who];
    }
    this.whoLabel.textContent = texts.who;
    this.paceName.textContent = texts.pace;
    this.labelPace();
    for (const [name, { label }] of Object.entries(this.rates)) label.textContent = texts.rates[name];
    for (const row of this.toggles.children) {
      row.lastChild.textContent = texts.show[row.dataset.name];
      row.title = texts.show_help[row.dataset.name].replace("{n}", numShown);
    }
  }

  labelPace() {
    setRange(this.pace, this.pace.value);
    const words = this.data.texts.paces[this.data.paces[this.pace.value]];
    this.paceValue.textContent = words;
    this.pace.setAttribute("aria-valuetext", words);
  }

  labelPlay() {
    const { texts, scene } = this.data;
    this.playButton.textContent = this.playing() ? texts.pause : texts.play;
    const ready = scene.revision !== undefined;
    for (const one of [this.playButton, this.resetButton, ...Object.values(this.stepButtons)]) one.disabled = !ready;
    this.sentence.setAttribute("aria-live", this.playing() ? "off" : "polite");
  }

  // asking

  playing() { // what was pressed last, until the answer tells
    const pressed = this.actions.findLast(({ what }) => what !== "rates");
    if (pressed !== undefined) return pressed.what === "play";
    return this.newest?.playing ?? false;
  }

  play() {
    this.act({ what: "play", who: this.who.value, pace: this.data.paces[this.pace.value] });
  }

  act(action) {
    const sent = { ...action, number: (this.number += 1) };
    this.actions = this.actions.filter(({ what }) => what !== action.what || what === "step");
    this.actions.push(sent);
    this.labelPlay();
    this.ask();
  }

  rateMoved() {
    const rates = {};
    for (const [name, { input, value }] of Object.entries(this.rates)) {
      setRange(input, input.value);
      rates[name] = Number((10 ** input.valueAsNumber).toPrecision(2));
      value.textContent = rates[name].toString();
    }
    this.act({ what: "rates", rates });
  }

  ratesHeld() {
    return this.actions.some(({ what }) => what === "rates");
  }

  adoptRates(rates) {
    for (const [name, { input, value }] of Object.entries(this.rates)) {
      setRange(input, Math.log10(rates[name]));
      value.textContent = Number(rates[name].toPrecision(2)).toString();
    }
  }

  ask() {
    clearTimeout(this.planned);
    this.planned = undefined;
    if (this.inFlight) return;
    this.inFlight = true;
    this.turn += 1;
    this.asked = performance.now();
    this.timer = setTimeout(() => { this.settle(); this.plan(); }, REPLY_TIMEOUT_MS); // an answer was lost
    this.setStateValue("ask", {
      turn: this.turn, revision: this.revision, number: this.newest?.number ?? 0, actions: this.actions,
    });
  }

  settle() {
    clearTimeout(this.timer);
    this.inFlight = false;
  }

  // Nothing is asked while it is paused, nor while nobody can see it.
  plan() {
    if (this.inFlight || this.planned !== undefined || document.visibilityState === "hidden") return;
    if (this.actions.length > 0) {
      this.ask();
    } else if (this.data.scene.revision === undefined || this.newest === null) {
      this.planned = setTimeout(() => this.ask(), POLL_MS);
    } else if (this.newest.playing || this.data.behind) {
      this.planned = setTimeout(() => this.ask(), Math.max(0, ASK_EVERY_MS - (performance.now() - this.asked)));
    }
  }

  // showing

  receive({ scene, frames }) {
    if (scene.revision !== this.revision) {
      this.revision = scene.revision;
      this.picture.setScene(scene);
      this.frames = [];
      this.newest = null;
      for (const curve of Object.values(this.curves)) curve.clear();
    }
    const known = this.newest?.number ?? 0;
    const fresh = frames.filter((frame) => frame.revision === this.revision && frame.number > known).map(decoded);
    if (fresh.length === 0) return;
    this.newest = fresh.at(-1);
    const now = performance.now() / 1000;
    const shown = this.frames[0];
    const dry = shown === undefined || this.frames.at(-1).time <= now + this.shift;
    if (dry) { // what is on show becomes the first of the new ones
      const pause = this.newest.playing ? MARGIN_S : 0.2;
      this.shift = fresh[0].time - pause - now;
      this.frames = shown === undefined ? [] : [{ ...this.frames.at(-1), time: fresh[0].time - pause }];
    }
    this.frames.push(...fresh);
    const behind = this.newest.time - (now + this.shift);
    if (behind > LATEST_S) this.shift += behind - MARGIN_S;
    if (shown === undefined) this.record(this.frames[0]);
    if (this.request === undefined) this.request = requestAnimationFrame(this.tick);
  }

  record({ step, values }) {
    if ("captured" in values) values.share = values.captured / values.modes;
    for (const curve of Object.values(this.curves)) curve.add(step, values);
  }

  tick(stamp) {
    this.request = undefined;
    const time = stamp / 1000 + this.shift;
    let passed = 0;
    while (this.frames.length > 1 && this.frames[1].time <= time) {
      this.frames.shift();
      this.record(this.frames[0]);
      passed += 1;
    }
    const [before, after] = this.frames;
    if (before === undefined) return;
    if (this.reduced.matches) {
      if (passed > 0 && stamp - (this.last ?? -Infinity) >= 1000 * REDUCED_S || after === undefined) this.show(before, before, stamp, true);
    } else {
      const share = after === undefined ? 1 : Math.max(0, (time - before.time) / (after.time - before.time));
      this.show(after === undefined ? before : between(before, after, share), before, stamp, passed > 0 || after === undefined);
    }
    if (after !== undefined) this.request = requestAnimationFrame(this.tick);
  }

  show(moment, frame, stamp, isNew) {
    this.moment = moment;
    this.picture.draw(moment);
    if (!isNew) return;
    this.last = stamp;
    this.drawn = [...this.drawn.filter((time) => stamp - time < 2000), stamp];
    this.tell(frame);
  }

  fps() {
    if (this.drawn.length < 2) return 0;
    return 1000 * (this.drawn.length - 1) / (this.drawn.at(-1) - this.drawn[0]);
  }

  redraw() {
    if (this.moment === undefined) return;
    this.picture.draw(this.moment);
    this.drawCurves();
  }

  tell(frame) {
    const { texts } = this.data;
    const whole = (value) => Math.round(value).toLocaleString("en");
    const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
    const short = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(2)).toString());
    this.sentence.textContent = frame.sentence;
    this.picture.canvas.setAttribute("aria-label", filled(texts.picture, { step: frame.step, sentence: frame.sentence }));
    const kind = frame.probability ? "probability" : "score";
    this.low.textContent = filled(texts.low[kind], { value: short(frame.low) });
    this.high.textContent = filled(texts.high[kind], { value: short(frame.high) });
    const { low, high } = this.picture.colours;
    this.ramp.style.background = `linear-gradient(to right, rgb(${low}), rgb(${high}))`;
    const counts = [
      filled(frame.total_steps ? texts.step_of : texts.step_alone, { step: whole(frame.step), total: whole(frame.total_steps) }),
      filled(texts.moves, { d: whole(frame.moves.discriminator), g: whole(frame.moves.generator) }),
    ];
    if (frame.moved) counts.push(texts.moved[frame.moved]);
    this.counts.textContent = `${counts.join(" · ")}`;
    this.tellFacts(frame.values, filled);
    const foot = [filled(texts.pull, { value: short(frame.pull) })];
    if (frame.outside > 0) foot.push(filled(texts.outside, { share: `${(100 * frame.outside).toFixed(frame.outside < 0.01 ? 1 : 0)} %` }));
    if (frame.playing) foot.push(filled(texts.speed, { fps: whole(this.fps()), rate: whole(frame.rate) }));
    if ("captured" in frame.values) foot.push(filled(texts.measured, { n: whole(this.data.scene.measured) }));
    this.foot.textContent = foot.map((words) => `${words.replace(/\.$/, "")}.`).join(" ");
    Object.assign(this.root.dataset, {
      step: frame.step, number: frame.number, fps: this.fps().toFixed(1), rate: frame.rate.toFixed(1), playing: frame.playing,
      d: frame.moves.discriminator, g: frame.moves.generator,
    });
    this.drawCurves();
    this.labelPlay();
  }

  tellFacts(values, filled) {
    const { texts } = this.data;
    this.facts.hidden = this.factsRule.hidden = !("captured" in values);
    if (this.facts.hidden) return;
    const percent = (value) => (100 * value).toFixed(value > 0 && value < 0.095 ? 1 : 0);
    const interval = (name, format) => (`${name}/low` in values
      ? `(${format(values[`${name}/low`])}–${format(values[`${name}/high`])})` : "\u00a0");
    const two = (value) => value.toFixed(2);
    const smeared = values.high_quality < HALF; // nearest modes say little of points that lie on none
    this.factsRule.textContent = texts.facts_rule;
    const spread = [interval("captured", (value) => Number(value.toFixed(1))), filled(texts.captured_with, { share: percent(values.high_quality) })];
    const shown = {
      mode_tv: [two(values.mode_tv), interval("mode_tv", two)],
      captured: [filled(texts.of, { n: values.captured, total: values.modes }), spread.join("\n").trim()],
      high_quality: [`${percent(values.high_quality)} %`, interval("high_quality", percent).replace(")", " %)")],
      reverse_kl: [two(values.reverse_kl), [interval("reverse_kl", two), smeared ? texts.says_little : ""].join("\n").trim() || "\u00a0"],
    };
    if (this.facts.children.length === 0) {
      this.facts.replaceChildren(...Object.keys(shown).map((name) => make("div", "", { "data-name": name }, make("dt", ""), make("dd", ""))));
    }
    for (const pair of this.facts.children) {
      const { name } = pair.dataset;
      pair.title = filled(texts.facts_help[name], { worst: Math.log(values.modes).toFixed(2) });
      pair.firstChild.textContent = texts.facts[name];
      const [value, words] = shown[name];
      pair.lastChild.replaceChildren(value, make("small", "", { textContent: words }));
    }
  }

  drawCurves() {
    const { texts } = this.data;
    const { ink, fake } = this.picture.colours;
    const three = (value) => value.toFixed(2);
    const percent = (value) => `${Math.round(100 * value)} %`;
    this.curves.belief.draw(texts.curves.belief, [texts.lines.real, texts.lines.fake], [ink, fake], three);
    this.curves.losses.draw(texts.curves.losses, [texts.lines.d, texts.lines.g], [ink, fake], three);
    const known = this.newest !== null && "captured" in this.newest.values;
    this.curves.quality.root.hidden = !known;
    if (known) this.curves.quality.draw(texts.curves.quality, [texts.lines.captured, texts.lines.high_quality], [ink, fake], percent);
  }

  destroy() {
    clearTimeout(this.timer);
    clearTimeout(this.planned);
    if (this.request !== undefined) cancelAnimationFrame(this.request);
    this.resizer.disconnect();
    document.removeEventListener("visibilitychange", this.onVisible);
    this.inFlight = true; // nothing is asked from here on
    this.root.remove();
  }
}

export default (component) => mountOnce(component, TwinStage);
