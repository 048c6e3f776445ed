/** Icons of our own: outlines in a square of 20, drawn with a line of 1.5. */

const PATHS = {
  send: "M10 16V4.5M5 9.2 10 4.2l5 5",
  attach:
    "m14.8 9.4-5.3 5.3a3.3 3.3 0 0 1-4.7-4.7l5.7-5.7a2.2 2.2 0 0 1 3.1 3.1L8 13a1.1 1.1 0 0 1-1.6-1.5l5-5",
  emoji:
    "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM7.2 11.6c.6 1.1 1.6 1.7 2.8 1.7s2.2-.6 2.8-1.7M7.7 8v.2M12.3 8v.2",
  chat: "M3.5 9.3c0-3 2.9-5.3 6.5-5.3s6.5 2.3 6.5 5.3-2.9 5.3-6.5 5.3c-.7 0-1.4-.1-2-.3l-3.3 1.6.7-2.8c-1.2-1-1.9-2.3-1.9-3.8Z",
  envelope: "M3.5 5.5h13v9h-13zM3.8 6l6.2 4.8L16.2 6",
  snooze:
    "M10 16.5a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM10 7.5v3.2l2 1.3M3.2 5.6 5.6 3.4M16.8 5.6l-2.4-2.2",
  check: "m4.5 10.5 3.7 3.7 7.3-8",
  checks: "m2.5 10.5 3.5 3.7 6-7.4M9.3 13.2l1 1 7-8",
  clock: "M10 16.8a6.8 6.8 0 1 0 0-13.6 6.8 6.8 0 0 0 0 13.6ZM10 6.4v3.8l2.4 1.5",
  person:
    "M10 9.8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4.2 16.4c.5-2.7 2.9-4 5.8-4s5.3 1.3 5.8 4",
  bot: "M5 8h10v7.5H5zM10 8V5M10 4.8v-.3M8 11v1M12 11v1M3.2 10.5v2.5M16.8 10.5v2.5",
  note: "M4.5 4h11v8.2L11.7 16H4.5zM15.2 12.2h-3.7V16M7.2 7.5h5.6M7.2 10h3",
  search: "M9 14a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM12.7 12.7l3.8 3.8",
  gear: "M10 12.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8ZM10 3v2.2M10 14.8V17M3 10h2.2M14.8 10H17M5 5l1.6 1.6M13.4 13.4 15 15M15 5l-1.6 1.6M6.6 13.4 5 15",
  close: "m5.5 5.5 9 9M14.5 5.5l-9 9",
  down: "m5 8 5 5 5-5",
  back: "m12 5-5 5 5 5",
  next: "m8 5 5 5-5 5",
  more: "M4.8 10h.2M9.9 10h.2M15 10h.2",
  alert: "M10 16.8a6.8 6.8 0 1 0 0-13.6 6.8 6.8 0 0 0 0 13.6ZM10 6.5v4.2M10 13.3v.2",
  retry: "M15.5 10a5.5 5.5 0 1 1-1.8-4.1M14.2 3v3.2H11",
  star: "m10 3.4 2 4.3 4.7.6-3.5 3.2.9 4.7L10 13.9l-4.1 2.3.9-4.7-3.5-3.2 4.7-.6Z",
  bell: "M5.5 13.5c1-1 1-2.2 1-4a3.5 3.5 0 0 1 7 0c0 1.8 0 3 1 4zM8.6 16h2.8",
  mute: "M5.5 13.5c1-1 1-2.2 1-4a3.5 3.5 0 0 1 7 0c0 1.8 0 3 1 4zM8.6 16h2.8M4 4l12 12",
  image: "M3.5 4.5h13v11h-13zM3.8 13.2l3.4-3.4 3 3 2.2-2.2 3.8 3.6M12.8 7.8v.2",
  exit: "M11.5 4H5v12h6.5M9 10h8M14 7l3 3-3 3",
  plus: "M10 4.5v11M4.5 10h11",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration beside words, or inside a control that has a name. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return <Outline name={name} path={PATHS[name]} size={size} />;
}

/** An icon of a client's own, drawn as all are. */
export function Outline(props: { name: string; path: string; size: number }) {
  const { name, path, size } = props;
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 20 20"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={path} />
    </svg>
  );
}
