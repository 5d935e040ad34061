#!/usr/bin/env node
// CommonJS (see package.json beside it): Node's loader for ES modules costs a fifth of a bare start.
require('../dist/main.cjs');
