import { downloadLog } from "@/features/runs/server/index.ts";

interface Context {
  readonly params: Promise<{ id: string }>;
}

export async function GET(_request: Request, { params }: Context): Promise<Response> {
  return downloadLog((await params).id);
}
