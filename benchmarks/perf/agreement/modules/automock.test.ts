import { expect, it, vi } from "vitest";
import main, { config, price } from "./dep";
import { Client } from "./service";
vi.mock("./dep");
vi.mock("./service", { spy: true });
it("functions give undefined", () => { expect(price()).toBeUndefined(); expect(main()).toBeUndefined(); });
it("they can be told what to give", () => { vi.mocked(price).mockReturnValue(9); expect(price()).toBe(9); });
it("values stay, arrays are emptied", () => { expect(config.rate).toBe(2); expect(config.list).toEqual([]); expect(config.nested.call()).toBeUndefined(); });
it("a spy calls through", () => { expect(Client.make().get()).toBe("real"); expect(Client.make).toHaveBeenCalledOnce(); });
