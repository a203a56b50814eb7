// A group of buttons of which some are pressed, the choice in words below, Clear, and a message: the base of the palette and the picker.
class ChoiceGrid {
  constructor({ data }, className, testid) {
    this.grid = make("div", `ganvas-choice ${className}`, { role: "group" });
    this.chosen = make("span", `${className}-chosen`);
    this.clear = make("button", "ganvas-button", { type: "button" });
    this.message = make("span", "ganvas-choice-message", { role: "status" });
    const foot = make("div", "ganvas-choice-foot", {}, this.chosen, this.clear, this.message);
    this.root = make("div", "ganvas-live", { "data-testid": testid, "data-key": data.key }, this.grid, foot);
    this.buttons = new Map(); // what a button stands for -> the button
    this.selected = [];
    this.clear.addEventListener("click", () => this.choose([]));
    this.grid.addEventListener("keydown", (event) => this.move(event));
  }

  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.data = data;
    this.grid.setAttribute("aria-label", data.texts.label);
    this.clear.textContent = data.texts.clear;
  }

  focus(button) { // one stop for the Tab key; arrows move within
    for (const other of this.buttons.values()) other.tabIndex = other === button ? 0 : -1;
    button.focus();
  }

  toggle(id) {
    if (this.selected.includes(id)) {
      this.choose(this.selected.filter((other) => other !== id));
    } else if (this.selected.length >= this.data.limit) {
      this.message.textContent = this.data.texts.limit;
    } else {
      this.choose([...this.selected, id]);
    }
  }

  choose(selected) {
    this.selected = selected;
    this.message.textContent = "";
    this.mark();
    this.setStateValue("choice", this.state());
  }

  state() {
    return { selected: this.selected };
  }

  mark() {
    for (const [id, button] of this.buttons) button.setAttribute("aria-pressed", this.selected.includes(id));
    this.chosen.textContent = this.words();
    this.clear.hidden = this.selected.length === 0;
  }

  destroy() {
    this.root.remove();
  }
}
