/** Into the shop's pages: the line that goes there, who may connect, and the keys. */

import { useEffect, useState } from "preact/hooks";
import { Button } from "../../parts/bits";
import { useDesk } from "../../parts/context";
import { useStore } from "../../state/store";
import { date, t } from "../../words/words";
import { useOffice } from "../context";
import { Copied } from "../copied";
import { Setting } from "./fields";
import { RestError } from "../../wire/rest";

interface Key {
  kid: string;
  alg: string;
  created_at: number;
  /** Told once, when it was made. */
  secret?: string;
}

/** Returns the line that a shop puts into its pages. */
export function snippet(origin: string, site: string): string {
  return `<script async src="${origin}/widget.js" data-site="${site}"></script>`;
}

export function Install() {
  const site = useStore(useDesk().base.seat, (seat) => seat.site);
  return (
    <>
      <h2>{t("snippet")}</h2>
      <p class="set-help">{t("snippet_help")}</p>
      <Copied text={snippet(location.origin, site)} label={t("snippet")} />
      <Setting path={["chat", "allowed_origins"]} />
      <Keys />
    </>
  );
}

function Keys() {
  const { rest, path } = useOffice();
  const [keys, setKeys] = useState<readonly Key[]>([]);
  const [fresh, setFresh] = useState<Key>();
  const [ending, setEnding] = useState<string>();
  const [refused, setRefused] = useState<string>();
  const asked = async (what: Promise<unknown>) => {
    setRefused(undefined);
    try {
      await what;
      setKeys((await rest.get<{ keys: Key[] }>(`${path}/keys`)).keys);
    } catch (error) {
      setRefused(error instanceof RestError ? error.code : "unavailable");
    }
  };
  useEffect(() => void asked(Promise.resolve()), []);
  const add = async () => setFresh(await rest.post<Key>(`${path}/keys`, {}));
  const end = async (kid: string) => {
    await rest.delete(`${path}/keys/${encodeURIComponent(kid)}`);
    setEnding(undefined);
    if (fresh?.kid === kid) setFresh(undefined);
  };
  return (
    <section class="set-section" aria-label={t("site_keys")}>
      <h2>{t("site_keys")}</h2>
      <p class="set-help">{t("site_keys_help")}</p>
      {fresh && (
        <div class="set-secret" role="status">
          <p>{t("key_secret", { kid: fresh.kid })}</p>
          <Copied text={fresh.secret ?? ""} label={t("key_secret_label")} />
        </div>
      )}
      <ul class="set-rows">
        {keys.map((key) => (
          <li key={key.kid}>
            <code>{key.kid}</code>
            <span class="quiet">
              {key.alg} · {t("since", { when: date(key.created_at) })}
            </span>
            {ending === key.kid ? (
              <span class="set-sure">
                {t("key_sure")}
                <Button
                  label={t("key_end")}
                  kind="danger"
                  onClick={() => void asked(end(key.kid))}
                />
                <Button label={t("cancel")} onClick={() => setEnding(undefined)} />
              </span>
            ) : (
              <Button
                label={t("key_end")}
                kind="ghost"
                onClick={() => setEnding(key.kid)}
              />
            )}
          </li>
        ))}
      </ul>
      <Button icon="plus" label={t("key_add")} onClick={() => void asked(add())} />
      {refused && (
        <p class="set-wrong" role="alert">
          {t(`error_${refused}`, { code: refused })}
        </p>
      )}
    </section>
  );
}
