import { expect, type Locator, type Page } from "@playwright/test";

export class CatalogPage {
  readonly datasets: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.datasets = page.getByRole("table", { name: "Datasets" });
  }

  async open(): Promise<void> {
    await this.#page.goto("/catalog");
    await expect(this.#page.getByRole("heading", { name: "Catalog", level: 1 })).toBeVisible();
  }

  async search(text: string): Promise<void> {
    await this.#page.getByRole("searchbox", { name: "Search names, columns, descriptions" }).fill(text);
  }

  row(dataset: string): Locator {
    return this.datasets.getByRole("row").filter({ has: this.#page.getByRole("link", { name: dataset, exact: true }) });
  }

  async openDataset(dataset: string): Promise<void> {
    await this.datasets.getByRole("link", { name: dataset, exact: true }).click();
    await expect(this.#page.getByRole("heading", { name: dataset, level: 1 })).toBeVisible();
  }
}
