// Puts the parts together before anything is frozen: vitest's runtime, its hooks, the stand-ins.
import { RefusedError, builtin, provide } from "./builtins.mjs";
import { Host } from "./host.mjs";
import { guard, guarded, hardenClass, lockdown, override } from "./lockdown.mjs";
import { ForbiddenError } from "./namespaces.mjs";
import { Positions } from "./positions.mjs";
import { replaceProcess } from "./process.mjs";
import { PURE } from "./pure.mjs";

const BOOLEANS = new Set(["DEV", "PROD", "SSR"]);

// As vitest has it: the environment, with three flags of Vite as booleans.
function metaEnv(env) {
  return new Proxy(env, {
    get: (_, key) => (BOOLEANS.has(key) ? Boolean(env[key]) : env[key]),
    set: (_, key, value) => {
      env[key] = BOOLEANS.has(key) ? (value ? "1" : "") : value;
      return true;
    },
  });
}

/**
 * Freezes the language and makes the host.
 * @param judge the bundle of vitest's runtime
 */
export function makeHost(judge) {
  const forbidden = [];
  const forbid = (text) => {
    forbidden.push(text);
    return new ForbiddenError(text);
  };
  judge.setSafeTimers();
  const positions = new Positions();
  lockdown();
  const standIn = replaceProcess((name) => {
    const bare = String(name).replace(/^node:/, "");
    if (PURE.includes(bare)) return builtin(bare).default;
    throw forbid(`process.getBuiltinModule('${name}') is not available in the sandbox`);
  });
  Object.assign(judge.hooks, {
    override, guarded,
    harden: (fake) => {
      if (guarded(fake, "now")) return;
      guard(fake, ["now"]);
      hardenClass(fake);
    },
    // Falsification tries a matcher with other expectations before it runs as written.
    expected: (name, values, call) => host.falsifier.before(name, values, call),
    passed: () => host.falsifier.after(),
    snapshot: (text) => text,
  });
  const host = new Host(judge, metaEnv(standIn.env), { forbid, positions });
  provide({
    process: standIn,
    makeRequire: (from) => {
      const name = host.modules?.nameOf(String(from).replace(/^file:\/\//, ""));
      if (!name) throw new RefusedError(`createRequire(${from}) is not available in the sandbox`);
      return host.modules.requireOf(name);
    },
  });
  return { host, forbidden };
}
