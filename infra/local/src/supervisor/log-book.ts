import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { renderLine } from "./log-lines.ts";

const LARGEST_FILE = 10 * 1024 * 1024;
const KEPT_FILES = 3;
const TAIL_LINES = 20;

export interface LogBook {
  /** One line of a part: to the terminal with its prefix, and as it is to `logs/<part>.log`. */
  write(part: string, line: string): void;
  /** The last lines of a part, for a message about its trouble. */
  tail(part: string): readonly string[];
  close(): Promise<void>;
}

interface Book {
  stream: WriteStream;
  size: number;
  readonly tail: string[];
  readonly colour: number;
}

/** Opens the logs of a run in `folder`. `print` gets the terminal's lines. */
export function openLogBook(folder: string, print: (line: string) => void, coloured: boolean): LogBook {
  mkdirSync(folder, { recursive: true });
  const books = new Map<string, Book>();

  const bookOf = (part: string): Book => {
    const known = books.get(part);
    if (known !== undefined) return known;
    const path = join(folder, `${part}.log`);
    const size = existsSync(path) ? statSync(path).size : 0;
    const made = { stream: createWriteStream(path, { flags: "a" }), size, tail: [], colour: books.size };
    books.set(part, made);
    return made;
  };

  return {
    write(part, line) {
      const book = bookOf(part);
      if (book.size > LARGEST_FILE) {
        book.stream.end();
        rotate(join(folder, `${part}.log`));
        book.stream = createWriteStream(join(folder, `${part}.log`), { flags: "a" });
        book.size = 0;
      }
      book.size += Buffer.byteLength(line) + 1;
      book.stream.write(`${line}\n`);
      book.tail.push(line);
      if (book.tail.length > TAIL_LINES) book.tail.shift();
      print(renderLine(part, line, coloured ? book.colour : undefined));
    },
    tail: (part) => books.get(part)?.tail ?? [],
    async close() {
      await Promise.all(
        [...books.values()].map(({ stream }) => new Promise<void>((resolve) => stream.end(() => resolve()))),
      );
    },
  };
}

function rotate(path: string): void {
  for (let age = KEPT_FILES - 1; age >= 0; age -= 1) {
    const from = age === 0 ? path : `${path}.${age}`;
    if (existsSync(from)) renameSync(from, `${path}.${age + 1}`);
  }
}
