// Abramowitz and Stegun 7.1.26; its error is below 1.5e-7.
fn erf(x: f32) -> f32 {
  let t = 1.0f / (1.0f + 0.3275911f * abs(x));
  let series = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
  return sign(x) * (1.0f - series * exp(-x * x));
}
