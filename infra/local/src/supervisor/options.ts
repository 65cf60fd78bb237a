import { z } from "zod";

const schema = z.strictObject({
  port: z.int().min(1).max(65_535),
  dataDir: z.string().startsWith("/"),
  fresh: z.boolean(),
  demo: z.boolean(),
  rate: z.enum(["quiet", "normal", "peak"]),
  source: z
    .string()
    .regex(/^postgres(ql)?:\/\//)
    .optional(),
  /** Absolute path of the portal's built server. */
  portalServer: z.string().startsWith("/"),
});

/** What the person asked for on the command line, checked by tools/start.mjs and handed over as JSON. */
export type StartOptions = z.infer<typeof schema>;

export function parseOptions(json: string | undefined): StartOptions {
  return schema.parse(JSON.parse(json ?? "null"));
}
