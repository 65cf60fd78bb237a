// Preloaded into every Node part (`node --import`): when the supervisor is gone without having said goodbye (kill -9),
// the channel closes and the part ends as if it had been asked to.
const GRACE_MS = 10_000;

if (process.channel !== undefined) {
  process.channel.unref();
  process.once("disconnect", () => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), GRACE_MS).unref();
  });
}
