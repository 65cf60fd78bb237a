/** A refusal as Stripe's API words it: an HTTP status and `{ error: { type, message, … } }`. */
export class StripeFault extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | undefined;
  readonly param: string | undefined;

  constructor(status: number, type: string, message: string, extra: { code?: string; param?: string } = {}) {
    super(message);
    this.name = "StripeFault";
    this.status = status;
    this.type = type;
    this.code = extra.code;
    this.param = extra.param;
  }

  body(): object {
    return {
      error: {
        ...(this.code === undefined ? {} : { code: this.code }),
        message: this.message,
        ...(this.param === undefined ? {} : { param: this.param }),
        type: this.type,
      },
    };
  }
}

export const missing = (what: string, id: string): StripeFault =>
  new StripeFault(404, "invalid_request_error", `No such ${what}: '${id}'`, { code: "resource_missing", param: "id" });

export const invalid = (param: string, message: string, code = "parameter_invalid"): StripeFault =>
  new StripeFault(400, "invalid_request_error", message, { code, param });
