// Confines what runs code of a job: every process that vitest forks, whatever its configuration says.
import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

const PATIENT = new URL("patient.mjs", import.meta.url).href;
const STARVED = /^(?:FATAL ERROR: .* (?:JavaScript heap|process) out of memory|(?:# )?Fatal (?:JavaScript |process )?out of memory: )/m;

/**
 * Lets forks read what the cage shows, write one folder, and start and load nothing; to be called before vitest loads.
 *
 * @param memory bytes of heap of each
 * @param folder the one that they may write
 */
export function confineForks(memory, folder) {
  const flags = [
    "--permission", "--allow-fs-read=*", `--allow-fs-write=${folder}`, `--max-old-space-size=${Math.max(16, memory / 2 ** 20)}`,
    "--no-addons", "--disable-sigusr1", "--no-warnings", "--import", PATIENT,
  ];
  const { fork } = childProcess;
  childProcess.fork = (file, args, options) => {
    const [given, more] = Array.isArray(args) ? [args, options] : [[], args];
    const others = (more?.execArgv ?? []).filter((flag) => !/^--(?:no-)?(?:allow|permission|addons|max-old)/.test(flag));
    return fork(file, given, { ...more, execArgv: [...others, ...flags] });
  };
  syncBuiltinESMExports();
}

/** Watches for what the engine of a fork says when memory runs out; gives what tells whether it did. */
export function watchMemory() {
  let starved = false;
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text, ...more) => {
    starved ||= STARVED.test(String(text));
    return write(text, ...more);
  };
  return () => starved;
}
