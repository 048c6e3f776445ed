/** What the figures say, `#/reports`: small plots, one question each. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button, Empty } from "../parts/bits";
import { useDesk } from "../parts/context";
import { spanned } from "../settings/form/spans";
import { HOME } from "../state/route";
import { useStore } from "../state/store";
import { saved } from "../wire/saved";
import { date, t } from "../words/words";
import {
  type CheckInRow,
  type Scoped,
  type SlaRow,
  type VolumeRow,
  type WaitRow,
  byDay,
  byHour,
  of,
} from "./figures";
import { Columns, Shares } from "./plots";
import "./reports.css";

const NAMES = ["waiting", "checkins", "sla", "volume"] as const;
const SPANS = [1, 7, 30, 90] as const;
const DAY = 86_400_000;
/** Agents in a plot: the busiest; the table to take along has all of them. */
const MOST = 8;

interface Report<R> {
  from: number;
  to: number;
  zone: string;
  rows: readonly R[];
}

interface Read {
  waiting: Report<WaitRow>;
  checkins: Report<CheckInRow>;
  sla: Report<SlaRow>;
  volume: Report<VolumeRow>;
}

export function Reports() {
  const desk = useDesk();
  const admin = useStore(desk.base.seat, (seat) => seat.role === "admin");
  if (admin) return <Figures />;
  return (
    <Empty icon="chart" title={t("reports")} next={t("admins_only")}>
      <Button label={t("to_inbox")} onClick={() => desk.show(HOME)} />
    </Empty>
  );
}

function Figures() {
  const { base } = useDesk();
  const site = useStore(base.seat, (seat) => seat.site);
  const [days, setDays] = useState<number>(7);
  const [read, setRead] = useState<Read>();
  const [failed, setFailed] = useState(false);
  const where = `/v1/sites/${encodeURIComponent(site)}/reports`;
  const load = async () => {
    setFailed(false);
    const to = base.now();
    const span = `?from=${to - days * DAY}&to=${to}`;
    try {
      const answers = await Promise.all(
        NAMES.map(async (name) => [
          name,
          await base.rest.get(`${where}/${name}${span}`),
        ]),
      );
      setRead(Object.fromEntries(answers) as Read);
    } catch {
      setFailed(true);
    }
  };
  useEffect(() => void load(), [days]);
  const shown = read && { ...read, where };
  return (
    <div class="rep">
      <header class="rep-head">
        <h1>{t("reports")}</h1>
        <fieldset class="segments" aria-label={t("rep_span")}>
          {SPANS.map((span) => (
            <label key={span}>
              <input
                type="radio"
                name="span"
                checked={span === days}
                onChange={() => setDays(span)}
              />
              <span>{t("rep_last", { n: span })}</span>
            </label>
          ))}
        </fieldset>
        {read && (
          <p class="quiet">
            {t("rep_from", {
              from: date(read.volume.from),
              to: date(read.volume.to),
              zone: read.volume.zone,
            })}
          </p>
        )}
      </header>
      {failed && (
        <div role="alert">
          <p>{t("rep_failed")}</p>
          <Button label={t("again")} onClick={() => void load()} />
        </div>
      )}
      {!read && !failed && <p role="status">{t("loading")}</p>}
      {shown && !failed && (
        <div class="rep-grid">
          <Waiting {...shown} />
          <Kept {...shown} />
          <Promises {...shown} />
          <Hours {...shown} />
          <Days {...shown} />
          <Agents {...shown} />
        </div>
      )}
    </div>
  );
}

type Shown = Read & { where: string };

/** One question, its answer, and the table to take along. */
function Question(props: {
  name: string;
  csv: (typeof NAMES)[number];
  shown: Shown;
  empty: boolean;
  children: ComponentChildren;
}) {
  const { name, csv, shown, empty, children } = props;
  const desk = useDesk();
  const save = async () => {
    const { from, to } = shown[csv];
    try {
      const path = `${shown.where}/${csv}/csv?from=${from}&to=${to}`;
      saved(await desk.base.rest.file(path), `${csv}.csv`);
    } catch {
      desk.toasts.say({ key: "error_unavailable", urgent: true });
    }
  };
  return (
    <section class="rep-card" aria-labelledby={`rep-${name}`}>
      <header>
        <h2 id={`rep-${name}`}>{t(`rep_${name}`)}</h2>
        <button
          type="button"
          class="button ghost"
          aria-label={t("rep_csv", { what: t(`rep_${name}`) })}
          onClick={() => void save()}
        >
          CSV
        </button>
      </header>
      {empty ? <p class="quiet">{t(`rep_${name}_none`)}</p> : children}
    </section>
  );
}

/** Returns what rows are called: the agent, or nobody. */
function useNames(): (row: Scoped) => string {
  const { base } = useDesk();
  return (row) => (row.who === null ? t("rep_nobody") : base.name(row.who));
}

function Big({ value, what }: { value: string; what: string }) {
  return (
    <p class="rep-big">
      <strong>{value}</strong> <span>{what}</span>
    </p>
  );
}

function seconds(value: number | null): string {
  if (value === null) return "–";
  return value < 1 ? `< 1 ${t("unit_s")}` : spanned(value);
}

function percent(value: number | null): string {
  return value === null ? "–" : `${Math.round(value)} %`;
}

function Waiting(shown: Shown) {
  const nameOf = useNames();
  const first = shown.waiting.rows.filter((row) => row.answer === "first");
  const [total] = of(first, "total");
  const agents = of(first, "agent", (row) => row.answered).filter(
    (row) => row.answered,
  );
  const most = Math.max(...agents.map((row) => row.p90_s ?? 0), 1);
  return (
    <Question name="waiting" csv="waiting" shown={shown} empty={!total?.answered}>
      <div class="rep-bigs">
        <Big value={seconds(total?.p50_s ?? null)} what={t("rep_half")} />
        <Big value={seconds(total?.p90_s ?? null)} what={t("rep_nine")} />
        <Big value={seconds(total?.max_s ?? null)} what={t("rep_longest")} />
      </div>
      <p class="quiet">{t("rep_unanswered", { n: total?.unanswered ?? 0 })}</p>
      <Shares
        name={t("rep_waiting_agents")}
        shares={agents.slice(0, MOST).map((row) => ({
          label: nameOf(row),
          share: (row.p90_s ?? 0) / most,
          said: seconds(row.p90_s),
        }))}
      />
    </Question>
  );
}

function Kept(shown: Shown) {
  const nameOf = useNames();
  const { rows } = shown.checkins;
  const [total] = of(rows, "total");
  const agents = of(rows, "agent", (row) => row.holds).slice(0, MOST);
  return (
    <Question name="kept" csv="checkins" shown={shown} empty={!total?.holds}>
      <div class="rep-bigs">
        <Big value={percent(total?.in_time_pct ?? null)} what={t("rep_in_time")} />
        <Big value={String(total?.missed ?? 0)} what={t("rep_missed")} />
        <Big value={seconds(total?.worst_gap_s ?? null)} what={t("rep_silence")} />
      </div>
      <Shares
        name={t("rep_kept")}
        shares={agents.map((row) => ({
          label: nameOf(row),
          share: (row.in_time_pct ?? 0) / 100,
          said: `${row.in_time} / ${row.holds}`,
          bad: row.missed > 0,
        }))}
      />
    </Question>
  );
}

function Promises(shown: Shown) {
  const rows = of(shown.sla.rows, "total");
  return (
    <Question name="promises" csv="sla" shown={shown} empty={rows.length === 0}>
      <Shares
        name={t("rep_promises")}
        shares={rows.map((row) => ({
          label: `${row.policy}: ${t(`rep_${row.measure}`)}`,
          share: (row.met_pct ?? 0) / 100,
          said: `${percent(row.met_pct)} (${row.met} / ${row.total})`,
          bad: row.met < row.total,
        }))}
      />
    </Question>
  );
}

function Hours(shown: Shown) {
  const bars = byHour(shown.volume.rows);
  const empty = bars.every((bar) => bar.value === 0);
  return (
    <Question name="hours" csv="volume" shown={shown} empty={empty}>
      <Columns bars={bars} name={t("rep_hours_name", { zone: shown.volume.zone })} />
    </Question>
  );
}

function Days(shown: Shown) {
  const { rows, from, to, zone } = shown.volume;
  const bars = byDay(rows, from, to, zone);
  const empty = bars.every((bar) => bar.value === 0);
  const short = bars.map((bar) => ({ ...bar, label: bar.label.slice(5) }));
  return (
    <Question name="days" csv="volume" shown={shown} empty={empty}>
      <Columns bars={short} name={t("rep_days_name")} />
    </Question>
  );
}

function Agents(shown: Shown) {
  const nameOf = useNames();
  const any = shown.waiting.rows.filter((row) => row.answer === "any");
  const agents = of(any, "agent", (row) => row.answered);
  const kept = new Map(of(shown.checkins.rows, "agent").map((row) => [row.who, row]));
  return (
    <Question name="agents" csv="waiting" shown={shown} empty={agents.length === 0}>
      <div class="rep-table" tabIndex={0} role="region" aria-labelledby="rep-agents">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("agent_name")}</th>
              <th scope="col">{t("rep_answered")}</th>
              <th scope="col">{t("rep_half")}</th>
              <th scope="col">{t("rep_in_time")}</th>
            </tr>
          </thead>
          <tbody>
            {agents.map((row) => (
              <tr key={row.who}>
                <th scope="row">{nameOf(row)}</th>
                <td>{row.answered}</td>
                <td>{seconds(row.p50_s)}</td>
                <td>{percent(kept.get(row.who)?.in_time_pct ?? null)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Question>
  );
}
