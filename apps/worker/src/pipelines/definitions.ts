import { POOLS, readModelFiles, SOURCES, type SourceDefinition, STAGED_CONTRACTS } from "@nova/novaretail";
import { type ModelFile, type ModelProblem, parseModel, type PoolDefinition } from "@nova/pipeline-core/catalog";
import { isPlatformError } from "@nova/pipeline-core/kernel";
import type { ModelCompiler } from "@nova/pipeline-core/orchestration";

export interface Definitions {
  readonly sources: readonly SourceDefinition[];
  /** Sound models, inputs before those who read them. */
  readonly models: readonly ModelFile[];
  readonly pools: readonly PoolDefinition[];
  readonly contracts: typeof STAGED_CONTRACTS;
  readonly compiler: ModelCompiler;
  /** Models that were refused; the others go on without them. */
  readonly problems: readonly ModelProblem[];
}

/** Reads NovaRetail's definitions. A broken model is refused with file, line and fix; it never stops the others. */
export function loadDefinitions(compiler: ModelCompiler): Definitions {
  const { models: sources, unreadable } = readModelFiles();
  const problems: ModelProblem[] = [...unreadable];
  const sound: ModelFile[] = [];
  for (const source of sources) {
    const parsed = parseModel(source, POOLS);
    if ("problems" in parsed) {
      problems.push(...parsed.problems);
      continue;
    }
    try {
      compiler.check(parsed.model);
      sound.push(parsed.model);
    } catch (error) {
      if (!isPlatformError(error)) throw error;
      const { header, line, column } = error.detail as {
        readonly header?: readonly (string | number)[];
        readonly line?: number;
        readonly column?: number;
      };
      const place =
        header === undefined
          ? { line: line ?? source.sqlLine, ...(column === undefined ? {} : { column }) }
          : { line: source.lineOf(header), column: source.columnOf(header) };
      problems.push({ path: source.path, ...place, message: error.message });
    }
  }
  const { ordered, circular } = inOrder(sound);
  problems.push(
    ...circular.map((model) => ({
      path: model.path,
      line: 1,
      message: `reads itself through its inputs, or reads a model that was refused`,
    })),
  );
  return { sources: SOURCES, models: ordered, pools: POOLS, contracts: STAGED_CONTRACTS, compiler, problems };
}

/** Models after the models they read; those that can never be reached are circular or read a refused one. */
export function inOrder(models: readonly ModelFile[]): { ordered: ModelFile[]; circular: ModelFile[] } {
  const ordered: ModelFile[] = [];
  const done = new Set<string>();
  let waiting = [...models];
  for (;;) {
    const ready = waiting.filter((model) =>
      Object.keys(model.header.inputs).every((input) => input.startsWith("staged.") || done.has(input)),
    );
    if (ready.length === 0) return { ordered, circular: waiting };
    for (const model of ready) done.add(model.name);
    ordered.push(...ready);
    waiting = waiting.filter((model) => !done.has(model.name));
  }
}
