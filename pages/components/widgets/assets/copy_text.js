class CopyText {
  constructor({ data }) {
    this.field = make("input", "ganvas-copy-field", { type: "text", readOnly: true, spellcheck: false });
    this.button = make("button", "ganvas-button", { type: "button" });
    this.said = make("span", "ganvas-copy-said", { role: "status" });
    this.root = make("div", "ganvas-live ganvas-copy", { "data-testid": "copy-text", "data-key": data.key },
      this.field, this.button, this.said);
    this.field.addEventListener("focus", () => this.field.select());
    this.button.addEventListener("click", () => this.copy());
  }

  async copy() {
    const { words } = this.data;
    this.said.textContent = (await this.copied()) ? words.copied : words.failed;
  }

  async copied() {
    if (navigator.clipboard !== undefined) { // only where the page is served by HTTPS, or by this computer
      try {
        await navigator.clipboard.writeText(this.data.text);
        return true;
      } catch {
        // refused: the older way
      }
    }
    this.field.focus();
    this.field.select();
    return document.execCommand("copy");
  }

  update({ data }) {
    if (this.data !== undefined && this.data.text !== data.text) this.said.textContent = "";
    this.data = data;
    this.field.value = data.text;
    this.field.setAttribute("aria-label", data.words.label);
    this.button.textContent = data.words.copy;
  }

  destroy() {
    this.root.remove();
  }
}

export default (component) => mountOnce(component, CopyText);
