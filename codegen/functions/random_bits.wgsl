// PCG output permutation (RXS-M-XS, O'Neill 2014, HMC-CS-2014-0905) of one step of its generator.
fn pcg(x: u32) -> u32 {
  let state = x * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

// Random bits of a counter: the same for the same key, site and sample. `pcg` is a permutation, so another first or
// second word of the key gives another function of site and sample.
fn random_bits(key: vec2<u32>, site: u32, sample: u32) -> u32 {
  return pcg(key.y + pcg(sample + pcg(site + pcg(key.x))));
}
