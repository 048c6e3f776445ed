/** The agent desk. */

import { render } from "preact";

function Desk() {
  return <h1>Shopwire desk</h1>;
}

const root = document.getElementById("desk");
if (root) render(<Desk />, root);
