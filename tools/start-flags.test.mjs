import { describe, expect, it } from "vitest";
import { ROOT } from "./root.mjs";
import { readStartFlags } from "./start-flags.mjs";

const read = (argv, env = {}) => readStartFlags(argv, env, "/tmp");

describe("the flags of npm start", () => {
  it("has a default for everything", () => {
    expect(read([])).toEqual({ port: 3000, dataDir: `${ROOT}/.nova`, fresh: false, demo: true, rate: "normal" });
  });

  it("takes every flag", () => {
    const argv = [
      "--port",
      "3100",
      "--data-dir",
      "nova",
      "--fresh",
      "--rate",
      "peak",
      "--source",
      "postgres://me@db.example/shop",
    ];
    expect(read(argv)).toEqual({
      port: 3100,
      dataDir: "/tmp/nova",
      fresh: true,
      demo: true,
      rate: "peak",
      source: "postgres://me@db.example/shop",
    });
  });

  it.each([
    [["--port", "0"], "--port 0 is no port: give a number from 1 to 65535"],
    [["--port", "3e3"], "--port 3e3 is no port: give a number from 1 to 65535"],
    [["--rate", "fast"], "--rate fast is unknown: choose quiet, normal, peak"],
    [
      ["--no-demo", "--rate", "peak"],
      "--rate sets the traffic of the demo sources and --no-demo leaves them out: give one of the two",
    ],
    [["3100"], "unexpected argument 3100: flags go after --, as in npm start -- --port 3100"],
    [
      ["--data-dir", "/nowhere/at/all"],
      "--data-dir /nowhere/at/all: the folder /nowhere/at does not exist, make it first",
    ],
    [["--source", "shop"], "--source is not an address: give postgres://user:password@host:5432/database"],
    [["--source", "mysql://h/d"], "--source starts with mysql://: give postgres://user:password@host:5432/database"],
    [["--source", "postgres://h"], "--source names no database: give postgres://user:password@host:5432/database"],
  ])("refuses %j in one line with the fix", (argv, message) => {
    expect(() => read(argv)).toThrow(message);
  });

  it("checks DATABASE_URL and never repeats it: it may hold a password", () => {
    expect(() => read([], { DATABASE_URL: "hunter2" })).toThrow(/^DATABASE_URL is not an address: give postgres:/);
  });

  it("notices a flag that npm kept for itself", () => {
    expect(() => read([], { npm_lifecycle_event: "start", npm_config_fresh: "true" })).toThrow("npm start -- --fresh");
  });
});
