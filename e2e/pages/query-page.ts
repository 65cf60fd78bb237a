import { expect, type Locator, type Page } from "@playwright/test";

export class QueryPage {
  readonly result: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.result = page.getByRole("grid", { name: "Result" });
  }

  async open(): Promise<void> {
    await this.#page.goto("/query");
    await this.isShown();
  }

  async isShown(): Promise<void> {
    await expect(this.#page.getByRole("heading", { name: "Query", level: 1 })).toBeVisible();
    await expect(this.editor).toBeVisible();
  }

  get editor(): Locator {
    return this.#page.getByRole("textbox", { name: "SQL" });
  }

  /** The head of a column of the result. */
  column(name: string): Locator {
    return this.result.getByRole("columnheader", { name: new RegExp(`\\b${name}\\b`) });
  }

  async run(): Promise<void> {
    await this.#page.getByRole("button", { name: /^Run ⌘/ }).click();
  }

  async ask(sql: string): Promise<void> {
    await this.editor.fill(sql);
    await this.run();
  }

  /** The refusal of the statement in the editor. */
  get refusal(): Locator {
    return this.#page.getByRole("region", { name: "Result" }).getByRole("alert");
  }

  /** Downloads the result as CSV and returns its text. */
  async downloadCsv(): Promise<string> {
    const [download] = await Promise.all([
      this.#page.waitForEvent("download"),
      this.#page.getByRole("button", { name: "CSV" }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString("utf8");
  }
}
