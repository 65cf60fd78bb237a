"use client";

import { ArrowRight, Check, KeyRound, LoaderCircle } from "lucide-react";
import { signIn } from "next-auth/react";
import { useState } from "react";
import { ROLE_WORDS } from "@/features/profile/index.ts";
import { Banner } from "@/ui/banner.tsx";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { ThemeProvider } from "@/ui/theme.tsx";
import { TooltipProvider } from "@/ui/tooltip.tsx";
import { safeTarget } from "./safe-target.ts";
import type { Persona } from "./server/choices.ts";

interface SignInPageProps {
  readonly personas: readonly Persona[];
  readonly singleSignOn: boolean;
  readonly to: string | null;
  /** Code of what went wrong at the last attempt. */
  readonly error: string | null;
  readonly nonce: string | undefined;
}

const ERROR_WORDS: Readonly<Record<string, string>> = {
  UnknownPerson: "Nobody with your e-mail address is known here. Ask the platform engineer to add you.",
  EmailUnverified: "Your sign-in provider has not confirmed your e-mail address.",
  CredentialsSignin: "This persona could not be signed in. Is the demo data in place?",
};

export function SignInPage({ personas, singleSignOn, to, error, nonce }: SignInPageProps) {
  const [pending, setPending] = useState<string | null>(null);
  const [problem, setProblem] = useState(error);
  const target = safeTarget(to);

  async function enterAs(email: string): Promise<void> {
    setPending(email);
    setProblem(null);
    const result = await signIn("demo", { email, redirect: false });
    if (result?.ok === true) window.location.assign(target);
    else {
      setPending(null);
      setProblem(result?.error ?? "Unknown");
    }
  }

  return (
    <ThemeProvider nonce={nonce}>
      <TooltipProvider>
        <main className="mx-auto flex min-h-dvh w-full max-w-4xl flex-col justify-center gap-6 px-4 py-10">
          <header>
            <Star />
            <h1 className="mt-4 text-2xl font-semibold tracking-tight">NovaRetail Data</h1>
            <p className="mt-1 text-base text-fg-muted">
              Orders, customers, payments and logs: one place, fresh within a minute, explained.
            </p>
          </header>
          {problem === null ? null : (
            <Banner tone="bad" title="Sign-in did not work">
              {ERROR_WORDS[problem] ?? "Try again; if it stays so, ask the platform engineer."}
            </Banner>
          )}
          {singleSignOn ? (
            <div>
              <Button kind="primary" onClick={() => void signIn("oidc", { callbackUrl: target })}>
                <KeyRound aria-hidden className="size-4" />
                Continue with single sign-on
              </Button>
            </div>
          ) : null}
          {personas.length === 0 && !singleSignOn ? (
            <EmptyState kind="not-started" title="Nobody can sign in yet">
              The demo people are not in the database yet. They are put there when the platform starts with its demo;
              reload once it has.
            </EmptyState>
          ) : null}
          {personas.length === 0 ? null : (
            <section aria-labelledby="personas">
              <h2 id="personas" className="text-sm font-semibold">
                Enter the demo as
              </h2>
              <ul className="mt-3 grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
                {personas.map((persona) => (
                  <li key={persona.email}>
                    <PersonaCard persona={persona} pending={pending} onChoose={() => void enterAs(persona.email)} />
                  </li>
                ))}
              </ul>
              <p className="mt-4 text-xs text-fg-subtle">
                The demo has no passwords. What each person sees is decided by their role, on the server.
              </p>
            </section>
          )}
        </main>
      </TooltipProvider>
    </ThemeProvider>
  );
}

interface PersonaCardProps {
  readonly persona: Persona;
  readonly pending: string | null;
  readonly onChoose: () => void;
}

/** The whole card is the button's hit area; the button's name is the person. */
function PersonaCard({ persona, pending, onChoose }: PersonaCardProps) {
  const words = ROLE_WORDS[persona.role];
  const initials = persona.name.split(" ").map((part) => part[0]);
  return (
    <div className="group relative flex h-full flex-col rounded-lg border border-line bg-surface p-4 transition-colors focus-within:border-accent hover:border-accent has-disabled:opacity-60">
      <div className="flex items-center gap-3">
        <span
          aria-hidden
          className="flex size-9 shrink-0 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-text"
        >
          {initials.join("")}
        </span>
        <div className="min-w-0 flex-1">
          <button
            type="button"
            onClick={onChoose}
            disabled={pending !== null}
            className="block text-left text-base font-semibold after:absolute after:inset-0 after:rounded-lg focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent"
          >
            <span className="sr-only">Sign in as </span>
            {persona.name}
          </button>
          <p className="truncate text-xs text-fg-muted">{persona.title === "" ? words.label : persona.title}</p>
        </div>
        {pending === persona.email ? (
          <LoaderCircle aria-hidden className="size-4 animate-spin text-fg-subtle" />
        ) : (
          <ArrowRight
            aria-hidden
            className="size-4 text-fg-subtle transition-transform group-hover:translate-x-0.5 group-hover:text-accent-text"
          />
        )}
      </div>
      <ul aria-label={`What ${persona.name} can do`} className="mt-3 flex flex-col gap-1.5 border-t border-line pt-3">
        {words.can.map((line) => (
          <li key={line} className="flex gap-2 text-xs text-fg-muted">
            <Check aria-hidden className="mt-0.5 size-3 shrink-0 text-ok" />
            {line}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Star() {
  return (
    <span aria-hidden className="flex size-11 items-center justify-center rounded-xl bg-accent-soft text-accent-text">
      <svg
        viewBox="0 0 24 24"
        className="size-6"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.8}
        strokeLinecap="round"
      >
        <path d="M3 14.5c3 2.2 6 2.2 9 0s6-2.2 9 0M3 19c3 2.2 6 2.2 9 0s6-2.2 9 0" />
        <path d="M12 2.6l1.5 3.9 3.9 1.5-3.9 1.5L12 13.4l-1.5-3.9L6.6 8l3.9-1.5z" fill="currentColor" stroke="none" />
      </svg>
    </span>
  );
}
