class Picture {
  constructor({ data }) {
    const image = make("img", "ganvas-picture-image");
    this.image = new SteadyImage(image);
    const large = make("img", "ganvas-lightbox-image");
    this.large = new SteadyImage(large);
    this.caption = make("figcaption", "ganvas-caption");
    this.dialog = make("dialog", "ganvas-lightbox", {}, large);
    this.button = make("button", "ganvas-picture-button", { type: "button", "aria-haspopup": "dialog" }, image);
    this.figure = make("figure", "ganvas-picture", {}, this.button, this.caption);
    this.root = make("div", "ganvas-live", {
      "data-testid": "picture", "data-key": data.key,
    }, this.figure, this.dialog);
    this.button.addEventListener("click", async () => {
      await this.large.show(this.data.image);
      if (this.root.isConnected) this.dialog.showModal(); // Escape closes it and gives the focus back
    });
    this.dialog.addEventListener("click", () => this.dialog.close());
  }

  update({ data }) {
    this.data = data;
    this.figure.style.maxWidth = data.max_width_px === null ? "none" : `${data.max_width_px}px`;
    for (const { node } of [this.image, this.large]) {
      node.alt = data.alt;
      node.classList.toggle("ganvas-pixelated", data.pixelated);
    }
    this.dialog.setAttribute("aria-label", data.alt);
    this.button.setAttribute("aria-label", data.alt); // also while the image is not there yet
    this.caption.textContent = data.caption;
    this.caption.hidden = data.caption === "";
    this.image.show(data.image);
    if (this.dialog.open) this.large.show(data.image);
  }

  destroy() {
    if (this.dialog.open) this.dialog.close();
    this.root.remove();
  }
}

export default (component) => mountOnce(component, Picture);
