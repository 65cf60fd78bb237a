import { expect, test } from "vitest";
import { createStopRequests } from "./stop-requests.ts";

test("the first signal stops in order", () => {
  const requests = createStopRequests();
  requests.signalled(5_000);
  expect(requests.stop.aborted).toBe(true);
  expect(requests.kill.aborted).toBe(false);
});

test("the same Ctrl-C, passed on by npm, is no second one", () => {
  const requests = createStopRequests();
  requests.signalled(5_000);
  requests.signalled(5_020);
  requests.signalled(5_900);
  expect(requests.kill.aborted).toBe(false);
});

test("a second Ctrl-C kills what does not stop", () => {
  const requests = createStopRequests();
  requests.signalled(5_000);
  requests.signalled(6_500);
  expect(requests.kill.aborted).toBe(true);
});

test("a launcher that goes while everything stops leaves it the time", () => {
  const requests = createStopRequests();
  requests.signalled(5_000);
  requests.abandoned(9_000);
  expect(requests.kill.aborted).toBe(false);
});

test("a launcher that is gone stops everything, and a signal after that may kill", () => {
  const requests = createStopRequests();
  requests.abandoned(5_000);
  expect(requests.stop.aborted).toBe(true);
  requests.signalled(7_000);
  expect(requests.kill.aborted).toBe(true);
});
