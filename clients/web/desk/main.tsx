/** The agent desk. */

import { render } from "preact";
import "../shared/design/tokens.css";
import "./desk.css";
import { keptPrefs } from "./model/prefs";
import { Tokens } from "./model/tokens";
import { App } from "./parts/app";
import { dress } from "./dress";

const root = document.getElementById("desk");
const tokens = new Tokens(sessionStorage, location, (address) =>
  history.replaceState(null, "", address),
);
dress();
if (root) render(<App tokens={tokens} prefs={keptPrefs(localStorage)} />, root);
