import "./globals.css";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

// Every page is for one person and carries a nonce: nothing is rendered at build time.
export const dynamic = "force-dynamic";

export const metadata: Metadata = {
  title: { default: "NovaRetail Data", template: "%s · NovaRetail Data" },
  description: "The data of NovaRetail: fresh, explained, ready to query.",
};
export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#14171b" },
  ],
};

export default function RootLayout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <body>{children}</body>
    </html>
  );
}
