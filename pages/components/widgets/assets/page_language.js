const LABELLED = ["aria-label", "placeholder", "title"];
const NOT_OURS = "svg, script, style, code, pre, textarea, .ganvas-own-words";

// Words of another program in the visitor's language. "{size} per file" stands for every text of that form.
class Words {
  constructor() {
    this.english = new Map(); // what was written -> what had stood there
    this.learn({});
  }

  learn(words) {
    this.exact = new Map();
    this.forms = [];
    for (const [english, said] of Object.entries(words)) {
      const [before, after] = english.split(/\{\w+\}/);
      if (after === undefined) this.exact.set(english, said);
      else this.forms.push({ before, after, said });
    }
  }

  // What is to stand in a place, or undefined if it stays as it is.
  instead(there) {
    const found = there.trim();
    const english = this.english.get(found) ?? found;
    const said = this.exact.get(english) ?? this.formed(english) ?? english;
    if (said === found) return undefined;
    this.english.set(said, english);
    return there.replace(found, () => said);
  }

  formed(english) {
    for (const { before, after, said } of this.forms) {
      if (english.length > before.length + after.length && english.startsWith(before) && english.endsWith(after))
        return said.replace(/\{\w+\}/, () => english.slice(before.length, english.length - after.length));
    }
    return undefined;
  }
}

// Says the page's language, and Streamlit's own words in it: their text is changed, never the nodes, which are React's.
class PageLanguage {
  constructor({ data }) {
    this.root = make("span", "ganvas-live", { "data-testid": "page-language", "data-key": data.key, hidden: true });
    this.texts = new Words();
    this.labels = new Words();
    this.observer = new MutationObserver((records) => this.changed(records));
  }

  update({ data }) {
    document.documentElement.lang = data.tag;
    this.observer.disconnect();
    this.texts.learn(data.texts);
    this.labels.learn(data.labels);
    this.translate(document.body);
    if (Object.keys(data.labels).length)
      this.observer.observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
        attributeFilter: LABELLED,
      });
  }

  changed(records) {
    for (const { type, target, addedNodes } of records) {
      if (type === "childList") addedNodes.forEach((node) => this.translate(node));
      else if (type === "attributes") this.label(target);
      else this.text(target);
    }
  }

  translate(node) {
    if (node instanceof Text) this.text(node);
    if (!(node instanceof Element) || node.closest(NOT_OURS)) return;
    for (const one of [node, ...node.querySelectorAll(LABELLED.map((name) => `[${name}]`).join())]) this.label(one);
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) this.text(walker.currentNode);
  }

  text(node) {
    const said = this.texts.instead(node.data);
    if (said !== undefined && !node.parentElement?.closest(NOT_OURS)) node.data = said;
  }

  label(element) {
    for (const name of LABELLED) {
      const said = element.hasAttribute(name) ? this.labels.instead(element.getAttribute(name)) : undefined;
      if (said !== undefined && !element.closest(NOT_OURS)) element.setAttribute(name, said);
    }
  }

  destroy() {
    this.observer.disconnect();
    this.root.remove();
  }
}

export default (component) => mountOnce(component, PageLanguage);
