import fc from 'fast-check';

// Properties draw from a new seed at each run, so that they go on searching. Where a change is judged they draw from a
// given one: what fails there then fails because of the change.
const seed = process.env.PROPERTY_SEED;
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
