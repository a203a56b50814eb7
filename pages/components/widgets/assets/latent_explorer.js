const REPLY_TIMEOUT_MS = 2000;

class LatentExplorer {
  constructor({ data }) {
    this.controls = make("div", "ganvas-controls");
    this.help = make("p", "ganvas-help");
    this.resetButton = make("button", "ganvas-button", { type: "button" });
    const panel = make("div", "ganvas-panel", {}, this.controls, this.help, this.resetButton);
    const [imageFigure, image] = this.makeFigure("ganvas-main");
    const [neighboursFigure, neighbours] = this.makeFigure("ganvas-neighbours");
    this.pictures = { image, neighbours };
    this.grid = make("div", "ganvas-explorer-grid", {}, panel, imageFigure, neighboursFigure);
    this.root = make("div", "ganvas-live ganvas-explorer", {
      "data-testid": "latent-explorer", "data-key": data.key,
    }, this.grid);
    this.sequence = data.sequence; // of the last update sent
    this.inFlight = false;
    this.dirty = false; // a value changed since the last update was sent
    this.held = null; // the range input under the pointer
    this.told = null; // the slider last moved or focused: the note is about it
    this.definition = "";
    this.sliders = new Map();
    this.resetButton.addEventListener("click", () => this.reset(this.sliders.values()));
    this.release = () => { this.held = null; };
    for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, this.release);
  }

  makeFigure(className) {
    const node = make("img", "ganvas-pixelated");
    const caption = make("figcaption", "ganvas-caption");
    const frame = make("div", "ganvas-frame", {}, node); // square from the start: no jump at the first image
    const figure = make("figure", className, {}, frame, caption);
    return [figure, { figure, node, caption, steady: new SteadyImage(node) }];
  }

  async update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.param = data.param;
    this.resetButton.textContent = data.texts.reset;
    this.label("image", data);
    this.label("neighbours", data);
    const definition = JSON.stringify(data.sliders);
    if (definition !== this.definition) {
      this.definition = definition;
      this.build(data.sliders);
      this.dirty = false;
    }
    const answered = data.sequence >= this.sequence;
    if (answered && !this.dirty) this.adopt(data.values);
    await Promise.all([
      this.pictures.image.steady.show(data.image), this.pictures.neighbours.steady.show(data.neighbours),
    ]);
    // Only now, so that a browser slower than the server is not flooded either.
    if (this.inFlight && data.sequence >= this.sequence) this.settle();
  }

  label(name, data) {
    const { figure, node, caption } = this.pictures[name];
    figure.hidden = data[name] === "";
    node.alt = data.texts[name] ?? "";
    caption.textContent = data.texts[name] ?? "";
    caption.hidden = caption.textContent === "";
  }

  build(definitions) {
    this.sliders.clear();
    this.held = null;
    this.told = null;
    const rows = definitions.map((definition) => {
      const { label, help, minimum, maximum, step, value, id } = definition;
      const number = make("span", "ganvas-number", { "aria-hidden": "true" }); // the slider says it itself
      const input = make("input", "ganvas-range", {
        type: "range", min: minimum, max: maximum, step, value, "data-id": id, "aria-description": help,
      });
      const slider = { ...definition, input, number, decimals: decimalsOf(step) };
      input.addEventListener("pointerdown", () => { this.held = input; this.tell(slider); });
      input.addEventListener("input", () => this.changed(slider));
      input.addEventListener("dblclick", () => this.reset([slider]));
      const name = make("span", "ganvas-name", { textContent: label });
      const head = make("span", "ganvas-head", {}, name, number);
      const row = make("label", "ganvas-row", { title: help }, head, input);
      row.addEventListener("pointerenter", () => { if (this.held === null) this.note(slider); });
      row.addEventListener("pointerleave", () => this.note(this.told));
      input.addEventListener("focus", () => this.tell(slider));
      this.sliders.set(id, slider);
      this.write(slider, value);
      return row;
    });
    this.controls.replaceChildren(...rows);
    this.help.hidden = definitions.every(({ help }) => help === "");
    this.note(null);
  }

  // The note stays with the slider that is moved; one that is only pointed at borrows it.
  tell(slider) {
    this.told = slider;
    this.note(slider);
  }

  note(slider) {
    this.help.textContent = slider !== null && slider.help !== "" ? `${slider.label}: ${slider.help}` : "";
  }

  write(slider, value) {
    setRange(slider.input, value);
    slider.number.textContent = slider.input.valueAsNumber.toFixed(slider.decimals);
  }

  // What Python holds, for every slider that is not in the user's hand.
  adopt(values) {
    for (const slider of this.sliders.values()) {
      if (slider.input !== this.held && slider.id in values) this.write(slider, values[slider.id]);
    }
  }

  changed(slider) {
    this.tell(slider);
    this.write(slider, slider.input.valueAsNumber);
    this.dirty = true;
    this.send();
  }

  reset(sliders) {
    for (const slider of sliders) this.write(slider, slider.value);
    this.dirty = true;
    this.send();
  }

  // At most one update under way; when its reply arrives the newest values follow, those between are dropped.
  send() {
    if (this.inFlight || !this.dirty) return;
    this.inFlight = true;
    this.dirty = false;
    this.sequence += 1;
    this.timer = setTimeout(() => this.settle(), REPLY_TIMEOUT_MS); // a reply was lost
    const values = {};
    for (const { id, input } of this.sliders.values()) values[id] = input.valueAsNumber;
    this.setStateValue("values", { values, sequence: this.sequence });
  }

  settle() {
    clearTimeout(this.timer);
    this.inFlight = false;
    if (!this.dirty) this.keep();
    this.send();
  }

  // In the address, so that a copied link opens the same picture; no step of the history.
  keep() {
    if (this.param === "") return;
    const url = new URL(window.location.href), sliders = [...this.sliders.values()];
    const moved = sliders.some(({ input, value }) => input.valueAsNumber !== value);
    if (moved) url.searchParams.set(this.param, sliders.map(({ input }) => input.valueAsNumber).join("_"));
    else url.searchParams.delete(this.param);
    window.history.replaceState(window.history.state, "", url);
  }

  destroy() {
    clearTimeout(this.timer);
    this.inFlight = true; // nothing is sent from here on
    for (const name of ["pointerup", "pointercancel", "blur"]) window.removeEventListener(name, this.release);
    this.root.remove();
  }
}

function decimalsOf(step) {
  const [, decimals = ""] = String(step).split(".");
  return Math.min(decimals.length, 4);
}

export default (component) => mountOnce(component, LatentExplorer);
