/** When the shop answers: windows of each weekday, and days that are different. */

import { Button } from "../../parts/bits";
import { t } from "../../words/words";
import type { Path } from "../form/paths";
import { FieldView, Wrong, idOf, tied, useForm, useValue } from "../form/view";
import { focusSoon } from "../form/focus";
import { DAYS, type Holiday, type Week, type Window } from "../model/documents";
import { Setting } from "./fields";
import { useStore } from "../../state/store";
import { useOffice } from "../context";
import { fieldAt } from "../form/schema";

const OFFICE: Window = ["09:00", "17:00"];
const WEEK: Week = {
  mon: [OFFICE],
  tue: [OFFICE],
  wed: [OFFICE],
  thu: [OFFICE],
  fri: [OFFICE],
  sat: [],
  sun: [],
};
/** As many as the broker takes. */
const MOST_WINDOWS = 8;

export function Hours() {
  return (
    <>
      <Zone />
      <Weekly />
      <Holidays />
      <h2>{t("hours_reply")}</h2>
      <Setting path={["hours", "auto_reply"]} />
      <Setting path={["hours", "when_no_agents"]} />
      <Setting path={["hours", "quiet_s"]} />
    </>
  );
}

/** A zone, with those that the browser knows to choose from. */
function Zone() {
  const fields = useStore(useOffice().fields);
  const field = fieldAt(fields?.settings ?? [], ["hours", "zone"]);
  const form = useForm();
  const path = ["hours", "zone"];
  if (!field) return null;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [zone] = useValue(path);
  return (
    <div
      ref={(element) => element?.querySelector("input")?.setAttribute("list", "zones")}
    >
      <FieldView field={field} path={path} />
      <datalist id="zones">
        {Intl.supportedValuesOf("timeZone").map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {zone !== own && (
        <Button
          label={t("zone_own", { zone: own })}
          kind="ghost"
          onClick={() => form.paper.edit(path, own)}
        />
      )}
    </div>
  );
}

function Weekly() {
  const form = useForm();
  const path = ["hours", "weekly"];
  const [value] = useValue(path);
  const [, wrong] = useValue(path, true);
  const week = value as Week | null;
  const id = idOf(form, path);
  return (
    <fieldset class="set-field" id={id} tabIndex={-1}>
      <legend>{t("set.hours.weekly")}</legend>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          checked={week === null}
          onChange={(event) =>
            form.paper.edit(path, event.currentTarget.checked ? null : WEEK)
          }
        />
        <span>{t("hours_always")}</span>
      </label>
      {week !== null && (
        <div class="set-week">
          {DAYS.map((day) => (
            <div class="set-day" key={day} role="group" aria-label={t(`day.${day}`)}>
              <strong>{t(`day.${day}`)}</strong>
              <Windows path={[...path, day]} day={t(`day.${day}`)} />
            </div>
          ))}
          <Button
            label={t("copy_monday")}
            kind="ghost"
            onClick={() => {
              const mon = week.mon ?? [];
              form.paper.edit(path, {
                ...week,
                tue: mon,
                wed: mon,
                thu: mon,
                fri: mon,
              });
            }}
          />
        </div>
      )}
      <Wrong id={id} wrong={wrong} />
    </fieldset>
  );
}

/** The windows of a day: none, if it is closed. */
function Windows({ path, day }: { path: Path; day: string }) {
  const form = useForm();
  const [value, wrong] = useValue(path);
  const windows = (value ?? []) as readonly Window[];
  const id = idOf(form, path);
  const put = (next: readonly Window[]) => form.paper.edit(path, next);
  const add = () => {
    put([...windows, windows.length > 0 ? ["13:00", "17:00"] : OFFICE]);
    focusSoon(`${id}.${windows.length}.0`);
  };
  return (
    <div class="set-windows">
      {windows.length === 0 && <span class="quiet">{t("closed_day")}</span>}
      {windows.map((window, at) => (
        <span class="set-window" key={at}>
          {([0, 1] as const).map((end) => (
            <Time
              key={end}
              path={[...path, at, end]}
              label={t(end ? "window_until" : "window_from", { day })}
            />
          ))}
          {window[1] !== "24:00" && window[1] < window[0] && (
            <span class="quiet">{t("next_day")}</span>
          )}
          <Button
            icon="close"
            label={t("window_remove", { day, from: window[0], until: window[1] })}
            quiet
            kind="ghost"
            onClick={() => put(windows.filter((_, each) => each !== at))}
          />
        </span>
      ))}
      {windows.length < MOST_WINDOWS && (
        <Button
          icon="plus"
          label={t("window_add", { day })}
          quiet
          kind="ghost"
          onClick={add}
        />
      )}
      <Wrong id={id} wrong={wrong && t("window_wrong")} />
    </div>
  );
}

/** A time of the shop's wall; `24:00`, which no browser's own field takes, ends a day. */
function Time({ path, label }: { path: Path; label: string }) {
  const form = useForm();
  const [value, wrong] = useValue(path);
  const id = idOf(form, path);
  return (
    <input
      {...tied(id, false, wrong)}
      class="set-input set-time"
      type="text"
      inputMode="numeric"
      maxLength={5}
      placeholder="09:00"
      aria-label={label}
      value={String(value ?? "")}
      onInput={(event) => form.paper.edit(path, event.currentTarget.value)}
      onBlur={(event) => {
        const time = clock(event.currentTarget.value);
        if (time !== event.currentTarget.value) form.paper.edit(path, time);
      }}
    />
  );
}

/** Returns `9`, `930` or `9:30` as the broker has times; anything else as it is. */
export function clock(written: string): string {
  const found = /^(\d{1,2})[:.]?(\d{2})?$/u.exec(written.trim());
  if (!found) return written;
  const [, hour = "", minute = "00"] = found;
  return `${hour.padStart(2, "0")}:${minute}`;
}

function Holidays() {
  const form = useForm();
  const path = ["hours", "holidays"];
  const [value] = useValue(path);
  const [, wrong] = useValue(path, true);
  const days = value as readonly Holiday[];
  const id = idOf(form, path);
  const put = (next: readonly Holiday[]) => form.paper.edit(path, next);
  return (
    <fieldset class="set-field" id={id} tabIndex={-1}>
      <legend>{t("set.hours.holidays")}</legend>
      <p class="set-help">{t("holidays_help")}</p>
      {days.map((holiday, at) => (
        <div class="set-day" key={at}>
          <Day path={[...path, at, "date"]} />
          <Windows path={[...path, at, "windows"]} day={holiday.date} />
          <Button
            icon="close"
            label={t("holiday_remove", { day: holiday.date })}
            quiet
            kind="ghost"
            onClick={() => put(days.filter((_, each) => each !== at))}
          />
        </div>
      ))}
      <Button
        icon="plus"
        label={t("holiday_add")}
        onClick={() => {
          put([...days, { date: "", windows: [] }]);
          focusSoon(`${id}.${days.length}.date`);
        }}
      />
      <Wrong id={id} wrong={wrong} />
    </fieldset>
  );
}

function Day({ path }: { path: Path }) {
  const form = useForm();
  const [value, wrong] = useValue(path);
  const id = idOf(form, path);
  return (
    <span>
      <input
        {...tied(id, false, wrong)}
        class="set-input"
        type="date"
        aria-label={t("holiday_date")}
        value={String(value ?? "")}
        onInput={(event) => form.paper.edit(path, event.currentTarget.value)}
      />
      <Wrong id={id} wrong={wrong && t("date_wrong")} />
    </span>
  );
}
