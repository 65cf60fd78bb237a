import path from "node:path";
import type { NextConfig } from "next";

const repositoryRoot = path.join(import.meta.dirname, "../..");

/** Headers of every response; the content security policy carries a nonce and is set per request in src/proxy.ts. */
const SECURITY_HEADERS = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
  { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), browsing-topics=()" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
];

const config: NextConfig = {
  output: "standalone",
  outputFileTracingRoot: repositoryRoot,
  turbopack: { root: repositoryRoot },
  distDir: process.env["NOVA_PORTAL_DIST"] ?? ".next",
  // Workspace packages export TypeScript sources.
  transpilePackages: ["@nova/db", "@nova/pipeline-core"],
  serverExternalPackages: ["pg"],
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  // Types are checked by `npm run check`; a first start should not pay for them twice.
  typescript: { ignoreBuildErrors: true },
  headers: () => Promise.resolve([{ source: "/(.*)", headers: SECURITY_HEADERS }]),
};

export default config;
