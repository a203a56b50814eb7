class EndNotice {
  constructor({ data }) {
    this.box = make("input", "", { type: "checkbox" });
    this.words = make("span", "");
    this.label = make("label", "ganvas-notice", {}, this.box, this.words);
    this.refusal = make("p", "ganvas-caption", { role: "status", hidden: true });
    this.root = make("div", "ganvas-live", { "data-testid": "end-notice", "data-key": data.key }, this.label, this.refusal);
    this.box.addEventListener("change", () => this.change());
  }

  update({ data }) {
    this.data = data;
    this.words.textContent = data.texts.switch;
    this.label.title = data.texts.help;
    this.refusal.textContent = data.texts.refused;
    this.root.hidden = !data.trains;
    this.box.checked = this.wanted();
    if (data.ended && this.wanted()) {
      this.want(false);
      if (document.hidden) this.tell();
    }
  }

  name() {
    return `ganvas-tell-${this.data.run}`;
  }

  wanted() {
    return sessionStorage.getItem(this.name()) !== null;
  }

  want(wanted) {
    if (wanted) sessionStorage.setItem(this.name(), "1");
    else sessionStorage.removeItem(this.name());
    this.box.checked = wanted;
  }

  async change() {
    if (!this.box.checked) {
      this.want(false);
      return;
    }
    let answer = "denied";
    if ("Notification" in window) answer = await Notification.requestPermission(); // asks only if nobody has answered yet
    this.want(answer === "granted");
    this.refusal.hidden = answer === "granted";
  }

  tell() {
    try {
      const notice = new Notification(this.data.title, { body: this.data.body, tag: this.name() });
      notice.onclick = () => {
        window.focus();
        notice.close();
      };
    } catch (error) {
      console.warn("The notification was not shown:", error); // Android shows those of service workers only
    }
  }

  destroy() {
    this.root.remove();
  }
}

export default (component) => mountOnce(component, EndNotice);
