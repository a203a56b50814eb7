const ARROWS = { ArrowRight: 1, ArrowLeft: -1 };

class SamplePicker extends ChoiceGrid {
  constructor(component) {
    super(component, "ganvas-samples", "sample-picker");
    this.selected = component.data.selected;
    this.sheet = "";
  }

  async update(component) {
    super.update(component);
    this.mark();
    const { sheet } = component.data;
    if (sheet === this.sheet) return;
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
    this.buttons = new Map(ids.map((id, index) => {
      const name = texts.sample.replace("{n}", id);
      const button = make("button", "ganvas-sample", { type: "button", title: name, "aria-label": name, tabIndex: index ? -1 : 0 });
      const share = (place, count) => (count > 1 ? `${(100 * place) / (count - 1)}%` : "0%");
      button.style.backgroundImage = `url("${sheet}")`;
      button.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
      button.style.backgroundPosition = `${share(index % columns, columns)} ${share(Math.floor(index / columns), rows)}`;
      button.addEventListener("click", () => this.toggle(id));
      return [id, button];
    }));
    this.grid.replaceChildren(...this.buttons.values());
    this.mark();
  }

  move(event) {
    const buttons = [...this.buttons.values()];
    const step = ARROWS[event.key] ?? { ArrowDown: this.data.columns, ArrowUp: -this.data.columns }[event.key];
    const next = buttons[buttons.indexOf(event.target) + step];
    if (step === undefined || next === undefined) return;
    event.preventDefault();
    this.focus(next);
  }

  toggle(id) {
    if (this.data.limit === 1) this.choose([id]); // a click replaces the choice
    else super.toggle(id);
  }

  mark() {
    super.mark();
    if (this.data.limit === 1) this.clear.hidden = true;
  }

  words() {
    const { texts } = this.data;
    const words = { 0: texts.none, 1: texts.chosen }[this.selected.length] ?? texts.several;
    return words.replace("{n}", this.selected.join(", "));
  }
}

export default (component) => mountOnce(component, SamplePicker);
