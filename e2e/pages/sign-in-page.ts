import type { Page } from "@playwright/test";

export class SignInPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async open(): Promise<void> {
    await this.#page.goto("/sign-in");
    await this.#page.getByRole("heading", { name: "NovaRetail Data" }).waitFor();
  }

  /** Signs in as one of the demo people and waits for their home page. */
  async enterAs(name: string): Promise<void> {
    await this.open();
    await this.#page.getByRole("button", { name: `Sign in as ${name}` }).click();
    await this.#page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
  }
}
