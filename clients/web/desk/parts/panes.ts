/** Whether the person is shown: beside the thread where there is room, else over it. */

import type { Desk } from "../model/desk";

const ROOM = "(min-width: 1200px)";

export function roomForPerson(): boolean {
  return matchMedia(ROOM).matches;
}

export function togglePerson(desk: Desk): void {
  if (roomForPerson()) {
    desk.prefs.update((prefs) => ({ ...prefs, showPerson: !prefs.showPerson }));
  } else desk.drawer.update((open) => !open);
}
