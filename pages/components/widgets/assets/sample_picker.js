const ARROWS = { ArrowRight: 1, ArrowLeft: -1 };

class SamplePicker {
  constructor({ data }) {
    this.grid = make("div", "ganvas-samples", { role: "group" });
    this.chosen = make("span", "ganvas-samples-chosen");
    this.clear = make("button", "ganvas-button", { type: "button" });
    this.message = make("span", "ganvas-samples-message", { role: "status" });
    const foot = make("div", "ganvas-samples-foot", {}, this.chosen, this.clear, this.message);
    this.root = make("div", "ganvas-live", { "data-testid": "sample-picker", "data-key": data.key }, this.grid, foot);
    this.selected = data.selected;
    this.sheet = "";
    this.clear.addEventListener("click", () => this.choose([]));
    this.grid.addEventListener("keydown", (event) => this.move(event));
  }

  async update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.data = data;
    this.grid.setAttribute("aria-label", data.texts.label);
    this.clear.textContent = data.texts.clear;
    this.mark();
    if (data.sheet === this.sheet) return;
    const { sheet } = data;
    const image = new Image();
    image.src = sheet;
    try {
      await image.decode(); // the old sheet stays until then
    } catch {
      return;
    }
    if (this.data.sheet === sheet) this.build(sheet);
  }

  build(sheet) {
    const { ids, columns, texts } = this.data;
    const rows = Math.ceil(ids.length / columns);
    this.sheet = sheet;
    this.grid.style.setProperty("--ganvas-columns", columns);
    this.buttons = ids.map((id, index) => {
      const name = texts.sample.replace("{n}", id);
      const button = make("button", "ganvas-sample", { type: "button", title: name, "aria-label": name, tabIndex: index ? -1 : 0 });
      const share = (place, count) => (count > 1 ? `${(100 * place) / (count - 1)}%` : "0%");
      button.style.backgroundImage = `url("${sheet}")`;
      button.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
      button.style.backgroundPosition = `${share(index % columns, columns)} ${share(Math.floor(index / columns), rows)}`;
      button.addEventListener("click", () => this.toggle(id));
      return button;
    });
    this.grid.replaceChildren(...this.buttons);
    this.mark();
  }

  move(event) {
    const step = ARROWS[event.key] ?? { ArrowDown: this.data.columns, ArrowUp: -this.data.columns }[event.key];
    const next = this.buttons[this.buttons.indexOf(event.target) + step];
    if (step === undefined || next === undefined) return;
    event.preventDefault();
    for (const button of this.buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }

  toggle(id) {
    const { limit, texts } = this.data;
    if (limit === 1) {
      this.choose([id]);
    } else if (this.selected.includes(id)) {
      this.choose(this.selected.filter((other) => other !== id));
    } else if (this.selected.length >= limit) {
      this.message.textContent = texts.limit;
    } else {
      this.choose([...this.selected, id]);
    }
  }

  choose(selected) {
    this.selected = selected;
    this.message.textContent = "";
    this.mark();
    this.setStateValue("choice", { selected });
  }

  mark() {
    const { ids, limit, texts } = this.data;
    (this.buttons ?? []).forEach((button, index) => {
      button.setAttribute("aria-pressed", this.selected.includes(ids[index]));
    });
    const words = { 0: texts.none, 1: texts.chosen }[this.selected.length] ?? texts.several;
    this.chosen.textContent = words.replace("{n}", this.selected.join(", "));
    this.clear.hidden = limit === 1 || this.selected.length === 0;
  }

  destroy() {
    this.root.remove();
  }
}

export default (component) => mountOnce(component, SamplePicker);
