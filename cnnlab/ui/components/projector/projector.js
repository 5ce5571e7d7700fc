// A page for the back row: larger text, numbers of at least 24 px, and Page Up / Page Down as steps.
// The step-through views read the sizes from the page's custom properties; their players (player.js) stand in
// `globalThis.cnnlabPlayers`.

const TEXT = 1 / 64; // of the window's width: 20 px of 1280, 30 px of 1920
const NUMBER = 1.2; // of the text: 24 px of 1280
const IN_SIGHT = 0.5; // a view is stepped while this share of it, or of the window, is on show
const HEADER = "4rem"; // of the app, which covers what scrolls under it
const PAGE = 0.8; // of the window's height: how far a page key scrolls where there is nothing to step

class Projector {
  constructor(place) {
    Object.assign(this, { place, last: null });
    this.stopped = new AbortController();
    const { signal } = this.stopped;
    addEventListener("resize", () => this.enlarge(), { signal });
    addEventListener("keydown", (event) => this.key(event), { signal, capture: true });
    this.enlarge();
  }

  // As a reader's own choice of text size does: everything that is measured in it follows.
  enlarge() {
    const text = Math.max(16, innerWidth * TEXT);
    const { style } = document.documentElement;
    style.fontSize = `${text}px`;
    style.setProperty("--cnnlab-zoom", text / 14);
    style.setProperty("--cnnlab-number", `${Math.max(24, text * NUMBER)}px`);
  }

  stop() {
    this.stopped.abort();
    if (globalThis.cnnlabProjector !== this) return;
    for (const name of ["font-size", "--cnnlab-zoom", "--cnnlab-number"]) document.documentElement.style.removeProperty(name);
  }

  key(event) {
    const by = { PageDown: 1, PageUp: -1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const views = this.views();
    const seen = views.filter((view) => view.share >= IN_SIGHT);
    const best = Math.max(...seen.map((view) => view.share));
    const view = seen.find(({ player }) => player === this.last) ?? seen.find(({ share }) => share === best);
    if (view && this.step(view.player, by)) return;
    // Nothing to step here: on to the next view, if it is not farther away than a page.
    const onward = views.filter((other) => other !== view && by * (other.top - (view?.top ?? 0)) > 0);
    const next = by > 0 ? onward[0] : onward.at(-1);
    if (next?.share >= IN_SIGHT && this.step(next.player, by)) return;
    if (next && Math.abs(next.top) < this.height) this.show(next.root);
    else this.scroller.scrollBy({ top: by * PAGE * this.height });
  }

  // In the middle, or from its top where it is too high for that.
  show(root) {
    root.style.scrollMarginTop = HEADER;
    root.scrollIntoView({ block: root.offsetHeight < PAGE * this.height ? "center" : "start" });
  }

  step(player, by) {
    const index = player.index + by;
    if (index < 0 || index >= player.count) return false;
    this.last = player;
    player.go(index);
    return true;
  }

  // The step-through views on show, from the top down, with the share that is in sight.
  views() {
    const players = [...(globalThis.cnnlabPlayers ?? [])];
    for (const player of players) if (!player.root.isConnected) globalThis.cnnlabPlayers.delete(player);
    return players
      .filter((player) => player.root.isConnected && player.count > 1)
      .map((player) => {
        const root = player.root.closest(".view");
        const { top, bottom, height } = root.getBoundingClientRect();
        const shown = Math.min(bottom, this.height) - Math.max(top, 0);
        return { player, root, top, height, share: shown / Math.min(height, this.height) };
      })
      .filter(({ root, height }) => height > 0 && root.checkVisibility())
      .sort((one, other) => one.top - other.top);
  }

  get height() {
    return innerHeight;
  }

  // What scrolls the page: the nearest box around this component that is higher inside than outside.
  get scroller() {
    let node = this.place.getRootNode().host ?? this.place;
    while (node.parentElement && !(node.scrollHeight > node.clientHeight + 1 && getComputedStyle(node).overflowY !== "visible")) {
      node = node.parentElement;
    }
    return node;
  }
}

// There is one at a time: a newer one takes over before an older one's clean-up comes.
export default function ({ parentElement }) {
  globalThis.cnnlabProjector?.stop();
  const projector = (globalThis.cnnlabProjector = new Projector(parentElement));
  return () => projector.stop();
}
