"""A person who has no mouse: each key pressed, and where the focus is after it.

After every key the focus has to be on something, and it has to be seen where: what has
it, or what it points at, or the box around it, has a ring.
"""

from playwright.sync_api import Page

TABS = 60
"""More presses than any page here needs to get round once."""
LOOK = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at || at === document.body) return { what: '', lost: true };
  const root = at.getRootNode();
  const pointed = at.getAttribute('aria-activedescendant');
  const ringed = (element) => {
    if (!element) return false;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const outlined = outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
    return outlined || boxShadow !== 'none';
  };
  const field = at.matches('input, textarea, select');
  const around = [at.parentElement, at.parentElement?.parentElement];
  const label = at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent;
  const said = at.matches('section, dialog') ? '' : at.textContent;
  const told = label || said || at.placeholder || at.title || '';
  const box = at.getBoundingClientRect();
  const there = box.bottom > 0 && box.top < innerHeight && box.right > 0;
  return {
    what: `${at.getAttribute('role') ?? at.localName} ${told.trim()}`.slice(0, 200),
    lost: false,
    seen: there && (ringed(at) || ringed(pointed && root.getElementById(pointed)) ||
      (field && around.some(ringed))),
  };
}"""


class Keyboard:
    """The keys of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._frame = "() => new Promise(done => requestAnimationFrame(done))"

    @property
    def at(self) -> str:
        """What has the focus: its role or kind, and what it is called."""
        found: str = self.page.evaluate(LOOK)["what"]
        return found

    def press(self, *keys: str) -> None:
        """Press keys; after each the focus is somewhere, and seen."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settle(key)

    def settle(self, after: str) -> None:
        """See that the focus is somewhere, once what was pressed has been drawn."""
        for _ in range(2):
            self.page.evaluate(self._frame)
        look = self.page.evaluate(LOOK)
        assert not look["lost"], f"after {after} nothing has the focus"
        assert look["seen"], f"after {after} nobody sees that {look['what']} has it"

    def type(self, text: str) -> None:
        """Write where the focus is."""
        self.page.keyboard.type(text)
        self.settle(text)

    def to(self, name: str, key: str = "Tab") -> None:
        """Press `key` until something called so has the focus."""
        been = [self.at]
        while name not in been[-1]:
            assert len(been) < TABS, f"no {name} among {been}"
            self.page.keyboard.press(key)
            been.append(self.at)
            # Past the last thing of a page the browser's own have their turn.
            if been[-1]:
                self.settle(key)
