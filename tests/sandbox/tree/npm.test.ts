import { z } from 'zod';
import { it } from 'vitest';
it('x', () => { z; });
