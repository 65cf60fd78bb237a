import { expect, type Locator, type Page } from "@playwright/test";

export type DatasetTab =
  | "Overview"
  | "Columns"
  | "Freshness"
  | "Checks"
  | "Lineage"
  | "Runs"
  | "Snapshots"
  | "Sample"
  | "SQL";

export class DatasetPage {
  readonly figures: Locator;
  readonly #page: Page;
  readonly #dataset: string;

  constructor(page: Page, dataset: string) {
    this.#page = page;
    this.#dataset = dataset;
    this.figures = page.getByRole("main").locator("dl", { hasText: "Data through" });
  }

  async open(): Promise<void> {
    await this.#page.goto(`/catalog/${this.#dataset}`);
    await this.isShown();
  }

  async isShown(): Promise<void> {
    await expect(this.#page.getByRole("heading", { name: this.#dataset, level: 1 })).toBeVisible();
  }

  async choose(tab: DatasetTab): Promise<Locator> {
    await this.#page.getByRole("tab", { name: tab }).click();
    return this.#page.getByRole("tabpanel", { name: tab });
  }

  /** The value of one of the figures at the top, like "Rows". */
  figure(label: string): Locator {
    return this.figures
      .locator("div", { has: this.#page.getByText(label, { exact: true }) })
      .locator("dd")
      .first();
  }

  /** Rows as the page says, as a number. */
  async rowCount(): Promise<number> {
    return Number((await this.figure("Rows").innerText()).replaceAll(/\D/g, ""));
  }
}
