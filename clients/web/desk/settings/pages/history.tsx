/** Who has changed the settings, when, and what was different then. */

import { useEffect, useState } from "preact/hooks";
import { Button } from "../../parts/bits";
import { useDesk } from "../../parts/context";
import { dateTime, t } from "../../words/words";
import { useOffice } from "../context";
import { Diff } from "../diff";
import { type Change, changes } from "../form/changes";

interface Version {
  version: number;
  at: number;
  by: string;
}

const DOCUMENTS = ["settings", "faq", "macros", "knowledge"] as const;
const PAGE = 25;

export function History() {
  const [name, setName] = useState<string>("settings");
  return (
    <>
      <div class="tabs" role="group" aria-label={t("topic.history")}>
        {DOCUMENTS.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === name}
            onClick={() => setName(each)}
          >
            {t(each === "settings" ? "settings" : `topic.${each}`)}
          </button>
        ))}
      </div>
      <Versions key={name} name={name} />
    </>
  );
}

function Versions({ name }: { name: string }) {
  const { rest, path } = useOffice();
  const [versions, setVersions] = useState<readonly Version[]>();
  const [more, setMore] = useState(false);
  const [failed, setFailed] = useState(false);
  const read = async () => {
    setFailed(false);
    const before = versions?.at(-1)?.version;
    const since = before === undefined ? "" : `&before=${before}`;
    try {
      const answer = await rest.get<{ versions: Version[]; more: boolean }>(
        `${path}/${name}/versions?limit=${PAGE}${since}`,
      );
      setVersions([...(versions ?? []), ...answer.versions]);
      setMore(answer.more);
    } catch {
      setFailed(true);
    }
  };
  useEffect(() => void read(), []);
  if (failed) return <Button label={t("again")} onClick={() => void read()} />;
  if (!versions) return <p role="status">{t("loading")}</p>;
  if (versions.length === 0) return <p class="set-none">{t("history_none")}</p>;
  return (
    <>
      <ol class="set-history">
        {versions.map((version) => (
          <Kept key={version.version} name={name} version={version} />
        ))}
      </ol>
      {more && <Button label={t("history_more")} onClick={() => void read()} />}
    </>
  );
}

/** A version, with what it changed once somebody asks. */
function Kept({ name, version }: { name: string; version: Version }) {
  const { rest, path } = useOffice();
  const { base } = useDesk();
  const [found, setFound] = useState<readonly Change[]>();
  const look = async () => {
    const at = async (number: number): Promise<unknown> => {
      // Before the first one there was nothing but defaults.
      if (number < 1) return name === "settings" ? {} : [];
      const where = `${path}/${name}/versions/${number}`;
      return (await rest.get<{ document: unknown }>(where)).document;
    };
    try {
      const [before, after] = [
        await at(version.version - 1),
        await at(version.version),
      ];
      setFound(changes(before, after));
    } catch {
      // It stays closed, and can be asked again.
    }
  };
  const by = version.by.startsWith("agent:")
    ? base.name(version.by.slice("agent:".length))
    : t("system");
  return (
    <li>
      <details onToggle={(event) => event.currentTarget.open && !found && void look()}>
        <summary>
          <strong>{t("version_n", { n: version.version })}</strong> {by}{" "}
          <time class="when">{dateTime(version.at)}</time>
        </summary>
        {found?.length === 0 && <p class="quiet">{t("history_same")}</p>}
        {found && <Diff changes={found} />}
      </details>
    </li>
  );
}
