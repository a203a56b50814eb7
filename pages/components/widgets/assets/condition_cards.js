class ConditionCards {
  constructor({ data }) {
    this.grid = make("div", "ganvas-cards", { role: "list" });
    this.root = make("div", "ganvas-live ganvas-cards-frame", {
      "data-testid": "condition-cards", "data-key": data.key,
    }, this.grid);
    this.cards = [];
  }

  update({ data }) {
    this.grid.classList.toggle("ganvas-cards-rows", data.rows);
    this.grid.style.setProperty("--ganvas-columns", data.columns);
    while (this.cards.length > data.cards.length) this.cards.pop().node.remove();
    data.cards.forEach((parts, index) => this.write(this.cards[index] ?? this.add(), parts));
  }

  add() {
    const card = { node: make("div", "ganvas-card", { role: "listitem" }), parts: [] };
    this.cards.push(card);
    this.grid.append(card.node);
    return card;
  }

  write(card, parts) {
    while (card.parts.length > parts.length) card.parts.pop().node.remove();
    parts.forEach(({ image, alt, lines }, index) => {
      if (card.parts[index] === undefined) {
        const picture = make("img", "ganvas-pixelated");
        const words = make("figcaption", "ganvas-card-words");
        const node = make("figure", "ganvas-card-part", {}, picture, words);
        card.parts.push({ node, picture, words, steady: new SteadyImage(picture) });
        card.node.append(node);
      }
      const part = card.parts[index];
      part.picture.alt = alt;
      part.steady.show(image);
      part.words.replaceChildren(...lines.map(makeLine));
    });
  }

  destroy() {
    this.root.remove();
  }
}

function makeLine({ text, mark, says }) {
  const kind = mark === null ? "" : mark ? "ganvas-hit" : "ganvas-miss";
  const line = make("div", `ganvas-card-line ${kind}`, { title: mark === null ? text : `${text}: ${says}` });
  if (mark !== null) line.append(make("span", "", { role: "img", "aria-label": says, textContent: mark ? "✓" : "✗" }), " ");
  line.append(text);
  return line;
}

export default (component) => mountOnce(component, ConditionCards);
