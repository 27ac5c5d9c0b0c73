// 1 - e^u for u <= 0; near 0 by its series, as what is left of 1 - e^u there has lost its last bits. Never 0, so that
// its logarithm and its inverse are numbers.
fn focal_missed(u: f32) -> f32 {
  let series = -u * (1.0f + u * (0.5f + u * (1.0f / 6.0f + u * (1.0f / 24.0f + u / 120.0f))));
  return max(select(1.0f - exp(u), series, u > -0.1f), 1e-30f);
}

// -u (1 - e^u)^gamma
fn focal_term(logp: f32, gamma: f32) -> f32 {
  let u = min(logp, 0.0f);
  return -u * exp(gamma * log(focal_missed(u)));
}

fn focal_slope(logp: f32, gamma: f32) -> f32 {
  let u = min(logp, 0.0f);
  let missed = focal_missed(u);
  // u / missed tends to -1.
  let ratio = select(-1.0f, u / missed, u < -1e-20f);
  return exp(gamma * log(missed)) * (gamma * exp(u) * ratio - 1.0f);
}
