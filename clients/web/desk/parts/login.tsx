/** Signing in: what is wrong, what was kept, what to try. */

import { useEffect, useState } from "preact/hooks";
import { Rest, RestError } from "../wire/rest";
import { t } from "../words/words";
import { Icon } from "./icon";

interface Props {
  /** Why one is here again, as a key of the catalogue. */
  why: string | undefined;
  onToken: (token: string) => void;
}

export function Login({ why, onToken }: Props) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string>();
  useEffect(() => {
    // Who waits is nobody's business who is not signed in.
    document.title = "Shopwire";
  }, []);
  const signIn = async () => {
    setBusy(true);
    setWrong(undefined);
    try {
      const rest = new Rest(() => undefined);
      const answer = await rest.post<{ token: string }>("/v1/login", {
        email,
        password,
      });
      onToken(answer.token);
    } catch (error) {
      setWrong(reasonOf(error));
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void signIn();
        }}
      >
        <span class="mark large" aria-hidden="true">
          <Icon name="chat" />
        </span>
        <h1>{t("sign_in_to")}</h1>
        {why && !wrong && (
          <p class="banner small" role="status">
            {t(why)}
          </p>
        )}
        <label class="field">
          <span>{t("email")}</span>
          <input
            type="email"
            name="email"
            autocomplete="username"
            required
            value={email}
            aria-invalid={wrong !== undefined}
            onInput={(event) => setEmail(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{t("password")}</span>
          <input
            type="password"
            name="password"
            autocomplete="current-password"
            required
            value={password}
            aria-invalid={wrong !== undefined}
            aria-describedby={wrong ? "wrong" : undefined}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        {wrong && (
          <p class="field-error" role="alert" id="wrong">
            {wrong}
          </p>
        )}
        <button type="submit" class="button primary" aria-disabled={busy}>
          {t(busy ? "signing_in" : "sign_in")}
        </button>
      </form>
    </main>
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof RestError)) return t("sign_in_failed");
  switch (error.code) {
    case "auth_failed":
      return t("sign_in_wrong");
    case "rate_limited":
      return t("sign_in_often", { n: Math.ceil((error.retryMs ?? 1000) / 1000) });
    case "offline":
      return t("sign_in_offline");
    default:
      return t("sign_in_failed");
  }
}
