#!/usr/bin/env node
// Node 22.18 and newer run the sources as they are; on Node 20 tsx translates them on the way.
import { register } from 'tsx/esm/api';

register();
await import('../src/main.ts');
