import { Icon } from "../../shared/design/icons";

/** Who somebody is, at a glance: an initial, or a mark for what is no person. */
export function Avatar({
  by,
  name,
  there,
}: {
  by: string;
  name: string;
  there?: boolean | undefined;
}) {
  return (
    <span class={`avatar ${by === "bot" ? "avatar-bot" : ""}`} aria-hidden="true">
      {by === "bot" ? <Icon name="bot" size={18} /> : [...name][0]?.toLocaleUpperCase()}
      {there && <span class="there" />}
    </span>
  );
}
