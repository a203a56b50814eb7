const CARD_GAP_PX = 14;

class VaeMap extends LivePlot {
  constructor(component) {
    super(component);
    this.root.setAttribute("data-testid", "vae-map");
    this.root.classList.add("ganvas-map");
    this.tile = make("div", "ganvas-map-tile");
    this.words = make("div", "ganvas-map-words");
    this.card = make("div", "ganvas-map-card", { hidden: true, "aria-hidden": "true" }, this.tile, this.words);
    this.root.append(this.card);
    this.hooked = false;
    this.clicks = Date.now(); // grows also over a reload
  }

  update(component) {
    this.setStateValue = component.setStateValue;
    this.root.setAttribute("aria-label", component.data.description);
    super.update(component);
  }

  async draw() {
    await super.draw();
    if (this.hooked || this.plot.on === undefined) return;
    this.hooked = true;
    this.plot.on("plotly_hover", (event) => this.show(event.points[0]));
    this.plot.on("plotly_unhover", () => { this.card.hidden = true; });
    this.plot.on("plotly_click", (event) => {
      const index = event.points[0].customdata;
      if (Number.isInteger(index)) this.setStateValue("click", { point: index, number: (this.clicks += 1) }); // the same point twice is two clicks
    });
  }

  // The point's own picture beside it, on the side where there is room.
  show(point) {
    const index = point.customdata;
    const sheet = window.ganvasSheets?.get(this.data.sheet);
    if (!Number.isInteger(index)) return;
    this.words.textContent = [this.data.texts.image.replace("{n}", index), point.data.meta].join(" · ");
    this.tile.hidden = sheet === undefined || index >= sheet.count;
    if (!this.tile.hidden) {
      const { columns, rows, side_px: side } = sheet;
      Object.assign(this.tile.style, {
        width: `${side}px`,
        height: `${side}px`,
        backgroundImage: `url("${sheet.image}")`,
        backgroundSize: `${columns * side}px ${rows * side}px`,
        backgroundPosition: `${-(index % columns) * side}px ${-Math.floor(index / columns) * side}px`,
      });
    }
    this.card.hidden = false;
    const { xaxis, yaxis } = point;
    const x = xaxis._offset + xaxis.d2p(point.x);
    const y = yaxis._offset + yaxis.d2p(point.y);
    const { offsetWidth: width, offsetHeight: height } = this.card;
    const left = x + CARD_GAP_PX + width > this.root.clientWidth ? x - CARD_GAP_PX - width : x + CARD_GAP_PX;
    const top = Math.min(Math.max(0, y - height / 2), this.root.clientHeight - height);
    this.card.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
  }
}

export default (component) => mountOnce(component, VaeMap);
