// What a process takes for itself: time in which it computes, or waits for something. Time in which it could go
// on and the machine was busy with others does not count, so that what is too slow is so on every machine.
const usage = process.threadCpuUsage.bind(process);
const loop = performance.eventLoopUtilization.bind(performance);

/** Milliseconds since some moment. */
export function clock() {
  const { user, system } = usage();
  return (user + system) / 1_000 + loop().idle;
}
