import type { Metadata } from "next";
import { headers } from "next/headers";
import { SignInPage } from "@/features/sign-in/index.ts";
import { signInChoices } from "@/features/sign-in/server/index.ts";

export const metadata: Metadata = { title: "Sign in" };

interface Props {
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const [choices, { to, error }, requestHeaders] = await Promise.all([signInChoices(), searchParams, headers()]);
  const text = (value: string | string[] | undefined): string | null => (typeof value === "string" ? value : null);
  return (
    <SignInPage {...choices} to={text(to)} error={text(error)} nonce={requestHeaders.get("x-nonce") ?? undefined} />
  );
}
