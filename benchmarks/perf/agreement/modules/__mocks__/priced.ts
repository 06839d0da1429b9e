import { vi } from "vitest";

export const price = vi.fn(() => 7);
export const unit = "stand-in";
