const SVG = "http://www.w3.org/2000/svg";
const PAINT = { // i-CLEVR's own colours
  gray: "#777", red: "#ad2323", blue: "#2a4bd7", green: "#1d8a14", brown: "#814a19", purple: "#8126c0", cyan: "#29d0d0",
  yellow: "#ffee33",
};
const light = (paint) => `color-mix(in srgb, ${paint} 68%, white)`;
const dark = (paint) => `color-mix(in srgb, ${paint} 68%, black)`;
const KEYS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
let gradients = 0;

function draw(tag, attributes, style = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  Object.assign(node.style, style);
  return node;
}

function gradient(kind, attributes, stops) {
  const node = draw(kind, { id: `ganvas-paint-${gradients += 1}`, ...attributes });
  for (const [offset, stopColor] of stops) node.append(draw("stop", { offset }, { stopColor }));
  return node;
}

const SOLIDS = {
  cube(paint) {
    return [
      draw("polygon", { points: "20,5 35,12 20,19 5,12" }, { fill: light(paint) }),
      draw("polygon", { points: "5,12 20,19 20,36 5,29" }, { fill: paint }),
      draw("polygon", { points: "35,12 20,19 20,36 35,29" }, { fill: dark(paint) }),
    ];
  },
  sphere(paint) {
    const shade = gradient("radialGradient", { cx: 0.36, cy: 0.32, r: 0.75 }, [[0, light(paint)], [0.5, paint], [1, dark(paint)]]);
    return [shade, draw("circle", { cx: 20, cy: 20, r: 15 }, { fill: `url(#${shade.id})` })];
  },
  cylinder(paint) {
    const shade = gradient("linearGradient", {}, [[0, paint], [0.35, light(paint)], [1, dark(paint)]]);
    return [
      shade,
      draw("path", { d: "M7,11 v18 a13,6 0 0 0 26,0 v-18 z" }, { fill: `url(#${shade.id})` }),
      draw("ellipse", { cx: 20, cy: 11, rx: 13, ry: 6 }, { fill: light(paint) }),
    ];
  },
};

class ConditionPalette extends ChoiceGrid {
  constructor(component) {
    super(component, "ganvas-palette", "condition-palette");
    this.revision = -1; // of the choice that Python made last; ours are made upon it
    this.definition = "";
    this.times = 0; // how often a list was typed
    this.box = make("input", "ganvas-palette-list", { type: "text", maxLength: component.data.longest });
    this.box.addEventListener("change", () => { // Enter, or the focus goes elsewhere
      this.times += 1;
      this.setStateValue("choice", this.state());
    });
    this.caption = make("span", "");
    this.root.append(make("label", "ganvas-palette-label", {}, this.caption, this.box));
  }

  update(component) {
    super.update(component);
    const { data } = component;
    this.caption.textContent = data.texts.type;
    this.box.placeholder = data.texts.example;
    this.box.title = data.texts.help;
    this.times = Math.max(this.times, data.times);
    const definition = JSON.stringify(data.rows);
    if (definition !== this.definition) {
      this.definition = definition;
      this.build(data.rows);
    }
    if (data.revision > this.revision) {
      this.revision = data.revision;
      this.selected = data.selected;
      this.message.textContent = "";
      this.write();
    }
    this.mark();
  }

  choose(selected) {
    this.selected = selected;
    this.write();
    super.choose(selected);
  }

  write() { // what is chosen, as one would type it
    this.box.value = this.selected.join(", ");
  }

  build(rows) {
    this.buttons.clear();
    this.places = rows.map((row) => row.map((item) => {
      const icon = draw("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" });
      icon.append(...SOLIDS[item.shape](PAINT[item.colour]));
      const button = make("button", "ganvas-palette-object", {
        type: "button", title: item.id, "aria-label": item.id, disabled: !item.known, tabIndex: -1,
      }, icon);
      button.addEventListener("click", () => this.toggle(item.id));
      this.buttons.set(item.id, button);
      return button;
    }));
    this.grid.replaceChildren(...this.places.flat());
    const first = this.places.flat().find((button) => !button.disabled);
    if (first !== undefined) first.tabIndex = 0;
  }

  move(event) {
    const step = KEYS[event.key];
    if (step === undefined) return;
    let row = this.places.findIndex((buttons) => buttons.includes(event.target));
    if (row < 0) return;
    let column = this.places[row].indexOf(event.target);
    do { // passes over what the model never learned
      row += step[0];
      column += step[1];
      if (this.places[row]?.[column] === undefined) return;
    } while (this.places[row][column].disabled);
    event.preventDefault();
    this.focus(this.places[row][column]);
  }

  state() {
    return { selected: this.selected, revision: this.revision, typed: this.box.value, times: this.times };
  }

  words() {
    const { texts } = this.data;
    return this.selected.length === 0 ? texts.none : `${texts.chosen} ${this.selected.join(", ")}`;
  }
}

export default (component) => mountOnce(component, ConditionPalette);
