/** Icons: those that both clients have, and a few that agents alone need. */

import {
  Icon as Shared,
  type IconName as SharedName,
  Outline,
} from "../../shared/design/icons";

const PATHS = {
  inbox:
    "M3.5 11.5 5.3 5h9.400l1.800 6.500M3.500 11.500V15a.8.8 0 0 0 .8.8h11.400a.8.8 0 0 0 .8-.8v-3.500M3.500 11.500H7.200l.9 2h3.800l.9-2h3.700",
  people:
    "M7.500 9.500a2.700 2.700 0 1 0 0-5.400 2.700 2.700 0 0 0 0 5.400ZM2.800 16c.4-2.500 2.300-3.800 4.700-3.800s4.300 1.300 4.700 3.800M13 4.300a2.700 2.700 0 0 1 0 5M14.600 12.500c1.500.5 2.400 1.700 2.700 3.500",
  free: "M9.500 9.800a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3.700 16.400c.5-2.700 2.900-4 5.800-4 .6 0 1.200.1 1.800.2M15 11.800v5M12.500 14.300h5",
  chart: "M3.500 16.500h13M6 16v-5.500M10 16V4.500M14 16V8",
  hold: "M6 3.500h8M6 16.500h8M7 3.700c0 3.800 6 4.400 6 6.300s-6 2.500-6 6.300M13 3.700c0 3.800-6 4.400-6 6.300s6 2.500 6 6.300",
  slash: "M12.500 4 7.500 16M4 4.500h12v11H4z",
  tag: "M3.700 4.700v4.800l7.200 7.200 5.800-5.800-7.200-7.200H4.700a1 1 0 0 0-1 1ZM7 7v.2",
  swap: "M4 7.500h11.500l-3-3M16 12.500H4.500l3 3",
  order:
    "M4 6.700 10 3.700l6 3v6.800l-6 3-6-3V6.700ZM4.200 6.800 10 9.700l5.800-2.900M10 9.700v6.600",
  keyboard: "M3 6h14v8.500H3zM6 9v.2M8.700 9v.2M11.300 9v.2M14 9v.2M7 11.700h6",
  eye: "M2.500 10S5.300 5.500 10 5.500s7.500 4.500 7.500 4.500-2.800 4.500-7.500 4.500S2.500 10 2.500 10ZM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
} as const;

type OwnName = keyof typeof PATHS;

export type IconName = SharedName | OwnName;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  if (!isOwn(name)) return <Shared name={name} size={size} />;
  return <Outline name={name} path={PATHS[name]} size={size} />;
}

function isOwn(name: IconName): name is OwnName {
  return name in PATHS;
}
