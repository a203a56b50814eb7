class PageLanguage {
  constructor({ data }) {
    this.root = make("span", "ganvas-live", { "data-testid": "page-language", "data-key": data.key, hidden: true });
  }

  update({ data }) {
    document.documentElement.lang = data.tag;
  }

  destroy() {
    this.root.remove();
  }
}

export default (component) => mountOnce(component, PageLanguage);
