// npm may be killed without a word to what it started. A launch under npm ends when its npm is gone.
import { commandOf, parentOf } from "./processes.mjs";

const WATCH_EVERY_MS = 500;

/**
 * Calls `onGone` once when the npm that started us, our parent or the parent of the shell between us, is gone. Started
 * by hand (node tools/start.mjs, nohup) nobody stands above us whose end would mean anything. Returns how to stop watching.
 */
export function watchLauncherOf(onGone) {
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  const npm = [parent, grandparent].find((pid) => pid > 1 && /^npm\b|\/npm(-cli\.js)?\b/.test(commandOf(pid)));
  if (process.env.npm_lifecycle_event === undefined || npm === undefined) return () => undefined;
  const isThere =
    npm === parent ? () => process.ppid === npm : () => process.ppid === parent && parentOf(parent) === npm;
  const timer = setInterval(() => {
    if (isThere()) return;
    clearInterval(timer);
    onGone();
  }, WATCH_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
