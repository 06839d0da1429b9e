// Which descriptors programs may name: the first three, and those that they opened here. The others are
// the engine's own, and the channel.
import { limitedPromises } from "./handles.mjs";
import { hardenClass } from "./lockdown.mjs";

const load = globalThis.process.getBuiltinModule;
const opened = new Set([0, 1, 2]);
const CLASSES = ["ReadStream", "WriteStream", "FileReadStream", "FileWriteStream"];
const STREAMS = new Set(["createReadStream", "createWriteStream"]);
const EBADF = -9;

function check(fd) {
  if (typeof fd !== "number" || opened.has(fd)) return;
  throw Object.assign(new Error("EBADF: bad file descriptor"), { code: "EBADF", errno: EBADF });
}

/** Options of a stream, each read once. */
function checkedOptions(options) {
  if (typeof options !== "object" || options === null) return options;
  const copy = {};
  for (const key in options) copy[key] = options[key];
  check(copy.fd);
  return copy;
}

function noting(then) {
  return (error, fd) => {
    if (!error) opened.add(fd);
    return then(error, fd);
  };
}

function limited(name, call) {
  if (typeof call !== "function" || /^[A-Z_]/.test(name)) return call;
  const made = function (...values) {
    check(values[0]);
    if (STREAMS.has(name)) values[1] = checkedOptions(values[1]);
    const last = values.at(-1);
    if (name === "open" && typeof last === "function") values[values.length - 1] = noting(last);
    if (name === "close" || name === "closeSync") opened.delete(values[0]);
    const result = Reflect.apply(call, this, values);
    if (name === "openSync") opened.add(result);
    return result;
  };
  return Object.defineProperties(made, Object.getOwnPropertyDescriptors(call));
}

function limitedClass(Real) {
  function Stream(path, options) {
    const values = [path, checkedOptions(options)];
    return new.target ? Reflect.construct(Real, values, new.target) : Reflect.apply(Real, this, values);
  }
  Stream.prototype = Real.prototype;
  Object.defineProperty(Real.prototype, "constructor", { value: Stream });
  hardenClass(Stream);
  return Stream;
}

/** The functions of `node:fs`, before they are hardened. */
export function limitedFiles(real) {
  const copy = {};
  const classes = new Map();
  for (const key of Object.keys(real)) {
    if (key === "promises" || !CLASSES.includes(key)) {
      copy[key] = key === "promises" ? limitedPromises(real[key]) : limited(key, real[key]);
      continue;
    }
    if (!classes.has(real[key])) classes.set(real[key], limitedClass(real[key]));
    copy[key] = classes.get(real[key]);
  }
  return copy;
}

function limitHandle(target) {
  const socket = new (load("node:net").Socket)();
  socket.on("error", () => {});
  try {
    socket.connect(target);
  } catch {
    // refused: the handle is there all the same
  }
  const handle = Object.getPrototypeOf(socket._handle);
  const { open } = handle;
  handle.open = function (fd) {
    return typeof fd === "number" && opened.has(fd) ? Reflect.apply(open, this, [fd]) : EBADF;
  };
  socket.destroy();
}

let areSocketsLimited = false;

/** The same for sockets, which can be made of any pipe; before a module that has them is handed out. */
export function limitSockets() {
  if (areSocketsLimited) return;
  areSocketsLimited = true;
  limitHandle({ path: "/nowhere" });
  limitHandle({ port: 1, host: "nowhere", lookup: () => {} }); // which never gets an address
}
