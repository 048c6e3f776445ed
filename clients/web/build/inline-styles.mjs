/**
 * Makes emoji-picker-element fit a page with `style-src 'self'`: its style sheet is
 * adopted instead of inlined, and what it puts into `style` goes through the CSSOM.
 * Fails when a newer version looks different.
 */

const REPLACED = [
  [
    /const style = document\.createElement\('style'\);\s*style\.textContent = (.*?);\s*this\.shadowRoot\.appendChild\(style\);/,
    "const sheet = new CSSStyleSheet(); sheet.replaceSync($1); this.shadowRoot.adoptedStyleSheets = [sheet];",
  ],
  [
    /targetNode\.setAttribute\(attributeName, newValue\);/,
    "if (attributeName === 'style') targetNode.style.cssText = newValue; else targetNode.setAttribute(attributeName, newValue);",
  ],
];

export function withoutInlineStyles() {
  return {
    name: "without-inline-styles",
    transform(code, id) {
      if (!id.endsWith("emoji-picker-element/picker.js")) return undefined;
      let changed = code;
      for (const [found, put] of REPLACED) {
        if (!found.test(changed)) throw new Error(`${id} has no ${found}`);
        changed = changed.replace(found, put);
      }
      return { code: changed, map: null };
    },
  };
}
