class LeavePresent {
  constructor({ data }) {
    this.button = make("button", "ganvas-button ganvas-leave", { type: "button" });
    this.root = make("div", "ganvas-live", { "data-testid": "leave-present", "data-key": data.key }, this.button);
    this.button.addEventListener("click", () => this.leave());
    this.onKey = (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]") === null) this.leave(); // else Esc closes the enlarged picture
    };
    document.addEventListener("keydown", this.onKey);
  }

  update({ data, setTriggerValue }) {
    this.leave = () => setTriggerValue("leave", true);
    this.button.textContent = `${data.words} ✕`;
    this.button.title = data.help;
    this.button.setAttribute("aria-label", data.help);
  }

  destroy() {
    document.removeEventListener("keydown", this.onKey);
    this.root.remove();
  }
}

export default (component) => mountOnce(component, LeavePresent);
