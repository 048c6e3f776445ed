/**
 * `widget.js`: all that a shop's page loads before it is shown.
 *
 * It takes calls from the start, and fetches the widget when the page is complete, so
 * that a shop is never slower for having one.
 */

import type { Call, Queue } from "./queue";

const from = document.currentScript as HTMLScriptElement;

/** Adds the widget's own script, with the nonce that the shop gave this one. */
function load() {
  const script = document.createElement("script");
  script.async = true;
  // Attributes do not show it to scripts; the property does.
  script.nonce = from.nonce;
  script.src = new URL(`widget/${__MAIN__}`, from.src).href;
  document.head.append(script);
}

// The page may hold the snippet twice.
if (from && !window.Shopwire?.from) {
  const waiting: Queue = (...call: Call) => {
    (waiting.q ??= []).push(call);
  };
  waiting.q = window.Shopwire?.q ?? [];
  waiting.from = from;
  window.Shopwire = waiting;
  if (document.readyState === "complete") load();
  else window.addEventListener("load", load);
}
