/** The widget as a whole: a custom element with a shadow root, and what is in it. */

import { render } from "preact";
import { accentOf, declarations, tokens } from "../shared/design/tokens";
import tokensCss from "../shared/design/tokens.css?inline";
import type { Model } from "./model";
import { Launcher, Preview } from "./parts/launcher";
import { Panel } from "./parts/panel";
import { Shown } from "./parts/use";
import { isThere, type State } from "./state";
import widgetCss from "./widget.css?inline";

export const TAG = "shop-wire";

class ShopWire extends HTMLElement {}

/** What is on the page of one booted widget. */
export class Widget {
  private readonly host: HTMLElement;
  private readonly root: ShadowRoot;
  private readonly colours = new CSSStyleSheet();
  private readonly watcher = new MutationObserver(() => this.stay());
  private painted = "";
  private due = false;
  private removed = false;

  constructor(
    private readonly model: () => Model,
    /** Whether there is a button to open the panel. */
    private readonly launcher: () => boolean,
  ) {
    // An older widget on the same page may have defined it.
    if (!customElements.get(TAG)) customElements.define(TAG, ShopWire);
    this.host = document.createElement(TAG);
    this.root = this.host.attachShadow({ mode: "open" });
    const fixed = new CSSStyleSheet();
    fixed.replaceSync(tokensCss + widgetCss);
    // Adopted: a page may forbid styles inside elements, and `<style>` is one.
    this.root.adoptedStyleSheets = [this.colours, fixed];
    this.watcher.observe(document.documentElement, { childList: true });
    this.stay();
  }

  /** Goes back onto a page that has put other things in the place of all there was. */
  private stay = (): void => {
    if (!this.host.isConnected) document.body.append(this.host);
    this.watcher.observe(document.body, { childList: true });
  };

  /** Draws what there is now, soon, and once for many changes. */
  draw = (): void => {
    if (this.due || this.removed) return;
    // A long past comes event by event, and is shown as a whole.
    const { opening, thread } = this.model().state;
    if (opening && thread.events.length > 1) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      if (!this.removed) this.drawNow();
    });
  };

  /** Takes it off the page; what comes late is not drawn any more. */
  remove(): void {
    this.removed = true;
    this.watcher.disconnect();
    render(null, this.root);
    this.host.remove();
  }

  private drawNow(): void {
    const model = this.model();
    const { state } = model;
    this.paint(state);
    const there = isThere(state);
    const { scheme = "auto", position: side = "end" } = state.theme;
    render(
      <Shown.Provider value={{ model, state }}>
        <div
          class={`tokens root ${side} ${state.open ? "opened" : ""}`}
          dir={state.say.dir}
          lang={state.say.locale}
          data-scheme={scheme}
          hidden={!there}
        >
          {there && state.open && <Panel />}
          {there && this.launcher() && <Preview />}
          {there && this.launcher() && <Launcher />}
          <p class="sr" role="status">
            {state.announced}
          </p>
        </div>
      </Shown.Provider>,
      this.root,
    );
  }

  /** Puts the shop's colours in, when they have changed. */
  private paint({ theme }: State): void {
    const { accent, font, radius } = theme;
    const wanted = `${accent} ${font} ${radius}`;
    if (wanted === this.painted) return;
    this.painted = wanted;
    const of = (scheme: "light" | "dark"): string =>
      declarations(tokens(accentOf(accent), scheme));
    const own = [
      font && /^[\w\s,"'-]+$/.test(font) ? `--font:${font};` : "",
      radius && /^\d{1,2}$/.test(radius) ? `--radius-panel:${radius}px;` : "",
    ].join("");
    this.colours.replaceSync(
      `.root{${of("light")}color-scheme:light}` +
        `.root[data-scheme=dark]{${of("dark")}color-scheme:dark}` +
        `@media(prefers-color-scheme:dark){.root[data-scheme=auto]{${of("dark")}color-scheme:dark}}` +
        (own && `.root.root{${own}}`),
    );
  }
}
