/** Images that wait in the composer: uploaded as soon as they are there. */

import { useEffect, useRef, useState } from "preact/hooks";
import {
  MOST_PER_MESSAGE,
  NotUploaded,
  type Upload,
  unfit,
  upload,
} from "../../shared/images/images";
import { has, t } from "../words/words";
import { useDesk } from "./context";
import { Icon } from "./icon";

interface Attached {
  key: string;
  name: string;
  /** What it looks like. */
  url: string;
  share: number;
  blob?: string;
}

export interface Files {
  list: readonly Attached[];
  blobs: readonly string[];
  /** Whether any is still on its way. */
  busy: boolean;
  add: (files: readonly File[]) => void;
  remove: (key: string) => void;
  clear: () => void;
}

export function useAttachments(chat: string): Files {
  const desk = useDesk();
  const [list, setList] = useState<readonly Attached[]>([]);
  const uploads = useRef(new Map<string, Upload>());
  const count = useRef(0);
  useEffect(
    () => () => {
      for (const each of uploads.current.values()) each.cancel();
    },
    [],
  );
  const change = (key: string, now: Partial<Attached>) =>
    setList((all) =>
      all.map((each) => (each.key === key ? { ...each, ...now } : each)),
    );
  const remove = (key: string) => {
    uploads.current.get(key)?.cancel();
    uploads.current.delete(key);
    setList((all) => all.filter((each) => each.key !== key));
  };
  const fail = (name: string, why: string) =>
    desk.toasts.say({ key: "upload_failed", vars: { name, why }, urgent: true });

  const begin = async (key: string, file: File) => {
    const path = `/v1/chats/${encodeURIComponent(chat)}/blobs`;
    const bearer = await desk.base.link.bearer();
    const sending = upload(path, file, bearer, (share) => change(key, { share }));
    uploads.current.set(key, sending);
    try {
      change(key, { blob: await sending.done, share: 1 });
    } catch (error) {
      const code = error instanceof NotUploaded ? error.code : "offline";
      if (code !== "abort")
        fail(file.name, t(has(`error_${code}`) ? `error_${code}` : "error", { code }));
      remove(key);
    }
  };

  const add = (files: readonly File[]) => {
    for (const file of files.slice(0, MOST_PER_MESSAGE - list.length)) {
      const bad = unfit(file);
      if (bad) {
        fail(file.name, t(bad === "size" ? "error_too_big" : "bad_image"));
        continue;
      }
      count.current += 1;
      const key = String(count.current);
      const url = URL.createObjectURL(file);
      setList((all) => [...all, { key, name: file.name, url, share: 0 }]);
      void begin(key, file);
    }
  };
  return {
    list,
    blobs: list.flatMap((each) => each.blob ?? []),
    busy: list.some((each) => each.blob === undefined),
    add,
    remove,
    clear: () => {
      uploads.current.clear();
      setList([]);
    },
  };
}

export function Attachments({ files }: { files: Files }) {
  if (files.list.length === 0) return null;
  return (
    <ul class="attached">
      {files.list.map((each) => (
        <li key={each.key}>
          <img src={each.url} alt={each.name} />
          {each.blob === undefined && (
            <progress
              value={each.share}
              max={1}
              aria-label={t("uploading", { name: each.name })}
            />
          )}
          <button
            type="button"
            aria-label={t("remove_image", { name: each.name })}
            onClick={() => files.remove(each.key)}
          >
            <Icon name="close" size={12} />
          </button>
        </li>
      ))}
    </ul>
  );
}
