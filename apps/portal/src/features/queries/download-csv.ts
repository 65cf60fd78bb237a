"use client";

import { toast } from "sonner";
import { paths } from "@/features/navigation/index.ts";

/** Fetches the CSV and hands it to the browser; what goes wrong is told in the server's words. */
export async function saveCsv(id: string): Promise<void> {
  const response = await fetch(`${paths.query}/${id}/csv`).catch(() => null);
  if (response === null) {
    toast.error("The CSV could not be fetched", { description: "The portal does not answer. Try again in a moment." });
    return;
  }
  if (!response.ok) {
    toast.error("The CSV could not be made", { description: await response.text() });
    return;
  }
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `query-${id}.csv`;
  link.click();
  URL.revokeObjectURL(address);
}
