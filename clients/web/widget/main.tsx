/** The storefront widget. */

import { render } from "preact";

render(<span hidden>{__VERSION__ + JSON.stringify(__LATER__)}</span>, document.body);
