// Small pictures for the map's hover, on one sheet: sent once, while the map itself changes colours and places.

class Sheet {
  constructor({ data }) {
    this.key = data.key;
    this.root = make("div", "ganvas-live ganvas-sheet", { "data-testid": "vae-sheet", "data-key": data.key });
    window.ganvasSheets ??= new Map();
  }

  update({ data }) {
    window.ganvasSheets.set(this.key, data);
  }

  destroy() {
    window.ganvasSheets.delete(this.key);
    this.root.remove();
  }
}

export default (component) => mountOnce(component, Sheet);
