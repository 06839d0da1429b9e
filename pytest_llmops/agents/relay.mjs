// Inside of an agent's sandbox: a port on loopback that leads to the proxy's socket, and the agent.
import { spawn } from "node:child_process";
import net from "node:net";

const [port, socket, program, ...rest] = process.argv.slice(2);

const server = net.createServer({ allowHalfOpen: true }, (inside) => {
  const outside = net.connect({ path: socket, allowHalfOpen: true });
  for (const [one, other] of [[inside, outside], [outside, inside]]) {
    one.pipe(other);
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
});

server.listen(Number(port), "127.0.0.1", () => {
  const child = spawn(program, rest, { stdio: "inherit" });
  child.on("error", (error) => {
    console.error(`relay: ${error.message}`);
    process.exit(127);
  });
  child.on("exit", (code) => process.exit(code ?? 128));
});
