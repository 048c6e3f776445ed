/**
 * The demo shop: a small shop that embeds the widget as a real one would.
 *
 * What a real shop's backend does is in one place here, `tokenOf`: it says who has signed
 * in, by a token that it signs with its key (docs/widget.md).
 */

import "./shop.css";

/** The widget's one global; until it has loaded, what remembers the calls. */
interface Shopwire {
  (...call: unknown[]): void;
  q?: unknown[][];
}

interface Customer {
  readonly sub: string;
  readonly name: string;
  readonly token: string;
}

const SIGNED_IN = "demo.signed-in-as";

/** Calls the widget; before it has loaded, has it called then. */
function shopwire(...call: [command: string, ...args: unknown[]]): void {
  const page = window as { Shopwire?: Shopwire };
  if (!page.Shopwire) {
    const waiting: Shopwire = (...later) => void (waiting.q ??= []).push(later);
    page.Shopwire = waiting;
  }
  page.Shopwire(...call);
}

/** Returns the customers who may sign in, each with a fresh token. */
async function customers(): Promise<readonly Customer[]> {
  const answer = await fetch("/demo/people");
  if (!answer.ok) throw new Error(`the demo's people: ${answer.status}`);
  return (await answer.json()) as readonly Customer[];
}

async function tokenOf(sub: string): Promise<string> {
  const found = (await customers()).find((one) => one.sub === sub);
  if (!found) throw new Error(`nobody is called ${sub}`);
  return found.token;
}

function remembered(): string {
  try {
    return sessionStorage.getItem(SIGNED_IN) ?? "";
  } catch {
    return "";
  }
}

function remember(sub: string): void {
  try {
    sessionStorage.setItem(SIGNED_IN, sub);
  } catch {
    // A browser that keeps nothing signs in on each page anew.
  }
}

function signIn(sub: string): void {
  remember(sub);
  if (sub) shopwire("identify", () => tokenOf(sub));
  else shopwire("logout");
}

/** Lets one be any of the customers, or nobody. */
async function offerPeople(select: HTMLSelectElement): Promise<void> {
  for (const { sub, name } of await customers()) {
    select.append(new Option(name, sub));
  }
  select.value = remembered();
  select.disabled = false;
  select.addEventListener("change", () => signIn(select.value));
}

function tellOfPurchase(button: HTMLButtonElement): void {
  const { product = "", price = "" } = button.dataset;
  shopwire("track", "added_to_cart", { product, price });
  const said = button.textContent;
  button.textContent = "In your basket";
  setTimeout(() => (button.textContent = said), 2000);
}

const sub = remembered();
shopwire("boot", sub ? { token: () => tokenOf(sub) } : {});

const select = document.querySelector<HTMLSelectElement>("#who");
if (select) void offerPeople(select);
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-product]")) {
  button.addEventListener("click", () => tellOfPurchase(button));
}
for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => shopwire("show"));
}
