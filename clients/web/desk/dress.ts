/** The colours of the desk, computed: light, dark, or as the system is. */

import { ACCENT, declarations, tokens } from "../shared/design/tokens";

export function dress(): void {
  const sheet = new CSSStyleSheet();
  const light = declarations(tokens(ACCENT, "light"));
  const dark = declarations(tokens(ACCENT, "dark"));
  sheet.replaceSync(`
    :root { color-scheme: light; ${light} }
    :root[data-theme="dark"] { color-scheme: dark; ${dark} }
    @media (prefers-color-scheme: dark) {
      :root:not([data-theme]) { color-scheme: dark; ${dark} }
    }
  `);
  document.adoptedStyleSheets.push(sheet);
  document.documentElement.classList.add("tokens");
}
