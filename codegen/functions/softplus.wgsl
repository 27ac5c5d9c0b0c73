// log(1 + exp(x)) = max(x, 0) + log1p(u), u = exp(-|x|). log loses what is small beside 1, so with
// s = u / (2 + u) <= 1/3: log1p(u) = 2 artanh(s), by its series up to s^15 (error below 2e-9).
fn softplus(x: f32) -> f32 {
  let u = exp(-abs(x));
  let s = u / (2.0f + u);
  let q = s * s;
  let series = 1.0f + q * (1.0f / 3.0f + q * (0.2f + q * (1.0f / 7.0f + q * (1.0f / 9.0f +
    q * (1.0f / 11.0f + q * (1.0f / 13.0f + q * (1.0f / 15.0f)))))));
  return max(x, 0.0f) + 2.0f * s * series;
}
