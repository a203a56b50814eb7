// Shared by every component: put in front of its own script by _assets.py.

const mounts = new WeakMap(); // the element Streamlit gives us -> the view living in it

// Streamlit calls the default export again at every data or theme change, always with the same parent
// element: the view is built once and told the rest. Streamlit also runs the cleanup of a call that a newer
// call overtook, so only a node that has really left the page is torn down.
function mountOnce(component, View) {
  const { parentElement } = component;
  let view = mounts.get(parentElement);
  if (view === undefined) {
    view = new View(component);
    mounts.set(parentElement, view);
    parentElement.append(view.root);
  }
  view.update(component);
  return () => {
    setTimeout(() => {
      if (!parentElement.isConnected && mounts.get(parentElement) === view) {
        mounts.delete(parentElement);
        view.destroy();
      }
    }, 0);
  };
}

// Properties are set, never parsed as HTML: whatever a user typed stays text.
function make(tag, className, properties = {}, ...children) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Moves a range input and the coloured part of its track.
function setRange(input, value) {
  input.value = value;
  const share = (input.valueAsNumber - Number(input.min)) / (Number(input.max) - Number(input.min));
  input.style.setProperty("--ganvas-share", `${100 * share}%`);
}

// A picture that is never blank: the newest source takes the old one's place once it has been decoded.
class SteadyImage {
  constructor(node) {
    this.node = node;
    this.node.decoding = "sync"; // decoded above, so the frame that swaps also shows
    this.node.hidden = true;
    this.wanted = "";
  }

  // Resolves when this source is on show, was overtaken by a newer one, or turned out to be broken.
  async show(source) {
    if (source === this.wanted || source === "") return;
    this.wanted = source;
    const next = new Image();
    next.src = source;
    try {
      await next.decode();
    } catch {
      if (this.wanted === source) this.wanted = ""; // the old picture stays; the same source may be tried again
      console.warn("A picture could not be decoded; the previous one stays.");
      return;
    }
    if (this.wanted !== source) return;
    this.node.src = source;
    this.node.hidden = false;
  }
}
