/**
 * What tells an agent who looks elsewhere: the tab's title and icon, notices of the
 * browser and a sound, the last two only if asked for.
 */

import { chip, mostUrgent } from "../state/wait";
import type { Ticket } from "../state/ticket";
import { t } from "../words/words";
import type { Desk } from "./desk";

/** At most one sound in this time, however many write. */
const QUIET_MS = 3000;

export class Alerts {
  private soundAt = 0;
  private audio: AudioContext | undefined;
  private drawn = "";
  private iconUrl: string | undefined;

  constructor(private readonly desk: Desk) {
    const { base, listing } = desk;
    base.clock.watch(() => this.show());
    listing.badge.watch(() => this.show());
    listing.watch((row, old) => this.changed(row, old));
    base.listen((heard) => {
      if (heard.type === "push" && heard.kind === "checkin") {
        const missed = heard.push["state"] === "missed";
        this.tell(String(heard.push["chat"]), missed ? "alert_missed" : "alert_due");
      }
      if (heard.type === "push" && heard.kind === "transfer_offer") {
        this.tell(String(heard.push["chat"]), "alert_offer");
      }
    });
    this.show();
  }

  /** Sets title and icon: how many wait with a dot, and who waits most. */
  private show(): void {
    const { base, listing } = this.desk;
    const badge = listing.badge.get();
    const found = mostUrgent(
      listing.rows,
      base.me,
      base.shop.check_in,
      base.clock.get(),
    );
    const parts = [
      badge > 0 ? `(${badge})` : "",
      found ? `${chip(found.wait)} ${found.row.name}` : "",
      found ? "·" : "",
      base.shop.name || "Shopwire",
    ];
    const title = parts.filter(Boolean).join(" ");
    if (document.title !== title) document.title = title;
    this.icon(badge, found?.wait.urgency ?? "calm");
  }

  private icon(badge: number, urgency: string): void {
    const wanted = `${Math.min(badge, 10)} ${badge > 0 ? urgency : ""}`;
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 32;
    const pen = canvas.getContext("2d");
    if (!pen) return;
    draw(pen, badge, urgency);
    canvas.toBlob((image) => {
      if (!image) return;
      let link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
      if (!link) {
        link = document.createElement("link");
        link.rel = "icon";
        document.head.append(link);
      }
      if (this.iconUrl) URL.revokeObjectURL(this.iconUrl);
      link.href = this.iconUrl = URL.createObjectURL(image);
    });
  }

  private changed(row: Ticket, old: Ticket | undefined): void {
    const mine = row.assignee === null || row.assignee === this.desk.base.me;
    const isNews = row.unread && (!old?.unread || old.preview !== row.preview);
    const looking = !document.hidden && document.hasFocus();
    if (!mine || !isNews || (looking && this.desk.talking.chat === row.chat)) return;
    this.beep();
    if (!looking) this.notify(row.chat, row.name, row.preview);
  }

  private tell(chat: string, key: string): void {
    if (!document.hidden && document.hasFocus() && this.desk.talking.chat === chat)
      return;
    this.beep();
    const name = this.desk.listing.row(chat)?.name ?? "";
    if (document.hidden || !document.hasFocus())
      this.notify(chat, t(key, { name }), "");
  }

  private notify(chat: string, title: string, body: string): void {
    if (!this.desk.prefs.get().notify || !("Notification" in window)) return;
    if (Notification.permission !== "granted") return;
    // One for each chat: the newest replaces the one before.
    const notice = new Notification(title, { body, tag: chat });
    notice.addEventListener("click", () => {
      window.focus();
      this.desk.open(chat);
      notice.close();
    });
  }

  private beep(): void {
    if (!this.desk.prefs.get().sound || Date.now() - this.soundAt < QUIET_MS) return;
    this.soundAt = Date.now();
    this.audio ??= new AudioContext();
    void play(this.audio);
  }
}

/** Plays two soft tones. */
async function play(audio: AudioContext): Promise<void> {
  await audio.resume();
  for (const [pitch, after] of [
    [660, 0],
    [880, 0.12],
  ] as const) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const begin = audio.currentTime + after;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(0.08, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + 0.25);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.3);
  }
}

const COLOURS: Record<string, string> = {
  calm: "#3457d5",
  due: "#9a5b00",
  overdue: "#c0262d",
};

/** Draws a bubble, with the number that waits in it. */
function draw(pen: CanvasRenderingContext2D, badge: number, urgency: string): void {
  pen.fillStyle = COLOURS[badge > 0 ? urgency : "calm"] ?? "#3457d5";
  pen.beginPath();
  pen.roundRect(1, 2, 30, 23, 8);
  pen.moveTo(8, 22);
  pen.lineTo(8, 31);
  pen.lineTo(17, 24);
  pen.fill();
  pen.fillStyle = "#fff";
  if (badge === 0) {
    for (const x of [10, 16, 22]) {
      pen.beginPath();
      pen.arc(x, 13.5, 2, 0, 7);
      pen.fill();
    }
    return;
  }
  pen.font = "bold 17px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(badge > 9 ? "9+" : String(badge), 16, 14.5);
}
