import { downloadCsv } from "@/features/queries/server/index.ts";

interface Context {
  readonly params: Promise<{ id: string }>;
}

export async function GET(_request: Request, { params }: Context): Promise<Response> {
  return downloadCsv((await params).id);
}
